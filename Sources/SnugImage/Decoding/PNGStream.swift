// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// A PNG.
final class PNGStream: ImageStream {
    let shape: RasterShape
    private var decoder: PNGDecoder
    private let stage: ColourStage
    private let warnings: [String]
    private let cancellation: CancellationFlag

    init(_ reader: ImageReader, demand: PixelDemand) throws {
        // 16 bits are kept up to the colour conversion, so that they are rounded once.
        let decoder = try PNGDecoder(
            source: reader.source, limits: reader.policy.decodingLimits, keeps16Bits: true,
            recoversPartialImages: reader.policy.recoversPartialImages, memoryLimit: reader.memory)
        let layout = SampleLayout(
            decoder.channels <= 2 ? .gray : .rgb, hasAlpha: decoder.hasAlpha, isSixteenBit: decoder.bitsPerSample == 16)
        let (conversion, warnings) = reader.conversion(profile: decoder.iccProfile, layout: layout)
        stage = ColourStage(width: decoder.width, height: decoder.height, conversion: conversion, demand: demand)
        shape = stage.shape
        self.warnings = warnings
        self.decoder = decoder
        cancellation = reader.cancellation
    }

    func run(into sink: any RowSink) throws {
        // Sixteen-bit samples have to begin at even addresses, which an array's storage does.
        var row = [UInt8](repeating: 0, count: decoder.rowByteCount)
        for y in 0..<decoder.height {
            if y % 64 == 0 { try cancellation.check() }
            var span = row.mutableSpan
            try decoder.readRow(into: &span)
            try stage.send(row.span, to: sink)
        }
    }

    var report: DecodeReport {
        var report = DecodeReport()
        report.warnings = warnings + decoder.warnings
        report.warningCount = report.warnings.count
        report.totalRows = decoder.height
        report.isDamaged = decoder.missingRowCount > 0
        report.goodRows = report.isDamaged ? decoder.height - decoder.missingRowCount : nil
        return report
    }
}
