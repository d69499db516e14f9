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
        /// The program that decodes HEIF, AVIF, TIFF and JPEG XL, which this process never does.
        ///
        /// Default ``DecoderWorker/ofThisProgram``; without one, those formats are refused.
        public var decoderWorker: DecoderWorker?
        /// The images that are handled in processes of their own.
        ///
        /// Default ``ImageFitter/Isolation/riskyFormats``. The results are the same bytes.
        public var isolation: Isolation

        /// Creates a configuration; `nil` stands for a field's default.
        public init(
            memory: Int? = nil, threads: Int? = nil, decoderWorker: DecoderWorker? = .ofThisProgram,
            isolation: Isolation = .riskyFormats
        ) {
            // Half a gigabyte where the system does not tell.
            self.memory = memory ?? (Machine.memoryBytes ?? 1 << 30) / 2
            self.threads = threads ?? Machine.usableCoreCount
            self.decoderWorker = decoderWorker
            self.isolation = isolation
        }
    }

    /// The configuration, defaults filled in.
    public let configuration: Configuration
    let budget: MemoryBudget
    let threads: BlockingThreads
    let cache = ColourConversionCache()
    let workers: DecoderWorkerPool

    /// Creates a fitter, whose threads end with its last copy.
    public init(configuration: Configuration = Configuration()) {
        self.init(configuration: configuration, patience: DecoderWorkerPool.Patience())
    }

    init(configuration: Configuration, patience: DecoderWorkerPool.Patience) {
        self.configuration = configuration
        budget = MemoryBudget(total: configuration.memory)
        threads = BlockingThreads(count: configuration.threads)
        workers = DecoderWorkerPool(worker: configuration.decoderWorker, patience: patience)
    }

    /// The use of the memory at this moment.
    public var memoryUse: MemoryUse { budget.use }

    /// Fits one image.
    ///
    /// Waits for memory and a thread; cancelling the task ends the wait or the work.
    /// - Returns: The result, at most `limits.fileByteLimit` bytes.
    /// - Throws: ``ImageError``, `CancellationError`.
    public func fit(
        _ source: ImageSource, limits: Limits = Limits(), policy: FitPolicy = FitPolicy()
    ) async throws -> FittedImage {
        do {
            return try await fitted(source, limits: limits, policy: policy)
        } catch var error as ImageError {
            // No advice to do what is done already.
            if policy.recoversPartialImages { error = error.withoutAdvice(about: .recovery) }
            if policy.qualityFloor <= 1 { error = error.withoutAdvice(about: .qualityFloor) }
            throw error
        }
    }

    private func fitted(
        _ source: ImageSource, limits: Limits, policy: FitPolicy
    ) async throws -> FittedImage {
        let policy = policy.under(limits)
        let limits = limits.resolved(inputBytes: source.byteCount)
        try FitPlan.checkArguments(limits: limits, policy: policy)
        let (preview, header): (RawPreview?, ImageHeader)
        switch try await look(at: source, limits: limits, policy: policy) {
        case .done(let image): return image
        case .isolated(let file):
            return try await fitIsolated(source, header: file, limits: limits, policy: policy)
        case .here(let found, let read): (preview, header) = (found, read)
        }
        if let preview { return try await fit(preview, of: source, limits: limits, policy: policy) }
        if let frame = policy.frame, (header.uprightWidth, header.uprightHeight) != (frame.width, frame.height),
            header.format.isDecodable
        {
            return try await fit(source, header: header, into: frame, limits: limits, policy: policy)
        }
        let survey = try await survey(source, header: header, limits: limits, policy: policy)
        let plan = try FitPlan.make(survey, limits: limits, policy: policy)
        if plan.mayPassOn {
            let outcome = try await passOn(source, survey: survey, plan: plan, limits: limits, policy: policy)
            if case .done(let image) = outcome { return try image.padded(within: limits, source: source) }
        }
        var notes: [String] = []
        if case .failure(let fault) = survey.stripped {
            try await checkDecoding(source, header: header, plan: plan, limits: limits, policy: policy)
            notes.append("was not passed on as it is: \(fault.finding)")
        }
        let image = try await encode(
            source, header: header, plan: plan, limits: limits, policy: policy, notes: notes)
        return try image.padded(within: limits, source: source)
    }

    /// Reads an image's header on a codec thread.
    /// - Throws: The errors of ``ImageProbe/header(of:limits:page:)``, `CancellationError`.
    public func header(
        of source: ImageSource, limits: DecodingLimits = DecodingLimits(), page: Int = 1
    ) async throws -> ImageHeader {
        try await threads.run { try ImageProbe.header(of: source, limits: limits, page: page) }
    }

    /// Reads the file without decoding it, as far as its treatment depends on it.
    private func survey(
        _ source: ImageSource, header: ImageHeader, limits: Limits, policy: FitPolicy
    ) async throws -> SourceSurvey {
        try await budget.withReservation(of: min(budget.total, MemoryEstimate.walkingBytes)) {
            try await threads.run { [cache] in
                try SourceSurvey.take(source, header: header, limits: limits, policy: policy, cache: cache)
            }
        }
    }

    /// Tries to avoid encoding: copies, strips or losslessly recompresses.
    private func passOn(
        _ source: ImageSource, survey: SourceSurvey, plan: FitPlan, limits: Limits, policy: FitPolicy
    ) async throws -> LosslessFit.Outcome {
        let header = survey.header
        let estimate = MemoryEstimate.make(header: header, plan: plan, limit: limits.fileByteLimit, policy: policy)
        var needed = MemoryEstimate.passingOn(header, limit: limits.fileByteLimit)
        if policy.isLossless { needed = max(needed, estimate.held) }
        // A file too large to be checked pixel by pixel is checked by its structure.
        let mode: MemoryMode = needed <= budget.total ? .held : .lean
        let bytes = mode == .held ? needed : min(budget.total, MemoryEstimate.walkingBytes)
        return try await budget.withReservation(of: bytes) {
            try await threads.runCancellable { [cache, workers] cancellation in
                let context = FitContext(
                    source: source, header: header, limits: limits, policy: policy, plan: plan, mode: mode,
                    codecMemory: estimate.codec, cache: cache, workers: workers, cancellation: cancellation)
                return try LosslessFit(context, survey: survey).run()
            }
        }
    }

    /// Decodes a file whose structure is faulty, to tell damage that only decoding finds.
    /// - Throws: `corrupt_input`, `truncated_input`, where the image is not to be recovered.
    private func checkDecoding(
        _ source: ImageSource, header: ImageHeader, plan: FitPlan, limits: Limits, policy: FitPolicy
    ) async throws {
        guard !policy.recoversPartialImages, header.format == .jpeg else { return }
        let estimate = MemoryEstimate.make(header: header, plan: plan, limit: limits.fileByteLimit, policy: policy)
        let needed = min(MemoryEstimate.passingOn(header, limit: limits.fileByteLimit), budget.total)
        try await budget.withReservation(of: needed) {
            try await threads.runCancellable { cancellation in
                let report = try JPEGDecoder.check(
                    source, limits: policy.decodingLimits, memory: estimate.codec, cancellation: cancellation)
                if let error = report.error { throw error }
            }
        }
    }

    private func encode(
        _ source: ImageSource, header: ImageHeader, plan: FitPlan, limits: Limits, policy: FitPolicy, notes: [String]
    ) async throws -> FittedImage {
        var plan = plan
        var estimate = MemoryEstimate.make(header: header, plan: plan, limit: limits.fileByteLimit, policy: policy)
        if plan.mayBecomeWebP, estimate.held > budget.total {
            // Its encoder takes several times what the others do.
            plan.mayBecomeWebP = false
            estimate = MemoryEstimate.make(header: header, plan: plan, limit: limits.fileByteLimit, policy: policy)
        }
        let (mode, needed) = estimate.mode(within: budget.total)
        guard needed <= budget.total else {
            throw Self.needsMemory(needed, of: budget.total, header)
        }
        return try await budget.withReservation(of: needed) {
            try await threads.runCancellable { [cache, workers, plan, estimate] cancellation in
                let context = FitContext(
                    source: source, header: header, limits: limits, policy: policy, plan: plan, mode: mode,
                    codecMemory: estimate.codec, cache: cache, workers: workers, cancellation: cancellation)
                return try EncodingFit(context).run(notes: notes)
            }
        }
    }

    /// The error for an image that needs more memory than there is.
    static func needsMemory(_ needed: Int, of total: Int, _ header: ImageHeader) -> ImageError {
        ImageError(
            .memoryExceeded,
            "needs \(ByteCount(needed)) of memory and \(ByteCount(total)) are allowed; "
                + ImageError.Setting.memory.remedy
                + (header.jpegProcess?.isProgressive == true || header.isInterlaced
                    ? ", or save the image as a baseline JPEG or a PNG that is not interlaced" : ""),
            details: ["needed_bytes": .integer(needed), "memory_bytes": .integer(total)], settings: [.memory])
    }
}
