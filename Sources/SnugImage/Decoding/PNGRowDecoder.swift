// SPDX-License-Identifier: Apache-2.0

/// The rows of a PNG.
final class PNGRowDecoder: RowDecoder {
    private var decoder: PNGDecoder
    let width: Int
    let height: Int
    let layout: SampleLayout

    init(_ reader: ImageReader) throws {
        // 16 bits are kept up to the colour conversion, so that they are rounded once.
        let decoder = try PNGDecoder(
            source: reader.source, limits: reader.policy.decodingLimits, keeps16Bits: true,
            recoversPartialImages: reader.policy.recoversPartialImages, memoryLimit: reader.memory)
        width = decoder.width
        height = decoder.height
        layout = SampleLayout(
            decoder.channels <= 2 ? .gray : .rgb, hasAlpha: decoder.hasAlpha, isSixteenBit: decoder.bitsPerSample == 16)
        self.decoder = decoder
    }

    var iccProfile: [UInt8]? { decoder.iccProfile }

    func readRow(into row: inout MutableSpan<UInt8>) throws { try decoder.readRow(into: &row) }

    var report: DecodeReport {
        var report = DecodeReport()
        report.warnings = decoder.warnings
        report.warningCount = report.warnings.count
        report.totalRows = height
        report.isDamaged = decoder.missingRowCount > 0
        report.goodRows = report.isDamaged ? height - decoder.missingRowCount : nil
        return report
    }
}
