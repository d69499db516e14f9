// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
public import SnugImage
import SnugSystem
public import SnugUpload
public import SystemPackage

/// A step of a run of uploads.
public enum UploadEvent: Sendable {
    /// An image was fitted, and is sent next.
    case fitted(FilePath, FitRecord)
    case progressed(FilePath, UploadProgress)
    case uploaded(FilePath, UploadReceipt, keptAt: FilePath?)
    case skipped(FilePath, UploadSkipReason)
    case failed(FilePath, UploadError)
    /// It was cancelled, perhaps before it began; with an error when a request may have taken effect.
    case interrupted(FilePath, UploadError?)
}

/// Totals of a run of uploads.
public struct UploadReport: Sendable {
    /// Receipts by file.
    public fileprivate(set) var receipts: [FilePath: UploadReceipt] = [:]
    /// Files that had not to be sent.
    public fileprivate(set) var skippedCount = 0
    /// Failures, in the order of happening.
    public fileprivate(set) var failures: [(file: FilePath, error: UploadError)] = []
}

/// Uploads files and folders, a few files at a time; each resumes where an earlier run was stopped, and one failure stops no
/// other.
///
/// A run sends what ``UploadRequest/finished`` does not know, so that the same run again sends what is missing.
public struct UploadRun: Sendable {
    private let request: UploadRequest
    private let uploader: Uploader
    private let fitter: ImageFitter
    private let threads: BlockingThreads

    /// Prepares a run.
    /// - Parameters:
    ///   - request: Files and destination.
    ///   - uploader: Sends them.
    ///   - fitter: Share one among runs to share its memory budget.
    public init(_ request: UploadRequest, uploader: Uploader, fitter: ImageFitter = ImageFitter()) {
        self.request = request
        self.uploader = uploader
        self.fitter = fitter
        threads = BlockingThreads(count: max(1, request.maximumConcurrency))
    }

    /// Uploads everything.
    /// - Parameter onEvent: Called for every step, from any thread; it has to be quick.
    /// - Returns: Receipts and failures.
    /// - Throws: `name_collision` when two files would get the same address, before anything is sent; `UploadError`
    ///   when the server cannot be asked for its protocol; `CancellationError`, and whether parts stay at the server is
    ///   up to the options.
    @discardableResult
    public func run(onEvent: @escaping @Sendable (UploadEvent) -> Void = { _ in }) async throws -> UploadReport {
        var request = request
        let (chosen, walk): (UploadProtocol, UploadWalk)
        do {
            (chosen, walk) = try await prepare(&request)
        } catch let error as CancellationError {
            for input in request.inputs { onEvent(.interrupted(input.file, nil)) }
            throw error
        }
        let items = try walk.items(request, chosen)
        let job = FileJob(
            request: request, uploader: uploader, fitter: fitter, threads: threads, uploadProtocol: chosen,
            limiter: request.bytesPerSecond.map { BandwidthLimiter(bytesPerSecond: $0) }, onEvent: onEvent)
        var report = UploadReport()
        for (file, reason) in walk.skipped {
            report.skippedCount += 1
            onEvent(.skipped(file, reason))
        }
        for (file, error) in walk.failures {
            report.failures.append((file, error))
            onEvent(.failed(file, error))
        }
        try await run(items, job, &report)
        return report
    }

    /// Asks the server for its protocol, and finds the files.
    private func prepare(_ request: inout UploadRequest) async throws -> (UploadProtocol, UploadWalk) {
        let endpoint = try await request.destination.resolve(uploader, options: request.options)
        let walk = try await threads.run { [request] in
            request.fitting?.cleanUp()
            return try UploadWalk(request)
        }
        return (endpoint.uploadProtocol, walk)
    }

    private func run(_ items: [UploadItem], _ job: FileJob, _ report: inout UploadReport) async throws {
        var begunCount = 0
        defer {
            // After a cancellation: the others have told their end themselves.
            for item in items[begunCount...] { job.onEvent(.interrupted(item.input.file, nil)) }
        }
        try await withThrowingTaskGroup(of: (FilePath, Result<UploadReceipt?, UploadError>).self) { group in
            func note(_ result: (file: FilePath, outcome: Result<UploadReceipt?, UploadError>)?) {
                guard let result else { return }
                switch result.outcome {
                case .success(let receipt?): report.receipts[result.file] = receipt
                case .success(nil): report.skippedCount += 1
                case .failure(let error): report.failures.append((result.file, error))
                }
            }
            for (number, item) in items.enumerated() {
                if number >= max(1, request.maximumConcurrency) { note(try await group.next()) }
                begunCount += 1
                group.addTask { (item.input.file, try await job.outcome(of: item)) }
            }
            for try await result in group { note(result) }
        }
    }
}
