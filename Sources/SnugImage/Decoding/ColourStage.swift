// SPDX-License-Identifier: Apache-2.0

/// Takes decoded rows to sRGB, off their transparency where asked, and into the model that is wanted.
final class ColourStage {
    /// What comes out.
    let shape: RasterShape
    /// Bytes of a row that goes in.
    let sourceRowBytes: Int
    private let width: Int
    private let conversion: ColourConversion
    private let background: RGBColour?
    private let isPlanar: Bool
    /// Channels after conversion, before flattening.
    private let convertedChannels: Int
    private var converted: [UInt8]
    private var widened: [UInt8] = []
    private var flat: [UInt8] = []
    private var luma: [UInt8] = []
    private var cb: [UInt8] = []
    private var cr: [UInt8] = []

    init(width: Int, height: Int, conversion: ColourConversion, demand: PixelDemand) {
        self.width = width
        self.conversion = conversion
        isPlanar = demand.isPlanar
        sourceRowBytes = width * conversion.layout.bytesPerPixel
        convertedChannels = conversion.outputChannels
        let hasAlpha = convertedChannels.isMultiple(of: 2)
        background = hasAlpha ? demand.background : nil
        converted = [UInt8](repeating: 0, count: width * convertedChannels)
        // Gray on a coloured background is coloured.
        let flatChannels: Int
        if let background {
            let isGray = convertedChannels == 2 && background.red == background.green && background.red == background.blue
            flatChannels = isGray ? 1 : 3
            flat = [UInt8](repeating: 0, count: width * flatChannels)
            if convertedChannels == 2 && !isGray { widened = [UInt8](repeating: 0, count: width * 4) }
        } else {
            flatChannels = convertedChannels
        }
        if demand.isPlanar {
            precondition(!hasAlpha || background != nil, "planes have no transparency")
            shape = .planar(width: width, height: height, isGray: flatChannels == 1, subsamplesChroma: false)
            if flatChannels == 3 {
                luma = [UInt8](repeating: 0, count: width)
                cb = luma
                cr = luma
            }
        } else {
            shape = .interleaved(width: width, height: height, channels: flatChannels)
        }
    }

    /// Converts one row and passes it on.
    func send(_ row: Span<UInt8>, to sink: any RowSink) throws {
        if conversion.isIdentity && !conversion.layout.isSixteenBit {
            return try sendConverted(row, to: sink)
        }
        var target = converted.mutableSpan
        conversion.convert(row, pixelCount: width, into: &target)
        try sendConverted(converted.span, to: sink)
    }

    private func sendConverted(_ row: Span<UInt8>, to sink: any RowSink) throws {
        guard let background else { return try sendFlat(row, channels: convertedChannels, to: sink) }
        let flatChannels = flat.count / max(width, 1)
        var target = flat.mutableSpan
        if widened.isEmpty {
            RowConversion.flatten(row, channels: convertedChannels, onto: background, into: &target)
        } else {
            for x in 0..<width {
                for channel in 0..<3 { widened[x * 4 + channel] = row[x * 2] }
                widened[x * 4 + 3] = row[x * 2 + 1]
            }
            RowConversion.flatten(widened.span, channels: 4, onto: background, into: &target)
        }
        try sendFlat(flat.span, channels: flatChannels, to: sink)
    }

    private func sendFlat(_ row: Span<UInt8>, channels: Int, to sink: any RowSink) throws {
        guard isPlanar, channels == 3 else { return try sink.receive(row, plane: 0) }
        var lumaRow = luma.mutableSpan
        var cbRow = cb.mutableSpan
        var crRow = cr.mutableSpan
        RowConversion.yCbCr(of: row, channels: 3, luma: &lumaRow, cb: &cbRow, cr: &crRow)
        try sink.receive(luma.span, plane: 0)
        try sink.receive(cb.span, plane: 1)
        try sink.receive(cr.span, plane: 2)
    }
}
