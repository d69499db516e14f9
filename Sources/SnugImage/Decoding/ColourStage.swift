// SPDX-License-Identifier: Apache-2.0

/// Converts decoded rows to sRGB, flattens them where asked, and splits them into planes where needed.
final class ColourStage {
    /// The shape of the converted image.
    let shape: RasterShape
    /// Bytes of a row that goes in.
    let sourceRowBytes: Int
    private let width: Int
    private let conversion: ColourConversion
    private let background: RGBColour?
    private let isPlanar: Bool
    /// Channels after conversion, before flattening.
    private let convertedChannels: Int
    // One row each, made where the way of this image passes them.
    private let converted: Plane
    private var widened: Plane?
    private var flat: Plane?
    private var planes: [Plane] = []

    init(width: Int, height: Int, conversion: ColourConversion, demand: PixelDemand) {
        self.width = width
        self.conversion = conversion
        isPlanar = demand.isPlanar
        sourceRowBytes = width * conversion.layout.bytesPerPixel
        convertedChannels = conversion.outputChannels
        let hasAlpha = convertedChannels.isMultiple(of: 2)
        background = hasAlpha ? demand.background : nil
        converted = Plane(width: width, height: 1, channels: convertedChannels)
        // Gray on a coloured background is coloured.
        let flatChannels: Int
        if let background {
            let isGray =
                convertedChannels == 2 && background.red == background.green && background.red == background.blue
            flatChannels = isGray ? 1 : 3
            flat = Plane(width: width, height: 1, channels: flatChannels)
            if convertedChannels == 2 && !isGray { widened = Plane(width: width, height: 1, channels: 4) }
        } else {
            flatChannels = convertedChannels
        }
        if demand.isPlanar {
            precondition(!hasAlpha || background != nil, "planes have no transparency")
            shape = .planar(width: width, height: height, isGray: flatChannels == 1, subsamplesChroma: false)
            if flatChannels == 3 { planes = (0..<3).map { _ in Plane(width: width, height: 1) } }
        } else {
            shape = .interleaved(width: width, height: height, channels: flatChannels)
        }
    }

    /// Converts one row and passes it on.
    func send(_ row: Span<UInt8>, to sink: any RowSink) throws {
        if conversion.isIdentity && !conversion.layout.isSixteenBit {
            return try sendConverted(row, to: sink)
        }
        let converted = converted
        var target = converted.mutableRow(0)
        conversion.convert(row, pixelCount: width, into: &target)
        try sendConverted(converted.row(0), to: sink)
    }

    private func sendConverted(_ row: Span<UInt8>, to sink: any RowSink) throws {
        guard let background, let flat else { return try sendFlat(row, channels: convertedChannels, to: sink) }
        var target = flat.mutableRow(0)
        if let widened {
            var wide = widened.mutableRow(0)
            for x in 0..<width {
                for channel in 0..<3 { wide[x * 4 + channel] = row[x * 2] }
                wide[x * 4 + 3] = row[x * 2 + 1]
            }
            RowConversion.flatten(widened.row(0), channels: 4, onto: background, into: &target)
        } else {
            RowConversion.flatten(row, channels: convertedChannels, onto: background, into: &target)
        }
        try sendFlat(flat.row(0), channels: flat.channels, to: sink)
    }

    private func sendFlat(_ row: Span<UInt8>, channels: Int, to sink: any RowSink) throws {
        guard isPlanar, channels == 3 else { return try sink.receive(row, plane: 0) }
        let luma = planes[0]
        let cb = planes[1]
        let cr = planes[2]
        var lumaRow = luma.mutableRow(0)
        var cbRow = cb.mutableRow(0)
        var crRow = cr.mutableRow(0)
        RowConversion.yCbCr(of: row, channels: 3, luma: &lumaRow, cb: &cbRow, cr: &crRow)
        try sink.receive(luma.row(0), plane: 0)
        try sink.receive(cb.row(0), plane: 1)
        try sink.receive(cr.row(0), plane: 2)
    }
}
