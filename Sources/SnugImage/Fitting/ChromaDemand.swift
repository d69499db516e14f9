// SPDX-License-Identifier: Apache-2.0

/// The chroma resolution that a JPEG has to be decoded at for an output with fewer pixels.
struct ChromaDemand {
    /// Blocks that are looked at: shares of a hundredth of them count.
    private static let blocks = 8_000

    let context: FitContext

    init(_ context: FitContext) { self.context = context }

    /// True when half of luma's resolution is enough.
    func isHalf(eighths: Int) throws -> Bool {
        guard eighths < 8, context.policy.strategy == .best else { return false }
        switch context.policy.chroma {
        case .s420: return true
        case .s444: return false
        case .automatic: return try isPlain(eighths: eighths)
        }
    }

    private func isPlain(eighths: Int) throws -> Bool {
        // Where both resolutions are made and compared, all of the chroma is needed; small images are quick anyway.
        guard !ChromaFit.needsAllChroma(context.header, context.policy), let source = try source(),
            source.layout.blockCount > SamplePlan.whole, let steps = source.steps
        else { return false }
        let planned = Double(context.plan.width) / Double(max(context.header.uprightWidth, 1))
        return ChromaDetail.isPlain(
            try source.sample(blocks: Self.blocks), steps: steps, share: min(planned, Double(eighths) / 8))
    }

    /// Coefficients that can be had at no great cost.
    /// - Returns: `nil` for an image that may be damaged and is to be recovered.
    func source() throws -> (any CoefficientSource)? {
        if context.policy.recoversPartialImages { return nil }
        if let scan = try SequentialScan.read(context.source) {
            return try SequentialSource(context.source, scan: scan, cancellation: context.cancellation)
        }
        return context.coefficients.current
    }
}
