// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// Makes a PNG that fits: losslessly where possible, else scaled down by area ratios until it does.
struct PNGFit {
    private static let maximumEncodes = 8
    /// Share of the limit at which a scaled result is good enough.
    private static let wantedUse = 0.9
    /// An estimate this far over the limit is believed: it is within 5 % on photos, and low on screenshots.
    private static let estimateError = 1.12

    private let context: FitContext
    private let limit: Int
    private var plan: FitPlan { context.plan }

    /// - Parameter limit: Most bytes; `nil` for the limit of the fit.
    init(_ context: FitContext, limit: Int? = nil) {
        self.context = context
        self.limit = limit ?? context.byteLimit
    }

    /// - Parameters:
    ///   - supply: Interleaved pixels as stored.
    ///   - content: What they show, where that is known.
    func fit(_ supply: PixelSupply, content: PixelContent? = nil) throws -> Encoded {
        if context.policy.palette == .always { return try palette(supply, content: content) }
        let full = try attempt(supply, width: plan.width, height: plan.height)
        if let encoded = full.encoded { return encoded }
        if context.policy.strategy == .best,
            let graphic = try GraphicFit(
                context, supply: supply, isOpaque: content?.isOpaque ?? !context.header.hasAlpha,
                isGraphic: content?.isGraphic ?? false, options: options)
        {
            var alternatives: [GraphicFit.Alternative] = []
            if context.mayChooseWebP {
                let webP = WebPFit(
                    context, isOpaque: content?.isOpaque ?? false, isGraphic: content?.isGraphic ?? false)
                if WebPFit.mayHoldWithoutLoss(pngBytes: full.byteCount, limit: limit),
                    let exact = try webP.lossless(supply)
                {
                    return exact
                }
                alternatives.append(.init { _ in try context.unlessOutOfReach { try webP.lossy(supply) } })
            }
            alternatives.append(graphic.nearLossless)
            // A photo loses less by rounding and scaling together.
            if !context.policy.keepsSize, content?.isGraphic ?? false {
                var full = full
                // Counted once, below.
                full.encodes = 0
                alternatives.append(
                    .init(hope: { [full] in try firstScaled(supply, after: full) }) { [full] _ in
                        try context.unlessOutOfReach { try scaled(supply, after: full) }
                    })
            }
            if let encoded = try graphic.fit(alternatives: alternatives) {
                return finished(encoded, encodes: encoded.encodes + full.encodes)
            }
        }
        return try scaled(supply, after: full)
    }

    /// A PNG with a palette, whatever it costs in looks.
    private func palette(_ supply: PixelSupply, content: PixelContent?) throws -> Encoded {
        let (width, height) = (plan.width, plan.height)
        guard
            let graphic = try GraphicFit(
                context, supply: supply, isOpaque: content?.isOpaque ?? !context.header.hasAlpha,
                isGraphic: content?.isGraphic ?? false, options: options)
        else {
            throw ImageError(
                .memoryExceeded,
                "all pixels have to be held at once for a palette; \(ImageError.Setting.memory.remedy)",
                settings: [.memory])
        }
        if let encoded = try graphic.withPalette(limit: limit) { return encoded }
        throw context.cannotFit(
            smallest: nil, width: width, height: height,
            metadata: Self.byteCount(try options(width: width, height: height)),
            remedies: context.policy.keepsSize ? [.byteLimit, .keepsSize] : [.byteLimit])
    }

    /// The image at its planned size, without any loss.
    func lossless(_ supply: PixelSupply) throws -> Attempt {
        try attempt(supply, width: plan.width, height: plan.height)
    }

    /// The most pixels without any other loss.
    private func scaled(_ supply: PixelSupply, after full: Attempt) throws -> Encoded {
        var size = (width: plan.width, height: plan.height)
        var bytes = full.byteCount
        var best: Encoded?
        var encodes = full.encodes
        for attempt in 2...Self.maximumEncodes {
            guard !context.policy.keepsSize else {
                throw context.cannotFit(
                    smallest: try losslessBytes(supply), width: size.width, height: size.height,
                    metadata: Self.byteCount(try options(width: size.width, height: size.height)),
                    remedies: [.byteLimit, .keepsSize])
            }
            guard let next = nextSize(width: size.width, height: size.height, bytes: bytes, best: best) else { break }
            size = next
            let outcome = try self.attempt(supply, width: size.width, height: size.height)
            bytes = outcome.byteCount
            encodes += outcome.encodes
            if let encoded = outcome.encoded {
                if encoded.width > best?.width ?? 0 { best = encoded }
                if Double(bytes) >= Double(limit) * Self.wantedUse { break }
            } else if let best, attempt > 4 {
                return finished(best, encodes: encodes)
            }
        }
        guard let best else {
            let isTransparent = context.header.hasAlpha && context.policy.background == nil
            throw context.cannotFit(
                smallest: nil, width: size.width, height: size.height,
                metadata: Self.byteCount(try options(width: size.width, height: size.height)),
                remedies: isTransparent ? [.byteLimit, .background] : [.byteLimit],
                advice: isTransparent ? " so that it can become a JPEG" : ", or let it become a JPEG")
        }
        return finished(best, encodes: encodes)
    }

    /// Bytes at the planned size without any loss; `nil` where the pixels are not in memory.
    private func losslessBytes(_ supply: PixelSupply) throws -> Int? {
        let pixels = try prepared(supply, width: plan.width, height: plan.height)
        guard let plane = pixels.heldRaster?.planes.first else { return nil }
        let outcome = try PNGLosslessEncoder.attempt(
            plane, byteLimit: .max, effort: .quick, options: options(width: plan.width, height: plan.height),
            usesPalette: context.policy.palette != .never, believed: .infinity)
        guard case .fits(let bytes) = outcome, bytes.count > limit else { return nil }
        return bytes.count
    }

    /// The pixels of the first size that ``scaled(_:after:)`` tries.
    private func firstScaled(_ supply: PixelSupply, after full: Attempt) throws -> Plane? {
        guard let size = nextSize(width: plan.width, height: plan.height, bytes: full.byteCount, best: nil) else {
            return nil
        }
        return try prepared(supply, width: size.width, height: size.height).heldRaster?.planes.first
    }

    private func finished(_ best: Encoded, encodes: Int) -> Encoded {
        var result = best
        result.encodes = encodes
        return result
    }

    /// The next size to try: by the area ratio of what was measured.
    private func nextSize(width: Int, height: Int, bytes: Int, best: Encoded?) -> (width: Int, height: Int)? {
        let ratio = (Double(limit) * 0.95 / Double(max(bytes, 1))).squareRoot()
        let least = min(SteppedSearch.leastSide, plan.width, plan.height)
        var next = (
            width: min(max(Int(Double(width) * ratio), least), plan.width),
            height: min(max(Int(Double(height) * ratio), least), plan.height)
        )
        if let best, next.width <= best.width { return nil }
        if next == (width, height) {
            next = (max(width - 1, least), max(height - 1, least))
            if next == (width, height) { return nil }
        }
        return next
    }

    private func prepared(_ supply: PixelSupply, width: Int, height: Int) throws -> PixelSupply {
        let channels = supply.shape.planes.first?.channels ?? 1
        return try supply.prepared(
            .interleaved(width: width, height: height, channels: channels), orientation: context.header.orientation)
    }

    /// A result, or the reason why there is none.
    struct Attempt {
        /// Within the limit.
        var encoded: Encoded?
        /// Measured, or estimated when it is over.
        var byteCount: Int
        /// 0 where an estimate was enough.
        var encodes: Int
    }

    /// The image at a size, without any other loss.
    private func attempt(_ supply: PixelSupply, width: Int, height: Int) throws -> Attempt {
        try context.cancellation.check()
        let isFullSize = width == plan.width && height == plan.height
        let pixels = try prepared(supply, width: width, height: height)
        func encoded(_ bytes: [UInt8]) -> Attempt {
            Attempt(
                encoded: Encoded(
                    bytes: bytes, format: .png, width: width, height: height, quality: nil, encodes: 1,
                    report: pixels.report), byteCount: bytes.count, encodes: 1)
        }
        guard let plane = pixels.heldRaster?.planes.first else {
            let (bytes, byteCount) = try encodeStreaming(pixels, options: options(width: width, height: height))
            return bytes.map(encoded) ?? Attempt(encoded: nil, byteCount: byteCount, encodes: 1)
        }
        // An estimate of all rows is what a quick attempt makes.
        let believed = !isFullSize && PNGLosslessEncoder.samplesAll(of: plane) ? 1 : Self.estimateError
        let outcome = try PNGLosslessEncoder.attempt(
            plane, byteLimit: limit, effort: isFullSize ? .thorough : .quick,
            options: options(width: width, height: height), usesPalette: context.policy.palette != .never,
            believed: believed)
        switch outcome {
        case .fits(let bytes): return encoded(bytes)
        case .tooLarge(let byteCount):
            let isEstimate = Double(byteCount) > Double(limit) * believed
            return Attempt(encoded: nil, byteCount: byteCount, encodes: isEstimate ? 0 : 1)
        }
    }

    /// Row by row, where memory does not allow the whole image.
    private func encodeStreaming(_ pixels: PixelSupply, options: PNGEncoderOptions) throws -> (
        bytes: [UInt8]?, byteCount: Int
    ) {
        let sink = try PNGEncodingSink(pixels.shape, options: options, byteLimit: limit)
        try pixels.send(to: sink)
        if let bytes = try sink.finish() { return (bytes, bytes.count) }
        // Broken off: the rows that went in tell how far it would have gone.
        let share = max(sink.writtenShare, 0.001)
        return (nil, max(Int(Double(limit) / share), limit + limit / 50))
    }

    /// - Parameters:
    ///   - width: Of the output, which the metadata describes.
    func options(width: Int, height: Int) throws -> PNGEncoderOptions {
        var options = PNGEncoderOptions()
        let policy = context.policy
        guard policy.metadata != .strip else { return options }
        let metadata = try MetadataSegments.kept(
            context.source, header: context.header, policy: policy, size: (width, height))
        options.exif = metadata.exif
        options.xmp = metadata.xmp
        options.texts = metadata.texts
        options.resources = metadata.resources
        if policy.keepsProfile { options.iccProfile = try context.reader.keptProfile() }
        return options
    }

    private static func byteCount(_ options: PNGEncoderOptions) -> Int {
        let parts = [options.exif, options.xmp, options.iccProfile, options.resources].compactMap { $0?.count }
        return (parts + options.texts.map(\.text.utf8.count)).reduce(0, +)
    }
}
