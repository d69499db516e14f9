// SPDX-License-Identifier: Apache-2.0
import SnugSystem

extension ImageFitter {
    /// True for an image whose file this process only reads the header of.
    func isolates(_ header: ImageHeader, isPreview: Bool = false) -> Bool {
        // Their pixels come from a process of its own anyway.
        configuration.isolation == .everything && (isPreview || !header.format.isDecodedByWorkers)
    }

    /// The outcome of a first look at a file.
    enum Look: Sendable {
        /// The memory was free, and another process has fitted it.
        case done(FittedImage)
        /// Another process has to fit it, once there is memory; with the header of the file, or of its preview.
        case isolated(ImageHeader)
        /// This process fits it.
        case here(RawPreview?, ImageHeader)
    }

    /// Reads the header, and has the image fitted at once where another process does that and the memory is free: a second
    /// wait for a thread takes as long as a small image.
    func look(at source: ImageSource, limits: Limits, policy: FitPolicy) async throws -> Look {
        try await threads.runCancellable { [workers, budget] cancellation in
            let preview = try RawPreview(of: source, limits: policy.decodingLimits)
            let header = try ImageProbe.header(of: source, limits: policy.decodingLimits, page: policy.page ?? 1)
            guard isolates(header, isPreview: preview != nil) else { return .here(preview, header) }
            let file = try preview.map { try ImageProbe.header(of: $0.source, limits: policy.decodingLimits) } ?? header
            let needed = memory(for: file, byteCount: source.byteCount, limits: limits, policy: policy)
            let done = try budget.withFree(needed) {
                try IsolatedFit(
                    source: source, header: file,
                    order: FitOrder(limits: limits, policy: policy, memory: budget.total), memory: needed,
                    workers: workers, cancellation: cancellation
                ).image()
            }
            return done.map { .done($0) } ?? .isolated(file)
        }
    }

    /// Fits an image in a process of its own.
    /// - Parameter header: The header of the file, or of its preview.
    func fitIsolated(
        _ source: ImageSource, header: ImageHeader, limits: Limits, policy: FitPolicy
    ) async throws -> FittedImage {
        let needed = memory(for: header, byteCount: source.byteCount, limits: limits, policy: policy)
        let order = FitOrder(limits: limits, policy: policy, memory: budget.total)
        return try await isolated(source, header, order, memory: needed) { try $0.image() }
    }

    /// Finds the least and the greatest alpha in a process of its own.
    func alphaRangeIsolated(_ source: ImageSource, _ header: ImageHeader) async throws -> ClosedRange<UInt8>? {
        let needed = min(budget.total, MemoryEstimate.walkingBytes + MemoryEstimate.codecBytes(header))
        let order = FitOrder(task: .alphaRange, memory: budget.total)
        return try await isolated(source, header, order, memory: needed) { try $0.alphaRange() }
    }

    private func isolated<Value: Sendable>(
        _ source: ImageSource, _ header: ImageHeader, _ order: FitOrder, memory: Int,
        _ work: @Sendable (IsolatedFit) throws -> Value
    ) async throws -> Value {
        try await budget.withReservation(of: memory) {
            try await threads.runCancellable { [workers] cancellation in
                try work(
                    IsolatedFit(
                        source: source, header: header, order: order, memory: memory, workers: workers,
                        cancellation: cancellation))
            }
        }
    }

    /// The memory of the most expensive step that may be taken; the other process decides which ones are.
    private func memory(for header: ImageHeader, byteCount: Int, limits: Limits, policy: FitPolicy) -> Int {
        let passing = MemoryEstimate.passingOn(header, limit: limits.fileByteLimit)
        var needed = passing <= budget.total ? max(passing, MemoryEstimate.walkingBytes) : MemoryEstimate.walkingBytes
        let survey = SourceSurvey(header: header, byteCount: byteCount)
        // Where there is no plan, the other process finds the same, or finds that there is nothing to encode.
        if var plan = try? FitPlan.make(survey, limits: limits, policy: policy) {
            var estimate = MemoryEstimate.make(
                header: header, plan: plan, limit: limits.fileByteLimit, policy: policy)
            if plan.mayBecomeWebP, estimate.held > budget.total {
                plan.mayBecomeWebP = false
                estimate = MemoryEstimate.make(
                    header: header, plan: plan, limit: limits.fileByteLimit, policy: policy)
            }
            needed = max(needed, estimate.mode(within: budget.total).bytes)
            if let frame = policy.frame { needed = max(needed, estimate.held + frame.width * frame.height * 16) }
        }
        return min(needed, budget.total)
    }
}
