// SPDX-License-Identifier: Apache-2.0

/// Fits an image by encoding its pixels anew.
struct EncodingFit {
    private let context: FitContext
    private var header: ImageHeader { context.header }
    private var plan: FitPlan { context.plan }
    private var policy: FitPolicy { context.policy }

    init(_ context: FitContext) { self.context = context }

    /// - Parameter notes: What was found out about the file before.
    func run(notes: [String]) throws -> FittedImage {
        let encoded = try header.format == .jpeg ? fitJPEG() : fitPNG()
        try context.source.checkUnchanged()
        var warnings = header.warnings + notes + encoded.report.notes + encoded.notes
        if header.isAnimated { warnings.append("was animated: only the first image is left") }
        return FittedImage(
            status: .fitted, content: .bytes(encoded.bytes), byteCount: encoded.bytes.count, format: encoded.format,
            width: encoded.width, height: encoded.height, quality: encoded.quality,
            scale: Double(encoded.width) / Double(max(header.uprightWidth, 1)), encodes: encoded.encodes,
            warnings: warnings, header: header)
    }

    private func fitJPEG() throws -> Encoded {
        let eighths = plan.eighths(for: header)
        if plan.format == .png {
            let supply = try context.supply(PixelDemand(isPlanar: false, eighths: eighths))
            return try PNGFit(context).fit(supply)
        }
        return try encodeJPEG(try context.supply(PixelDemand(isPlanar: true, eighths: eighths)))
    }

    private func fitPNG() throws -> Encoded {
        // Without alpha, or with a background to lay it on, and bound to be a JPEG: straight to planes.
        let becomesOpaque = !header.hasAlpha || policy.background != nil
        if becomesOpaque && plan.format == .jpeg {
            return try encodeJPEG(
                try context.supply(PixelDemand(isPlanar: true, background: policy.background)))
        }
        let supply = try context.supply(PixelDemand(isPlanar: false, background: policy.background))
        let content = try PixelContent(of: supply)
        if content.isOpaque == false {
            if plan.format == .jpeg {
                throw ImageError(
                    .invalidArgument,
                    "has transparent pixels, which a JPEG cannot hold; give --background COLOR, or leave the format to auto"
                )
            }
            return try PNGFit(context).fit(supply)
        }
        if plan.format == .png { return try PNGFit(context).fit(supply) }
        if plan.format == nil, let png = try losslessPNG(supply, content: content) { return png }
        return try encodeJPEG(try planes(of: supply))
    }

    /// An opaque image stays PNG where nothing is lost by it: at full size whenever that fits, resized when it is a graphic.
    private func losslessPNG(_ supply: PixelSupply, content: PixelContent) throws -> Encoded? {
        let keepsSize = plan.width == header.uprightWidth && plan.height == header.uprightHeight
        guard keepsSize || content.isGraphic else { return nil }
        // Decoded at each pass, an attempt is dear: only where the file itself says that it may succeed.
        if !context.mode.holdsPixels && !content.isGraphic && context.source.byteCount > context.byteLimit * 3 / 2 {
            return nil
        }
        return try PNGFit(context).lossless(supply)
    }

    private func encodeJPEG(_ supply: PixelSupply) throws -> Encoded {
        let profile = policy.metadata == .keep ? try context.reader.keptProfile() : nil
        let segments = try MetadataSegments.encoded(context, profile: profile)
        switch policy.strategy {
        case .best:
            return try JPEGFit(context, segments: segments).fit(supply, width: plan.width, height: plan.height)
        case .stepped: return try SteppedFit(context, segments: segments).fit(supply)
        }
    }

    /// Interleaved opaque pixels as planes for a JPEG.
    private func planes(of supply: PixelSupply) throws -> PixelSupply {
        guard supply.heldRaster != nil else {
            return try context.supply(PixelDemand(isPlanar: true, background: policy.background ?? .white))
        }
        let sink = PlanarSink(supply.shape)
        try supply.send(to: sink)
        return PixelSupply(sink.raster, report: supply.report, cancellation: context.cancellation)
    }
}

/// What a look at all pixels tells about an image.
struct PixelContent {
    /// Whether every pixel is fully opaque.
    let isOpaque: Bool
    /// Large areas of one colour and few gradients: a screenshot, a chart, a drawing.
    let isGraphic: Bool

    /// Share of pixels equal to their left neighbour from which on an image counts as a graphic.
    ///
    /// Camera images have noise, and 1 to 15 % of equal neighbours; screenshots 60 to 95 %.
    private static let graphicShare = 0.4

    init(of supply: PixelSupply) throws {
        let sink = ContentSink(supply.shape)
        try supply.send(to: sink)
        isOpaque = sink.isOpaque
        isGraphic = Double(sink.equalNeighbours) >= Double(max(sink.pixels, 1)) * Self.graphicShare
    }
}

private final class ContentSink: RowSink {
    private let channels: Int
    private(set) var isOpaque = true
    private(set) var equalNeighbours = 0
    private(set) var pixels = 0
    private var rows = 0

    init(_ shape: RasterShape) { channels = shape.planes.first?.channels ?? 1 }

    func receive(_ row: Span<UInt8>, plane: Int) throws {
        if isOpaque && channels.isMultiple(of: 2) {
            var least: UInt8 = 255
            for index in stride(from: channels - 1, to: row.count, by: channels) { least = min(least, row[index]) }
            isOpaque = least == 255
        }
        // One row in four tells a graphic from a photo.
        if rows.isMultiple(of: 4) {
            var equal = 0
            for index in stride(from: channels, to: row.count - channels + 1, by: channels) {
                var same = true
                for channel in 0..<channels where row[index + channel] != row[index + channel - channels] {
                    same = false
                }
                if same { equal += 1 }
            }
            equalNeighbours += equal
            pixels += row.count / channels
        }
        rows += 1
    }
}

/// Turns opaque interleaved rows into the planes of a JPEG.
final class PlanarSink: RowSink {
    let raster: Raster
    private let channels: Int
    private var next = 0

    init(_ shape: RasterShape) {
        channels = shape.planes.first?.channels ?? 1
        raster = Raster(
            .planar(width: shape.width, height: shape.height, isGray: channels <= 2, subsamplesChroma: false))
    }

    func receive(_ row: Span<UInt8>, plane: Int) throws {
        let luma = raster.planes[0]
        var target = luma.mutableRow(next)
        switch channels {
        case 1: target.copy(from: row)
        case 2: for x in 0..<luma.width { target[x] = row[x * 2] }
        default:
            let cb = raster.planes[1]
            let cr = raster.planes[2]
            var cbRow = cb.mutableRow(next)
            var crRow = cr.mutableRow(next)
            RowConversion.yCbCr(of: row, channels: channels, luma: &target, cb: &cbRow, cr: &crRow)
        }
        next += 1
    }
}
