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
    private var limit: Int { context.byteLimit }
    private var plan: FitPlan { context.plan }

    init(_ context: FitContext) { self.context = context }

    /// - Parameter supply: Interleaved pixels as stored.
    func fit(_ supply: PixelSupply) throws -> Encoded {
        let options = try options()
        var width = plan.width
        var height = plan.height
        var best: Encoded?
        // Sides over which nothing fits, for the search between the best result and them.
        var smallest = Int.max
        for attempt in 1...Self.maximumEncodes {
            let isFullSize = width == plan.width && height == plan.height
            let pixels = try prepared(supply, width: width, height: height)
            let outcome = try encode(pixels, options: options, effort: isFullSize ? .thorough : .quick)
            if let bytes = outcome.bytes {
                let result = Encoded(
                    bytes: bytes, format: .png, width: width, height: height, quality: nil, encodes: attempt,
                    report: pixels.report, notes: [])
                if width > best?.width ?? 0 { best = result }
                if isFullSize || Double(bytes.count) >= Double(limit) * Self.wantedUse { break }
            } else if let best, attempt > 4 {
                return finished(best, encodes: attempt)
            }
            smallest = min(smallest, outcome.byteCount)
            guard !context.policy.keepsSize else {
                throw context.cannotFit(
                    smallest: smallest, width: width, height: height, remedies: [.byteLimit, .keepsSize])
            }
            guard let next = nextSize(width: width, height: height, bytes: outcome.byteCount, best: best) else { break }
            (width, height) = next
        }
        guard let best else {
            throw context.cannotFit(
                smallest: smallest, width: width, height: height,
                remedies: context.header.hasAlpha ? [.byteLimit, .background] : [.byteLimit],
                advice: context.header.hasAlpha ? " so that it can become a JPEG" : ", or let it become a JPEG")
        }
        return finished(best, encodes: best.encodes)
    }

    /// The image at its planned size, without any loss.
    /// - Returns: `nil` when that does not fit.
    func lossless(_ supply: PixelSupply) throws -> Encoded? {
        let pixels = try prepared(supply, width: plan.width, height: plan.height)
        guard let bytes = try encode(pixels, options: try options(), effort: .thorough).bytes else { return nil }
        return Encoded(
            bytes: bytes, format: .png, width: plan.width, height: plan.height, quality: nil, encodes: 1,
            report: pixels.report)
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

    private struct Attempt {
        /// Within the limit.
        var bytes: [UInt8]?
        /// Measured, or estimated when it is over.
        var byteCount: Int
    }

    private func encode(
        _ pixels: PixelSupply, options: PNGEncoderOptions, effort: PNGLosslessEncoder.Effort
    ) throws -> Attempt {
        try context.cancellation.check()
        guard let plane = pixels.heldRaster?.planes.first else { return try encodeStreaming(pixels, options: options) }
        let estimate = try PNGLosslessEncoder.estimatedBytes(of: plane)
        if Double(estimate) > Double(limit) * Self.estimateError { return Attempt(bytes: nil, byteCount: estimate) }
        // Nothing is won by fewer bytes than the limit: the thorough methods cost several times as much.
        for effort in effort == .quick ? [.quick] : [.quick, PNGLosslessEncoder.Effort.thorough] {
            if let bytes = try PNGLosslessEncoder.encode(plane, byteLimit: limit, effort: effort, options: options) {
                return Attempt(bytes: bytes, byteCount: bytes.count)
            }
        }
        return Attempt(bytes: nil, byteCount: max(estimate, limit + limit / 50))
    }

    /// Row by row, where memory does not allow the whole image.
    private func encodeStreaming(_ pixels: PixelSupply, options: PNGEncoderOptions) throws -> Attempt {
        let sink = try PNGEncodingSink(pixels.shape, options: options, byteLimit: limit)
        try pixels.send(to: sink)
        if let bytes = try sink.finish() { return Attempt(bytes: bytes, byteCount: bytes.count) }
        // Broken off: the rows that went in tell how far it would have gone.
        let share = max(sink.writtenShare, 0.001)
        return Attempt(bytes: nil, byteCount: max(Int(Double(limit) / share), limit + limit / 50))
    }

    private func options() throws -> PNGEncoderOptions {
        var options = PNGEncoderOptions()
        guard context.policy.metadata == .keep else { return options }
        let metadata = try ImageProbe.embeddedMetadata(
            of: context.source, header: context.header, limits: context.policy.decodingLimits
        ).upright()
        options.exif = metadata.exif
        options.xmp = metadata.xmp
        options.iccProfile = try context.reader.keptProfile()
        return options
    }
}
