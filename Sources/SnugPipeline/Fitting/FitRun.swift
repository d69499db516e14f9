// SPDX-License-Identifier: Apache-2.0
public import SnugImage
package import SnugSystem
import SystemPackage

/// A step of a run, in the order of happening.
public enum FitEvent: Sendable {
    /// A remark about the run as a whole.
    case notice(String)
    /// All inputs are known.
    case began(inputCount: Int, bytes: Int)
    /// An input is done; `plannedBytes` is its share of the bytes in ``began(inputCount:bytes:)``.
    case finished(FitRecord, plannedBytes: Int)
    /// The run was cancelled before the input was done. In no report: the run throws `CancellationError`.
    case interrupted(FitRecord)
}

/// Fits files and folders, several images at a time; one bad file never stops the others.
///
/// ```swift
/// let run = FitRun(FitRequest(inputs: ["photos"], destination: .folder("out"), limits: Limits(byteLimit: 5_000_000)))
/// let report = try await run.run { event in
///     if case .finished(let record, _) = event { print(record.input, record.status) }
/// }
/// ```
public struct FitRun: Sendable {
    /// The engine, as far as a run needs it.
    package typealias Fit = @Sendable (ImageSource, Limits, FitPolicy) async throws -> FittedImage

    let request: FitRequest
    let publisher: OutputPublisher
    let threads: BlockingThreads
    let fit: Fit

    /// Prepares a run.
    /// - Parameters:
    ///   - request: Inputs, destination and limits.
    ///   - fitter: Share one among runs to share its memory budget.
    public init(_ request: FitRequest, fitter: ImageFitter = ImageFitter()) {
        self.init(request, fitter: fitter, temporaries: TemporaryFiles())
    }

    /// A run whose half-written files are known to `temporaries`, for an exit in a hurry.
    package init(_ request: FitRequest, fitter: ImageFitter, temporaries: TemporaryFiles) {
        self.init(request, publisher: OutputPublisher(FilePublisher(temporaries: temporaries))) {
            try await fitter.fit($0, limits: $1, policy: $2)
        }
    }

    /// A run with another engine.
    package init(_ request: FitRequest, publisher: OutputPublisher, fit: @escaping Fit) {
        self.request = request
        self.publisher = publisher
        self.fit = fit
        threads = BlockingThreads(count: max(request.maximumConcurrency, 1) + 2)
    }

    /// Fits everything.
    ///
    /// Cancelling the task ends the run; outputs that are finished stay, and none is left half-written. Every other input
    /// gets its ``FitEvent/interrupted(_:)``; while folders are still being read, every input as it was named.
    /// - Parameter onEvent: Called for every step, from several tasks. Its error stops the run and is thrown.
    /// - Returns: Totals, failures and warnings.
    /// - Throws: `ImageError` with `invalid_argument` when the output folder is an input folder; `CancellationError`.
    @discardableResult
    public func run(onEvent: @escaping @Sendable (FitEvent) throws -> Void = { _ in }) async throws -> FitReport {
        let collector = FitCollector(onEvent)
        var walked = try await walk(collector)
        for notice in walked.notices { try collector.send(.notice(notice)) }
        do {
            try begin(walked, collector)
            let stream = try await readStream(&walked, collector)
            try await fit(walked.files, stream, collector)
        } catch let error as CancellationError {
            try endInterrupted(walked.files.map(\.path), collector)
            throw error
        }
        return collector.report
    }

    private func endInterrupted(_ inputs: [FilePath], _ collector: FitCollector) throws {
        for path in inputs where !collector.hasEnded(path) {
            var record = self.record(of: path, .failed)
            record.error = ImageError(.interrupted, "the run was interrupted before the image was finished")
            try collector.send(.interrupted(record))
        }
    }

    /// Tells how much there is to do, and what is left out.
    private func begin(_ walked: InputWalk.Result, _ collector: FitCollector) throws {
        try collector.send(
            .began(
                inputCount: walked.files.count + walked.skipped.count + walked.failures.count,
                bytes: walked.files.reduce(0) { $0 + $1.byteCount }))
        for (path, reason) in walked.skipped {
            var record = self.record(of: path, .skipped)
            record.skipReason = reason
            try collector.send(.finished(record, plannedBytes: 0))
        }
        for (path, error) in walked.failures {
            var record = self.record(of: path, .failed)
            record.error = error
            try collector.send(.finished(record, plannedBytes: 0))
        }
    }

    private func fit(_ files: [InputFile], _ stream: ImageSource?, _ collector: FitCollector) async throws {
        let book = try await openBook(collector)
        let work = try await decide(files, book, collector)
        if !request.isDryRun { try await sweep(work) }
        let job = FitJob(
            request: request, publisher: publisher, threads: threads, fit: fit, outputFolder: outputFolder, book: book,
            stream: stream)
        do {
            try await forEach(work) { input in
                guard let record = await job.record(of: input) else { return }
                try collector.send(.finished(record, plannedBytes: input.file.byteCount))
            }
        } catch {
            _ = await book?.close()
            throw error
        }
        if let failure = await book?.close() {
            try collector.send(.notice("finished outputs could not be remembered: \(failure)"))
        }
    }

    var outputFolder: FilePath { request.destination.folder ?? FilePath() }

    private func record(of path: FilePath, _ status: FitRecord.Status) -> FitRecord {
        FitRecord(input: path, status: status, limitBytes: request.limits.fileByteLimit)
    }

    /// Finds the inputs. Interrupted, it knows those only that were named.
    private func walk(_ collector: FitCollector) async throws -> InputWalk.Result {
        do { return try await walk() } catch let error as CancellationError {
            var named = Set<FilePath>()
            try endInterrupted(request.inputs.filter { named.insert($0).inserted }, collector)
            throw error
        }
    }

    private func walk() async throws -> InputWalk.Result {
        let request = request
        return try await threads.run {
            var walk = InputWalk(
                isRecursive: request.isRecursive, followsLinks: request.followsLinks,
                readsStream: request.standardInput != nil)
            if case .folder(let path) = request.destination {
                // A missing folder has nothing in it.
                walk.outputFolder = try? FileIdentity(of: path, followsLinks: true)
            }
            return try walk.files(for: request.inputs, isCancelled: { Task.isCancelled })
        }
    }

    /// Reads standard input to its end, where its output has a name: whether that output is there, its content tells.
    private func readStream(
        _ walked: inout InputWalk.Result, _ collector: FitCollector
    ) async throws -> ImageSource? {
        let index = walked.files.firstIndex { $0.origin == .standardInput }
        guard request.destination.folder != nil, let index, let descriptor = request.standardInput else { return nil }
        let limit = request.maximumStandardInputBytes
        do {
            let (source, state) = try await threads.run {
                let bytes = try StreamInput.readAll(from: descriptor, maximumBytes: limit)
                let digest = MessageDigest.sha256(bytes)
                return (ImageSource(bytes: bytes), FileState(contentDigest: digest, byteCount: bytes.count))
            }
            walked.files[index].state = state
            return source
        } catch let error as ImageError {
            var record = self.record(of: walked.files.remove(at: index).path, .failed)
            record.error = error
            try collector.send(.finished(record, plannedBytes: 0))
            return nil
        }
    }

    private func forEach(
        _ inputs: [NamedInput], _ body: @escaping @Sendable (NamedInput) async throws -> Void
    ) async throws {
        // Two more than work at once, so that cores do not wait for a disk that syncs.
        let width = max(request.maximumConcurrency, 1) + 2
        try await withThrowingTaskGroup(of: Void.self) { group in
            var running = 0
            for input in inputs {
                if running == width { try await group.next() } else { running += 1 }
                try Task.checkCancellation()
                group.addTask { try await body(input) }
            }
            for try await _ in group {}
            try Task.checkCancellation()
        }
    }
}
