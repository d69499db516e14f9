// SPDX-License-Identifier: Apache-2.0

/// A JPEG whose pixels need their colours converted, or are wanted interleaved.
final class JPEGInterleavedStream: ImageStream {
    let shape: RasterShape
    private var decoder: JPEGDecoder
    private let stage: ColourStage
    private let warnings: [String]
    private let recoversPartialImages: Bool

    init(
        _ opened: consuming JPEGDecoder, demand: PixelDemand, conversion: ColourConversion, warnings: [String],
        recoversPartialImages: Bool
    ) throws {
        var decoder = opened
        let output: JPEGDecoder.Output =
            switch conversion.layout.model {
            case .gray: .gray
            case .rgb: .rgb
            case .cmyk, .invertedCMYK: .cmyk
            }
        try decoder.start(output: output, eighths: demand.eighths)
        stage = ColourStage(
            width: decoder.outputWidth, height: decoder.outputHeight, conversion: conversion, demand: demand)
        shape = stage.shape
        self.decoder = decoder
        self.warnings = warnings
        self.recoversPartialImages = recoversPartialImages
    }

    func run(into sink: any RowSink) throws {
        var row = [UInt8](repeating: 0, count: stage.sourceRowBytes)
        for y in 0..<shape.height {
            var span = row.mutableSpan
            try decoder.readRow(into: &span)
            try stage.send(row.span, to: sink)
            if !recoversPartialImages, y % 64 == 63, let error = decoder.report.error { throw error }
        }
        if !recoversPartialImages, let error = decoder.report.error { throw error }
    }

    var report: DecodeReport {
        var report = decoder.report
        report.warnings = warnings + report.warnings
        report.warningCount += warnings.count
        return report
    }
}
