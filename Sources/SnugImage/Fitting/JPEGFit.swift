// SPDX-License-Identifier: Apache-2.0

/// Makes a JPEG that fits, by the `best` strategy.
///
/// A JPEG whose size is kept never becomes pixels: its coefficients are quantised again. Everything else is decoded,
/// resized where the limit asks for it, and goes through the same quantiser.
struct JPEGFit {
    /// Bytes with half the chroma resolution over those with all of it, for images without detail in the chroma.
    private static let halfChromaShare = 0.82

    let context: FitContext
    private let segments: [MetadataSegment]
    private var limit: Int { context.byteLimit }
    private var policy: FitPolicy { context.policy }
    private var plan: FitPlan { context.plan }

    init(_ context: FitContext, segments: [MetadataSegment]) {
        self.context = context
        self.segments = segments
    }

    /// - Parameter pixels: Decodes the image at so many eighths of its size: gray or YCbCr planes as stored.
    func fit(_ pixels: (Int) throws -> PixelSupply) throws -> Encoded {
        var share = 1.0
        if let source = try CoefficientSources.make(context) {
            switch try fit(source) {
            case .done(let encoded): return encoded
            case .pixels(let wanted): share = wanted
            }
        }
        return try PixelFit(self).fit(pixels, share: share)
    }

    private enum Attempt {
        case done(Encoded)
        /// Pixels look better, or are the only way: about this share of the side.
        case pixels(Double)
    }

    /// Quantises a JPEG's own coefficients again.
    private func fit(_ source: any CoefficientSource) throws -> Attempt {
        let work = try requantisation(source, shape: .fullSize, ceiling: policy.qualityCeiling)
        let chroma = policy.chroma == .automatic && work.prefersHalfChroma ? Self.halfChromaShare : 1
        let isFineEnough =
            try policy.qualityCeiling != nil && work.choice.isAtFinestSteps && !work.choice.isTooLarge
            || work.looksBestAtItsSize(chroma: chroma)
        if policy.keepsSize || isFineEnough {
            // Half the chroma resolution takes pixels, not coefficients.
            if policy.chroma == .automatic, work.prefersHalfChroma { return .pixels(1) }
            switch try work.encode() {
            case .done(let output, let encodes):
                return .done(
                    encoded(output, width: plan.width, height: plan.height, encodes: encodes, report: source.report))
            case .tooLarge(let smallest, _):
                if policy.keepsSize { throw outOfReach(smallest: smallest, width: plan.width, height: plan.height) }
            }
        }
        _ = context.content.isOfLines { work.loss.isOfLines }
        return .pixels(min(try work.reducedShare(chroma: chroma), 0.97))
    }

    func requantisation(
        _ source: any CoefficientSource, shape: StepShape, ceiling: Int?
    ) throws -> Requantisation {
        try Requantisation(
            source, shape: shape, segments: segments, limit: limit, floor: policy.qualityFloor, ceiling: ceiling,
            effort: policy.isBaseline ? .fast : policy.effort, cancellation: context.cancellation)
    }

    func encoded(
        _ output: Requantisation.Output, width: Int, height: Int, encodes: Int, report: DecodeReport
    ) -> Encoded {
        Encoded(
            bytes: output.bytes, format: .jpeg, width: width, height: height,
            quality: output.isLossless ? nil : output.quality, encodes: encodes, report: report,
            notes: output.isLossless ? [FittedImage.losslessRemark] : [])
    }

    func outOfReach(smallest: Int, width: Int, height: Int) -> ImageError {
        context.cannotFit(
            smallest: smallest == .max ? nil : smallest, width: width, height: height,
            metadata: MetadataSegments.byteCount(segments),
            remedies: [.byteLimit, .qualityFloor] + (policy.keepsSize ? [.keepsSize] : []))
    }
}
