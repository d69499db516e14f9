// SPDX-License-Identifier: Apache-2.0

/// Fits images under limits.
///
/// One fitter is shared by all jobs of a process: its memory budget and its threads bound them together. Codec work
/// runs on threads of its own, never on Swift's cooperative pool.
public struct ImageFitter: Sendable {
    /// What all jobs of a fitter share.
    public struct Configuration: Sendable, Hashable {
        /// Bytes that decoding and encoding may hold at once, over all jobs.
        ///
        /// Default half of the machine's memory.
        public var memory: Int
        /// Images worked on at once. Default the number of cores.
        public var threads: Int

        /// Makes a configuration.
        public init(memory: Int? = nil, threads: Int? = nil) {
            self.memory = memory ?? 1 << 30
            self.threads = threads ?? 2
        }
    }

    /// What was asked for.
    public let configuration: Configuration

    /// Makes a fitter.
    public init(configuration: Configuration = Configuration()) { self.configuration = configuration }

    /// Fits one image.
    ///
    /// Waits for memory and a thread; cancelling the task ends the wait or the work.
    /// - Returns: The result, at most `limits.fileByteLimit` bytes.
    /// - Throws: ``ImageError``, `CancellationError`.
    public func fit(
        _ source: ImageSource, limits: Limits = Limits(), policy: FitPolicy = FitPolicy()
    ) async throws -> FittedImage {
        throw ImageError(.codecFailed, "the engine is not there")
    }
}
