// SPDX-License-Identifier: Apache-2.0
import SnugSystem

extension ImageFitter {
    /// Fits an image that gets an exact size first.
    func fit(
        _ source: ImageSource, header: ImageHeader, into frame: ExactFrame, limits: Limits, policy: FitPolicy
    ) async throws -> FittedImage {
        let plan = try FitPlan.make(
            SourceSurvey(header: header, byteCount: source.byteCount), limits: limits, policy: policy)
        let estimate = MemoryEstimate.make(header: header, plan: plan, limit: limits.fileByteLimit, policy: policy)
        // The framed pixels, and a PNG of them.
        let needed = estimate.held + frame.width * frame.height * 8
        guard needed <= budget.total else { throw Self.needsMemory(needed, of: budget.total, header) }
        let framed = try await budget.withReservation(of: needed) {
            try await threads.runCancellable { [cache, workers] cancellation in
                let context = FitContext(
                    source: source, header: header, limits: limits, policy: policy, plan: plan, mode: .held,
                    codecMemory: estimate.codec, cache: cache, workers: workers, cancellation: cancellation)
                let made = try FramedImage(context, frame: frame).make()
                try source.checkUnchanged()
                return made
            }
        }
        var rest = policy
        rest.frame = nil
        rest.maximumScale = nil
        rest.keepsSize = true
        rest.page = nil
        rest.format = policy.format == .automatic && header.format == .jpeg ? .jpeg : plan.format.asked ?? policy.format
        var image: FittedImage
        do {
            image = try await fit(ImageSource(bytes: framed.bytes), limits: limits, policy: rest)
        } catch let error as ImageError where !policy.keepsSize {
            throw error.withoutAdvice(about: .keepsSize)
        }
        if case .source = image.content { image.content = .bytes(framed.bytes) }
        image.status = .fitted
        image.header = header
        image.scale = Double(image.width) / Double(max(header.uprightWidth, 1))
        image.warnings = header.warnings + framed.report.notes + image.warnings
        return image
    }
}

extension ImageFormat? {
    /// The format as one that is asked for.
    fileprivate var asked: FitPolicy.OutputFormat? {
        switch self {
        case .jpeg: .jpeg
        case .png: .png
        case .webp: .webp
        default: nil
        }
    }
}
