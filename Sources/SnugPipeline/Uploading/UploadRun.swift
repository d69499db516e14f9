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
}

/// Totals of a run of uploads.
public struct UploadReport: Sendable {
    /// Receipts by file.
    public fileprivate(set) var receipts: [FilePath: UploadReceipt] = [:]
    /// Files that were not sent, and had not to be.
    public fileprivate(set) var skippedCount = 0
    /// Failures, in the order of happening.
    public fileprivate(set) var failures: [(file: FilePath, error: UploadError)] = []
}

/// Uploads files and folders, a few files at a time; each resumes where an earlier run was stopped, and one failure stops no
/// other.
///
/// Of folders, a run sends what ``UploadRequest/finished`` does not know, so that the same run again sends what is missing.
public struct UploadRun: Sendable {
    private let request: UploadRequest
    private let uploader: Uploader
    private let fitter: ImageFitter
    private let threads: BlockingThreads

    /// Prepares a run.
    /// - Parameter fitter: Share one among runs to share its memory budget.
    public init(_ request: UploadRequest, uploader: Uploader, fitter: ImageFitter = ImageFitter()) {
        self.request = request
        self.uploader = uploader
        self.fitter = fitter
        threads = BlockingThreads(count: max(1, request.maximumConcurrency))
    }

    /// Uploads everything.
    /// - Parameter onEvent: Called for every step, from any thread; it has to be quick.
    /// - Returns: Receipts and failures.
    /// - Throws: ``UploadError`` with `invalid_target`, before the first byte is sent, when two files would get one name at the
    ///   server; `HTTPError` when the server cannot be asked for its protocol; `CancellationError`, where parts stay at the
    ///   server if the options say so.
    @discardableResult
    public func run(onEvent: @escaping @Sendable (UploadEvent) -> Void = { _ in }) async throws -> UploadReport {
        let chosen = try await chooseProtocol()
        let plan = try await threads.run { [request] in
            request.fitting?.cleanUp()
            return try UploadPlan(request, uploadProtocol: chosen)
        }
        let task = UploadTask(
            request: request, uploadProtocol: chosen, uploader: uploader, fitter: fitter, threads: threads,
            limiter: request.bytesPerSecond.map { BandwidthLimiter(bytesPerSecond: $0) }, onEvent: onEvent)
        var report = UploadReport()
        for (file, reason) in plan.skipped {
            report.skippedCount += 1
            onEvent(.skipped(file, reason))
        }
        for (file, error) in plan.failures {
            report.failures.append((file, error))
            onEvent(.failed(file, error))
        }
        try await run(plan.items, task, &report)
        return report
    }

    private func chooseProtocol() async throws -> UploadProtocol {
        if let chosen = request.destination.uploadProtocol { return chosen }
        return try await uploader.detectProtocol(of: request.destination.url, headers: request.destination.headers)
    }

    private func run(_ items: [UploadPlan.Item], _ task: UploadTask, _ report: inout UploadReport) async throws {
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
                try Task.checkCancellation()
                group.addTask { (item.file, try await outcome(of: item, task)) }
            }
            for try await result in group { note(result) }
        }
    }

    private func outcome(
        of item: UploadPlan.Item, _ task: UploadTask
    ) async throws -> Result<UploadReceipt?, UploadError> {
        let failure: UploadError
        do {
            guard let (receipt, place) = try await task.run(item) else { return .success(nil) }
            task.onEvent(.uploaded(item.file, receipt, keptAt: place))
            return .success(receipt)
        } catch let error as UploadError {
            failure = error
        } catch let error as HTTPError {
            failure = UploadError(.invalidTarget, error.message, cause: error)
        } catch let error as ImageError {
            failure = UploadError(.sourceFailed, error.message, cause: error)
        } catch let error as Errno {
            failure = UploadError(
                .stateFailed, "cannot make the work folder: \(error); name another with --state", cause: error)
        }
        task.onEvent(.failed(item.file, failure))
        return .failure(failure)
    }
}
