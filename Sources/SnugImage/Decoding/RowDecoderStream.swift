// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// The rows of a decoder, in sRGB.
final class RowDecoderStream: ImageStream {
    let shape: RasterShape
    private let decoder: any RowDecoder
    private let stage: ColourStage
    private let warnings: [String]
    private let cancellation: CancellationFlag

    init(_ decoder: any RowDecoder, of reader: ImageReader, demand: PixelDemand) {
        let (conversion, warnings) = reader.conversion(profile: decoder.iccProfile, layout: decoder.layout)
        stage = ColourStage(width: decoder.width, height: decoder.height, conversion: conversion, demand: demand)
        shape = stage.shape
        self.decoder = decoder
        self.warnings = warnings
        cancellation = reader.cancellation
    }

    func run(into sink: any RowSink) throws {
        // Sixteen-bit samples have to begin at even addresses, which an array's storage does.
        var row = [UInt8](repeating: 0, count: stage.sourceRowBytes)
        for y in 0..<decoder.height {
            if y % 64 == 0 { try cancellation.check() }
            var span = row.mutableSpan
            try decoder.readRow(into: &span)
            try stage.send(row.span, to: sink)
        }
    }

    var report: DecodeReport {
        var report = decoder.report
        report.warnings = warnings + report.warnings
        report.warningCount += warnings.count
        return report
    }
}
