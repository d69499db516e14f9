// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// Fits images under limits.
///
/// All jobs of a process share one fitter, whose memory budget and threads bound them together. Codec work runs on the
/// fitter's own threads, never on Swift's cooperative pool.
public struct ImageFitter: Sendable {
    /// The resources that all jobs of a fitter share.
    public struct Configuration: Sendable, Hashable {
        /// The limit on bytes held by decoding and encoding, over all jobs.
        ///
        /// Default half of the machine's memory.
        public var memory: Int
        /// Images processed at once.
        ///
        /// Default the number of cores that the process may use.
        public var threads: Int

        /// Creates a configuration; `nil` stands for a field's default.
        public init(memory: Int? = nil, threads: Int? = nil) {
            // Half a gigabyte where the system does not tell.
            self.memory = memory ?? (Machine.memoryBytes ?? 1 << 30) / 2
            self.threads = threads ?? Machine.usableCoreCount
        }
    }

    /// The configuration, defaults filled in.
    public let configuration: Configuration
    private let budget: MemoryBudget
    private let threads: BlockingThreads
    private let cache = ColourConversionCache()

    /// Creates a fitter, whose threads end with its last copy.
    public init(configuration: Configuration = Configuration()) {
        self.configuration = configuration
        budget = MemoryBudget(total: configuration.memory)
        threads = BlockingThreads(count: configuration.threads)
    }

    /// Fits one image.
    ///
    /// Waits for memory and a thread; cancelling the task ends the wait or the work.
    /// - Returns: The result, at most `limits.fileByteLimit` bytes.
    /// - Throws: ``ImageError``, `CancellationError`.
    public func fit(
        _ source: ImageSource, limits: Limits = Limits(), policy: FitPolicy = FitPolicy()
    ) async throws -> FittedImage {
        let header = try await header(of: source, limits: policy.decodingLimits)
        let plan = try FitPlan.make(header: header, byteCount: source.byteCount, limits: limits, policy: policy)
        if plan.action != .encode {
            let checked = try await passOn(source, header: header, plan: plan, limits: limits, policy: policy)
            if case .done(let image) = checked { return image }
            if case .unsound(let notes) = checked {
                return try await encode(
                    source, header: header, plan: plan, limits: limits, policy: policy, notes: notes)
            }
        }
        return try await encode(source, header: header, plan: plan, limits: limits, policy: policy, notes: [])
    }

    /// Reads an image's header on a codec thread.
    /// - Throws: The errors of ``ImageProbe/header(of:limits:)``, `CancellationError`.
    public func header(of source: ImageSource, limits: DecodingLimits = DecodingLimits()) async throws -> ImageHeader {
        try await threads.run { try ImageProbe.header(of: source, limits: limits) }
    }

    /// Tries to avoid encoding: copies, strips or losslessly recompresses.
    private func passOn(
        _ source: ImageSource, header: ImageHeader, plan: FitPlan, limits: Limits, policy: FitPolicy
    ) async throws -> LosslessFit.Outcome {
        let estimate = MemoryEstimate.make(header: header, plan: plan, limit: limits.fileByteLimit, policy: policy)
        let needed = MemoryEstimate.passingOn(header, limit: limits.fileByteLimit)
        // A file too large to be checked pixel by pixel is checked by its structure.
        let mode: MemoryMode = needed <= budget.total ? .held : .lean
        let bytes = mode == .held ? needed : min(budget.total, MemoryEstimate.walkingBytes)
        return try await budget.withReservation(of: bytes) {
            try await threads.runCancellable { [cache] cancellation in
                let context = FitContext(
                    source: source, header: header, limits: limits, policy: policy, plan: plan, mode: mode,
                    codecMemory: estimate.codec, cache: cache, cancellation: cancellation)
                return try LosslessFit(context).run()
            }
        }
    }

    private func encode(
        _ source: ImageSource, header: ImageHeader, plan: FitPlan, limits: Limits, policy: FitPolicy, notes: [String]
    ) async throws -> FittedImage {
        let estimate = MemoryEstimate.make(header: header, plan: plan, limit: limits.fileByteLimit, policy: policy)
        let (mode, needed) = estimate.mode(within: budget.total)
        guard needed <= budget.total else {
            throw ImageError(
                .memoryExceeded,
                "needs \(ByteCount(needed)) of memory and \(ByteCount(budget.total)) are allowed; "
                    + ImageError.Setting.memory.remedy
                    + (header.jpegProcess?.isProgressive == true || header.isInterlaced
                        ? ", or save the image as a baseline JPEG or a PNG that is not interlaced" : ""),
                details: ["needed_bytes": .integer(needed), "memory_bytes": .integer(budget.total)],
                settings: [.memory])
        }
        return try await budget.withReservation(of: needed) {
            try await threads.runCancellable { [cache] cancellation in
                let context = FitContext(
                    source: source, header: header, limits: limits, policy: policy, plan: plan, mode: mode,
                    codecMemory: estimate.codec, cache: cache, cancellation: cancellation)
                return try EncodingFit(context).run(notes: notes)
            }
        }
    }
}
