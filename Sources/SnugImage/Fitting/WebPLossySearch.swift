// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// Finds the best lossy WebP of one size: the quality of its colour and that of its alpha.
///
/// Alpha is encoded once for each of its qualities, not again with each quality of the colour. Large images are tried on
/// tiles first, so that few encodes of the whole are left.
struct WebPLossySearch {
    /// Quality of alpha in lossy images, the best first: 50 costs up to 33 points of SSIMULACRA2 on hard edges.
    private static let alphaQualities = [100, 80, 60]
    /// Quality of colour from which on alpha gives nothing up for it.
    private static let fineQuality = 75.0
    /// Pixels from which on the encoder searches less: method 4 takes four times as long as 2, for 4 % of the bytes.
    private static let manyPixels = 32 << 20
    /// Share of the limit that is enough for them: another encode takes seconds, and a quantizer is a tenth of the bytes.
    private static let largeUse = 0.88
    /// Bytes of tiles over those of the same pixels in place: nothing is predicted across their seams.
    private static let seamCost = 1.06
    /// Lossless coding of smooth alpha: method 0 took a quarter of the time of 2 and 10 % fewer bytes.
    private static let largeAlphaMethod = 0

    /// The result of one size.
    struct Outcome {
        /// The file without metadata; `nil` when none is within the limit, or tiles tell that a smaller size is better.
        var bytes: [UInt8]?
        var quality = 0.0
        var alphaQuality = 100
        /// Bytes at the quality that is aimed at when pixels are given up.
        var landingBytes = 1.0
        /// Measured; `nil` where the whole was not encoded.
        var smallestBytes: Int?
        var encodes = 0
    }

    private let context: FitContext
    private let isOpaque: Bool
    private let isGraphic: Bool
    private var isFast: Bool { context.policy.effort == .fast }
    private var ceiling: Double { Double(context.policy.qualityCeiling ?? WebPQualitySearch.pixelCeiling) }

    init(_ context: FitContext, isOpaque: Bool, isGraphic: Bool) {
        self.context = context
        self.isOpaque = isOpaque
        self.isGraphic = isGraphic
    }

    /// - Parameters:
    ///   - plane: Interleaved, upright.
    ///   - limit: Of the file without metadata.
    ///   - leastQuality: Where tiles stay under it, the whole is not encoded; 0 to have it encoded at any.
    func best(_ plane: Plane, limit: Int, leastQuality: Double) throws -> Outcome {
        let raster = Raster(
            .interleaved(width: plane.width, height: plane.height, channels: plane.channels), planes: [plane])
        guard let sample = try SampledImage(raster, isScaled: false, cancellation: context.cancellation),
            let tiles = sample.raster.planes.first
        else { return try search(plane, limit: limit, alphaQualities: Self.alphaQualities) }
        let method = method(plane)
        var expected = try search(
            tiles, limit: Int(Double(limit) * sample.share * Self.seamCost), alphaQualities: Self.alphaQualities,
            method: method)
        guard expected.bytes != nil && expected.quality >= leastQuality || leastQuality == 0 else {
            expected.bytes = nil
            expected.landingBytes /= sample.share * Self.seamCost
            expected.smallestBytes = nil
            return expected
        }
        return try search(
            plane, limit: limit, alphaQualities: [expected.alphaQuality], first: expected.quality, method: method)
    }

    /// libwebp's method for pixels as many as these.
    func method(_ plane: Plane) -> Int { isFast || plane.width * plane.height > Self.manyPixels ? 2 : 4 }

    private func search(
        _ plane: Plane, limit: Int, alphaQualities: [Int], first: Double = WebPQualitySearch.landing, method: Int? = nil
    ) throws -> Outcome {
        let isLarge = plane.width * plane.height > Self.manyPixels
        let method = method ?? self.method(plane)
        let looks = Looks(plane, context: context)
        var best: (outcome: Outcome, difference: Double)?
        var encodes = 0
        for alphaQuality in isOpaque ? [100] : alphaQualities {
            var search = WebPQualitySearch(
                limit: limit, ceiling: ceiling, first: first,
                wantedUse: isLarge ? Self.largeUse : WebPQualitySearch.wantedUse)
            let alpha = try alpha(plane, quality: alphaQuality, method: method)
            while let quality = search.next {
                encodes += 1
                search.note(quality: quality, try file(plane, quality: quality, alpha: alpha, method: method))
            }
            let outcome = Outcome(
                bytes: search.bytes, quality: search.quality, alphaQuality: alphaQuality,
                landingBytes: search.landingBytes, smallestBytes: search.smallestBytes)
            let isEnough = isOpaque || alphaQualities.count == 1 || search.quality >= Self.fineQuality && best == nil
            let difference = isEnough ? 0 : try search.bytes.map { try looks.difference(encoded($0, plane)) }
            if best == nil || difference ?? .infinity < best?.difference ?? .infinity {
                best = (outcome, difference ?? .infinity)
            }
            if isEnough { break }
        }
        var outcome = best?.outcome ?? Outcome()
        outcome.encodes = encodes
        return outcome
    }

    private func file(_ plane: Plane, quality: Double, alpha: [UInt8]?, method: Int) throws -> [UInt8]? {
        let colour = try WebPEncoder.encode(
            plane, mode: .colour(quality: quality, hasSharpChroma: isGraphic && !isFast), method: method,
            cancellation: context.cancellation)
        guard let colour, let alpha else { return colour }
        return try WebPContainer.joined(colour: colour, alpha: alpha, width: plane.width, height: plane.height)
    }

    private func alpha(_ plane: Plane, quality: Int, method: Int) throws -> [UInt8]? {
        guard !isOpaque else { return nil }
        let isLarge = plane.width * plane.height >= SampledImage.leastPixels
        return try WebPEncoder.encode(
            plane, mode: .alpha(quality: quality), method: isLarge ? Self.largeAlphaMethod : method,
            cancellation: context.cancellation)
    }

    private func encoded(_ bytes: [UInt8], _ plane: Plane) -> Encoded {
        Encoded(
            bytes: bytes, format: .webp, width: plane.width, height: plane.height, quality: nil, encodes: 0,
            report: DecodeReport())
    }
}
