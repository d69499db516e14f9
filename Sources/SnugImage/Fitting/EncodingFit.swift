// SPDX-License-Identifier: Apache-2.0

/// Fits an image by re-encoding its pixels.
struct EncodingFit {
    /// Bits for each pixel under which no JPEG of a graphic is of use at full size.
    private static let fewestBits = 0.1

    private let context: FitContext
    private var header: ImageHeader { context.header }
    private var plan: FitPlan { context.plan }
    private var policy: FitPolicy { context.policy }

    init(_ context: FitContext) { self.context = context }

    /// - Parameter notes: What was found out about the file before.
    func run(notes: [String]) throws -> FittedImage {
        var encoded = try header.format.decodesToPlanes ? fitPlanes() : fitInterleaved()
        if header.format == .jpeg, encoded.report.warningCount > 0, !policy.recoversPartialImages {
            // A codec's warning may be harmless, or all that it saw of damage: the decoder that sees every bit tells.
            _ = try SequentialSource.verify(context.source, cancellation: context.cancellation)
        }
        if policy.metadata != .strip, encoded.format == .jpeg {
            encoded.bytes = try MetadataSegments.described(encoded.bytes, width: encoded.width, height: encoded.height)
        }
        try context.source.checkUnchanged()
        var warnings = header.warnings + notes + encoded.report.notes + encoded.notes
        if policy.metadata != .strip {
            warnings += try MetadataSegments.notes(
                onLossesOf: context.source, header: header, policy: policy, in: encoded.format)
        }
        if header.isAnimated { warnings.append(frameNote) }
        return FittedImage(
            status: .fitted, content: .bytes(encoded.bytes), byteCount: encoded.bytes.count, format: encoded.format,
            width: encoded.width, height: encoded.height, quality: encoded.quality,
            scale: Double(encoded.width) / Double(max(header.uprightWidth, 1)), encodes: encoded.encodes,
            warnings: warnings, header: header)
    }

    private var frameNote: String {
        let count = header.frameCount.map { " of \($0)" } ?? ""
        return "is an animation, of which the output shows frame \(policy.page ?? 1)\(count) alone"
    }

    private func fitPlanes() throws -> Encoded {
        if plan.format == .webp {
            let supply = try context.supply(PixelDemand(isPlanar: false, eighths: plan.eighths(for: header)))
            return try WebPFit(context, isOpaque: true, isGraphic: false).lossy(supply)
        }
        if plan.format == .png {
            let eighths = plan.eighths(for: header)
            let supply = try context.supply(PixelDemand(isPlanar: false, eighths: eighths))
            return try PNGFit(context).fit(supply)
        }
        let jpeg = try encodeJPEG { eighths in
            try context.supply(
                PixelDemand(
                    isPlanar: true, eighths: eighths, halvesChroma: try ChromaDemand(context).isHalf(eighths: eighths),
                    usesLibrary: policy.strategy == .stepped))
        }
        guard context.mayChooseWebP else { return jpeg }
        let eighths = plan.eighths(for: header)
        return try betterLooking(jpeg, try context.supply(PixelDemand(isPlanar: false, eighths: eighths)))
    }

    /// A JPEG, or a WebP where there are so few bits for each pixel that it may look better.
    private func betterLooking(_ jpeg: Encoded, _ supply: PixelSupply) throws -> Encoded {
        guard context.mayChooseWebP, FitPlan.isShortOfBits(header, limits: context.limits, policy: policy),
            let webP = try context.unlessOutOfReach({
                try WebPFit(context, isOpaque: true, isGraphic: false).lossy(supply)
            })
        else { return jpeg }
        let channels = supply.shape.planes.first?.channels ?? 1
        let pixels = try supply.prepared(
            .interleaved(width: plan.width, height: plan.height, channels: channels), orientation: header.orientation)
        guard let plane = pixels.heldRaster?.planes.first else { return jpeg }
        let looks = Looks(plane, context: context)
        return try looks.difference(webP) < looks.difference(jpeg) ? webP : jpeg
    }

    private func fitInterleaved() throws -> Encoded {
        // Without alpha, or with a background to lay it on, and bound to be a JPEG: straight to planes.
        let becomesOpaque = !header.hasAlpha || policy.background != nil
        if becomesOpaque && plan.format == .jpeg {
            let supply = try context.supply(PixelDemand(isPlanar: true, background: policy.background))
            return try encodeJPEG { _ in supply }
        }
        let supply = try context.supply(PixelDemand(isPlanar: false, background: policy.background))
        let content = try PixelContent(of: supply)
        if plan.format == .webp { return try webP(supply, content: content) }
        if content.isOpaque == false {
            if plan.format == .jpeg {
                throw ImageError(
                    .invalidArgument,
                    "has transparent pixels, which a JPEG cannot hold; \(ImageError.Setting.background.remedy), or leave "
                        + "the format to auto", settings: [.background])
            }
            return try PNGFit(context).fit(supply, content: content)
        }
        if plan.format == .png { return try PNGFit(context).fit(supply, content: content) }
        if plan.format == nil {
            let (png, encodes) = try losslessPNG(supply, content: content)
            if let png { return png }
            if var graphic = try fitGraphic(supply, content: content) {
                graphic.encodes += encodes
                return graphic
            }
        }
        let planes = try planes(of: supply)
        return try betterLooking(try encodeJPEG { _ in planes }, supply)
    }

    /// A WebP, without loss where that is likely to fit.
    private func webP(_ supply: PixelSupply, content: PixelContent) throws -> Encoded {
        let fit = WebPFit(context, isOpaque: content.isOpaque, isGraphic: content.isGraphic)
        if content.isGraphic || !content.isOpaque && mayBeLosslessWebP, let lossless = try fit.lossless(supply) {
            return lossless
        }
        return try fit.lossy(supply)
    }

    /// False where the bytes of a photo's PNG say that a lossless WebP, which is dear to make, is far from the limit.
    private var mayBeLosslessWebP: Bool {
        guard header.format == .png else { return true }
        let share = Double(plan.width * plan.height) / Double(max(header.pixelCount, 1))
        // Three times what usually holds: the PNG may be badly compressed.
        return WebPFit.mayHoldWithoutLoss(
            pngBytes: Int(Double(context.source.byteCount) * min(share, 1) / 3), limit: context.byteLimit)
    }

    /// A graphic as a palette or as a JPEG, whichever looks best.
    /// - Returns: `nil` for photos, and where the pixels are not in memory.
    private func fitGraphic(_ supply: PixelSupply, content: PixelContent) throws -> Encoded? {
        let hasFewColours = header.bitsPerSample < 8
        guard policy.strategy == .best, content.isGraphic || hasFewColours,
            let graphic = try GraphicFit(
                context, supply: supply, isOpaque: true, isGraphic: content.isGraphic, options: PNGFit(context).options)
        else { return nil }
        if context.mayChooseWebP {
            let webP = WebPFit(context, isOpaque: true, isGraphic: content.isGraphic)
            return try graphic.fit(
                alternatives: [
                    graphic.nearLossless,
                    .init { _ in try context.unlessOutOfReach { try webP.lossy(supply) } },
                ])
        }
        return try graphic.fit(alternatives: [graphic.nearLossless] + jpegs(try planes(of: supply)))
    }

    /// JPEGs of the size that looks best, and of the full one where there are bits enough for each pixel.
    private func jpegs(_ planes: PixelSupply) -> [GraphicFit.Alternative] {
        func jpeg(keepsSize: Bool, chroma: ChromaEffort) throws -> Encoded? {
            var context = context
            context.policy.keepsSize = keepsSize
            return try context.unlessOutOfReach { try EncodingFit(context).encodeJPEG(chroma: chroma) { _ in planes } }
        }
        func alternative(keepsSize: Bool) -> GraphicFit.Alternative {
            .init(
                guess: { try jpeg(keepsSize: keepsSize, chroma: .guessed) }, keepsSize: keepsSize,
                output: { try jpeg(keepsSize: keepsSize, chroma: .compared($0)) })
        }
        if policy.keepsSize { return [alternative(keepsSize: true)] }
        let bits = Double(context.byteLimit) * 8 / Double(max(plan.width * plan.height, 1))
        return [alternative(keepsSize: false)] + (bits < Self.fewestBits ? [] : [alternative(keepsSize: true)])
    }

    /// An opaque image stays PNG where nothing is lost by it: at full size whenever that fits, resized when it is a graphic.
    /// - Returns: The output, where it fits, and the files made for it.
    private func losslessPNG(_ supply: PixelSupply, content: PixelContent) throws -> (output: Encoded?, encodes: Int) {
        let keepsSize = plan.width == header.uprightWidth && plan.height == header.uprightHeight
        guard keepsSize && !header.format.isMostlyLossy || content.isGraphic else { return (nil, 0) }
        // Decoded at each pass, an attempt is dear: only where the file itself says that it may succeed.
        if !context.mode.holdsPixels && !content.isGraphic && context.source.byteCount > context.byteLimit * 3 / 2 {
            return (nil, 0)
        }
        let attempt = try PNGFit(context).lossless(supply)
        if attempt.encoded == nil, context.mayChooseWebP, content.isGraphic,
            WebPFit.mayHoldWithoutLoss(pngBytes: attempt.byteCount, limit: context.byteLimit)
        {
            return (try WebPFit(context, isOpaque: true, isGraphic: true).lossless(supply), attempt.encodes)
        }
        return (attempt.encoded, attempt.encodes)
    }

    /// How the resolution of chroma is chosen where the policy leaves it open.
    private enum ChromaEffort {
        case guessed
        /// With what the guess made, where there is one.
        case compared(Encoded?)
    }

    /// - Parameter pixels: Planes, decoded at so many eighths of the size where the format allows it.
    private func encodeJPEG(
        chroma: ChromaEffort = .compared(nil), _ pixels: (Int) throws -> PixelSupply
    ) throws -> Encoded {
        let profile = policy.keepsProfile ? try context.reader.keptProfile() : nil
        let segments = try MetadataSegments.encoded(
            context.source, header: header, policy: policy, profile: profile, size: (plan.width, plan.height))
        let metadata = MetadataSegments.byteCount(segments)
        if metadata >= context.byteLimit { throw context.metadataIsTooLarge(metadata) }
        switch policy.strategy {
        case .best:
            return switch chroma {
            case .guessed: try JPEGFit(context, segments: segments).fit(pixels)
            case .compared(let first): try ChromaFit(context, segments: segments).fit(pixels, first: first)
            }
        case .stepped:
            return try SteppedFit(context, segments: segments).fit(try pixels(plan.eighths(for: header)))
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
