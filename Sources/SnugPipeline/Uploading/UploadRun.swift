// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSystem
public import SnugUpload
public import SystemPackage

/// A step of a run of uploads.
public enum UploadEvent: Sendable {
    case progressed(FilePath, UploadProgress)
    case uploaded(FilePath, UploadReceipt, keptAt: FilePath?)
    case failed(FilePath, UploadError)
}

/// Totals of a run of uploads.
public struct UploadReport: Sendable {
    /// Receipts by file.
    public fileprivate(set) var receipts: [FilePath: UploadReceipt] = [:]
    /// Failures, in the order of happening.
    public fileprivate(set) var failures: [(file: FilePath, error: UploadError)] = []
}

/// Uploads files, a few at a time; each resumes where an earlier run was stopped, and one failure stops no other.
public struct UploadRun: Sendable {
    private let request: UploadRequest
    private let uploader: Uploader
    private let threads: BlockingThreads

    /// Prepares a run.
    public init(_ request: UploadRequest, uploader: Uploader) {
        self.request = request
        self.uploader = uploader
        threads = BlockingThreads(count: max(1, request.maximumConcurrency))
    }

    /// Uploads everything.
    /// - Parameter onEvent: Called for every step, from any thread; it has to be quick.
    /// - Returns: Receipts and failures.
    /// - Throws: `CancellationError`; whether parts stay at the server is up to the options.
    @discardableResult
    public func run(onEvent: @escaping @Sendable (UploadEvent) -> Void = { _ in }) async throws -> UploadReport {
        let limiter = request.bytesPerSecond.map { BandwidthLimiter(bytesPerSecond: $0) }
        return try await withThrowingTaskGroup(of: (FilePath, Result<UploadReceipt, UploadError>).self) { group in
            var report = UploadReport()
            func note(_ result: (file: FilePath, outcome: Result<UploadReceipt, UploadError>)?) {
                guard let result else { return }
                switch result.outcome {
                case .success(let receipt): report.receipts[result.file] = receipt
                case .failure(let error): report.failures.append((result.file, error))
                }
            }
            for (number, file) in request.files.enumerated() {
                if number >= max(1, request.maximumConcurrency) { note(try await group.next()) }
                group.addTask { (file, try await outcome(of: file, limiter, onEvent)) }
            }
            for try await result in group { note(result) }
            return report
        }
    }

    private func outcome(
        of file: FilePath, _ limiter: BandwidthLimiter?, _ onEvent: @escaping @Sendable (UploadEvent) -> Void
    ) async throws -> Result<UploadReceipt, UploadError> {
        let failure: UploadError
        do {
            let (receipt, place) = try await upload(file, limiter) { onEvent(.progressed(file, $0)) }
            onEvent(.uploaded(file, receipt, keptAt: place))
            return .success(receipt)
        } catch let error as UploadError {
            failure = error
        } catch let error as HTTPError {
            failure = UploadError(.invalidTarget, error.message, cause: error)
        }
        onEvent(.failed(file, failure))
        return .failure(failure)
    }

    private func upload(
        _ file: FilePath, _ limiter: BandwidthLimiter?, _ onProgress: @escaping @Sendable (UploadProgress) -> Void
    ) async throws -> (UploadReceipt, FilePath?) {
        var spooled: SpooledInput?
        if let stream = request.standardInput, file.isDash {
            let folder = request.spoolFolder
            spooled = try await threads.run { try SpooledInput(copying: stream, in: folder) }
        }
        // Read again after every fault, and removed with the last reference.
        defer { withExtendedLifetime(spooled) {} }
        let source = try WorkingFolder.absolute(spooled?.path ?? file)
        let target = try await request.destination.target(for: source, uploader: uploader, threads: threads)
        var options = request.options
        options.onProgress = onProgress
        options.bandwidthLimiter = limiter ?? options.bandwidthLimiter
        // Standard input cannot be read again by another process.
        if spooled != nil { options.discardsWhenCancelled = true }
        let receipt = try await uploader.upload(source, to: target, options: options)
        guard let folder = request.receiptFolder else { return (receipt, nil) }
        return (receipt, try await threads.run { try Self.keep(receipt, of: source, in: folder) })
    }

    /// Keeps a receipt under the file's name and the time, so that none replaces another.
    private static func keep(_ receipt: UploadReceipt, of file: FilePath, in folder: FilePath) throws -> FilePath {
        let name = file.lastComponent?.string ?? "file"
        return try receipt.keep(
            in: try WorkingFolder.absolute(folder),
            named: "\(name).\(WallClock.seconds).\(UInt16.random(in: .min ... .max))")
    }
}
