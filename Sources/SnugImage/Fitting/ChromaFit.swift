// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Makes a JPEG by the `best` strategy at the chroma resolution that looks better, where the policy leaves it open.
///
/// All of the chroma at full size, in fine steps, looks best. Where it costs pixels, or coarse steps, both are made and
/// compared with the image.
struct ChromaFit {
    /// Pixels up to which both are made.
    private static let mostPixels = 12_000_000
    /// Of JPEGs with less chroma than luma, where full resolution looks better less often.
    private static let mostSubsampledPixels = 4_000_000
    /// Bytes for each of those pixels: the image itself, and the coefficients of an output while it is compared.
    static let bytesPerPixel = 9
    /// Quality at full size under which half the resolution may look better.
    private static let fineQuality = 80.0
    /// The difference of half the resolution that full resolution has to go below, as a share: where both are within 5 % of each
    /// other, half of it was better in all of 9 pairs, by 1 to 5.6 points of SSIMULACRA2; coloured text is far from that.
    private static let leastGain = 0.95

    private let context: FitContext
    private let segments: [MetadataSegment]

    init(_ context: FitContext, segments: [MetadataSegment]) {
        self.context = context
        self.segments = segments
    }

    /// True for images that may come out at either resolution.
    static func isOpen(_ header: ImageHeader, _ policy: FitPolicy) -> Bool {
        guard policy.strategy == .best, policy.chroma == .automatic else { return false }
        if needsAllChroma(header, policy) { return true }
        guard header.format == .jpeg, header.pixelCount <= mostSubsampledPixels else { return false }
        return [.s422, .s440, .s420].contains(header.chromaSubsampling)
    }

    /// True for images whose chroma has the resolution of luma, and may keep it.
    static func needsAllChroma(_ header: ImageHeader, _ policy: FitPolicy) -> Bool {
        guard policy.strategy == .best, policy.chroma == .automatic, header.pixelCount <= mostPixels else {
            return false
        }
        return header.format == .jpeg ? header.chromaSubsampling == .s444 : header.colourModel != .gray
    }

    /// - Parameters:
    ///   - pixels: As for ``JPEGFit/fit(_:)``.
    ///   - first: Its output of them, where that is made already.
    func fit(_ pixels: (Int) throws -> PixelSupply, first: Encoded? = nil) throws -> Encoded {
        guard Self.isOpen(context.header, context.policy), context.mode.holdsPixels else {
            return try first ?? JPEGFit(context, segments: segments).fit(pixels)
        }
        var candidates: [Encoded] = []
        var failure: ImageError?
        var others: [FitPolicy.ChromaChoice] = [.automatic, .s444, .s420]
        while !others.isEmpty {
            var one = context
            one.policy.chroma = others.removeFirst()
            do {
                let known = one.policy.chroma == .automatic ? first : nil
                candidates.append(try known ?? JPEGFit(one, segments: segments).fit(pixels))
            } catch let error as ImageError where error.code == .cannotFit {
                // The last one knows the smallest of all.
                failure = error
            }
            guard one.policy.chroma == .automatic, let own = candidates.first else { continue }
            let chroma = try subsampling(own)
            if !Self.needsAllChroma(context.header, context.policy) {
                // The source's own resolution, or half of it.
                if isFine(own) || chroma == .s420 || chroma == nil { return own }
                others = [.s420]
            } else if chroma == .s444 {
                if isFine(own) { return own }
                others = [.s420]
            } else if chroma == .s420 {
                others = [.s444]
            }
        }
        if let failure, candidates.isEmpty { throw failure }
        var chosen = try best(of: candidates)
        chosen.encodes = candidates.reduce(0) { $0 + $1.encodes }
        return chosen
    }

    private func subsampling(_ encoded: Encoded) throws -> ChromaSubsampling? {
        try ImageProbe.header(of: ImageSource(bytes: encoded.bytes), limits: context.policy.decodingLimits)
            .chromaSubsampling
    }

    /// True where all of the chroma costs neither pixels nor coarse steps.
    private func isFine(_ encoded: Encoded) -> Bool {
        encoded.width == context.plan.width && encoded.quality ?? .infinity >= Self.fineQuality
    }

    /// A difference as it counts in the comparison of both resolutions.
    static func weighed(_ difference: Double, isHalf: Bool) -> Double { difference * (isHalf ? leastGain : 1) }

    private func best(of candidates: [Encoded]) throws -> Encoded {
        let supply = try context.supply(PixelDemand(isPlanar: false, background: context.policy.background))
        let channels = supply.shape.planes.first?.channels ?? 3
        let upright = try supply.prepared(
            .interleaved(width: context.plan.width, height: context.plan.height, channels: channels),
            orientation: context.header.orientation)
        var best = (encoded: candidates[0], difference: Double.infinity)
        guard let plane = upright.heldRaster?.planes.first else { return best.encoded }
        let looks = Looks(plane, context: context, weighting: .chroma)
        for candidate in candidates {
            let isHalf = try subsampling(candidate) == .s420
            let difference = Self.weighed(try looks.difference(candidate), isHalf: isHalf)
            if difference < best.difference { best = (candidate, difference) }
        }
        return best.encoded
    }
}
