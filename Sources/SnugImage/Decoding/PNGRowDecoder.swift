// SPDX-License-Identifier: Apache-2.0

/// The rows of a PNG; those of high dynamic range are brought to the range of sRGB.
final class PNGRowDecoder: RowDecoder {
    private var decoder: PNGDecoder
    private let toneMapping: ToneMapping?
    private var stored: [UInt8]
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
        let found = SampleLayout(
            decoder.channels <= 2 ? .gray : .rgb, hasAlpha: decoder.hasAlpha, isSixteenBit: decoder.bitsPerSample == 16)
        if case .codePoints(let colour) = reader.header.colourSpace, let curve = colour.dynamicCurve {
            toneMapping = ToneMapping(curve)
            layout = SampleLayout(found.model, hasAlpha: found.hasAlpha, isSixteenBit: true)
            stored = [UInt8](repeating: 0, count: found.bytesPerPixel * width)
        } else {
            toneMapping = nil
            layout = found
            stored = []
        }
        self.decoder = decoder
    }

    var iccProfile: [UInt8]? { decoder.iccProfile }

    func readRow(into row: inout MutableSpan<UInt8>) throws {
        guard let toneMapping else { return try decoder.readRow(into: &row) }
        // Moved out for the time of a row, so that it is never copied.
        var samples = stored
        stored = []
        defer { stored = samples }
        var target = samples.mutableSpan
        try decoder.readRow(into: &target)
        toneMapping.convert(
            samples.span, isSixteenBit: decoder.bitsPerSample == 16, channels: layout.channels,
            hasAlpha: layout.hasAlpha, into: &row)
    }

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
