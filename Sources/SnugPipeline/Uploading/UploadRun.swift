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
    /// It was cancelled; with an error when a request may have taken effect.
    case interrupted(FilePath, UploadError?)
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
    /// - Throws: `name_collision` when two files would get the same address, before anything is sent; ``UploadError``
    ///   when the server cannot be asked for its protocol; `CancellationError`, and whether parts stay at the server is
    ///   up to the options.
    @discardableResult
    public func run(onEvent: @escaping @Sendable (UploadEvent) -> Void = { _ in }) async throws -> UploadReport {
        let chosen = try await request.destination.chosenProtocol(uploader)
        let plan = try UploadPlan.addresses(
            of: request.inputs, below: request.destination.url, chosen, ranged: request.destination.ranged,
            collisions: request.collisions)
        let job = FileJob(
            request: request, uploader: uploader, threads: threads, uploadProtocol: chosen,
            limiter: request.bytesPerSecond.map { BandwidthLimiter(bytesPerSecond: $0) }, onEvent: onEvent)
        return try await withThrowingTaskGroup(of: (FilePath, Result<UploadReceipt, UploadError>).self) { group in
            var report = UploadReport()
            func note(_ result: (file: FilePath, outcome: Result<UploadReceipt, UploadError>)?) {
                guard let result else { return }
                switch result.outcome {
                case .success(let receipt): report.receipts[result.file] = receipt
                case .failure(let error): report.failures.append((result.file, error))
                }
            }
            for (number, entry) in plan.enumerated() {
                if number >= max(1, request.maximumConcurrency) { note(try await group.next()) }
                group.addTask { (entry.input.file, try await job.outcome(of: entry)) }
            }
            for try await result in group { note(result) }
            return report
        }
    }
}

/// Uploads one file of a run.
private struct FileJob: Sendable {
    let request: UploadRequest
    let uploader: Uploader
    let threads: BlockingThreads
    let uploadProtocol: UploadProtocol
    let limiter: BandwidthLimiter?
    let onEvent: @Sendable (UploadEvent) -> Void

    func outcome(of entry: UploadPlan.Entry) async throws -> Result<UploadReceipt, UploadError> {
        let file = entry.input.file
        var spooled: SpooledInput?
        // Read again after every fault, and removed with the last reference.
        defer { withExtendedLifetime(spooled) {} }
        let failure: UploadError
        do {
            if let stream = request.standardInput, file.isDash {
                let folder = request.spoolFolder
                spooled = try await threads.run { try SpooledInput(copying: stream, in: folder) }
            }
            let source = try WorkingFolder.absolute(spooled?.path ?? file)
            let receipt = try await upload(source, entry, isSpooled: spooled != nil)
            onEvent(.uploaded(file, receipt, keptAt: await kept(receipt, of: file)))
            return .success(receipt)
        } catch let error as UploadError {
            failure = error
        } catch let error as HTTPError {
            failure = UploadError(.invalidTarget, error.message, cause: error)
        } catch is CancellationError {
            onEvent(.interrupted(file, await unanswered(entry)))
            throw CancellationError()
        }
        onEvent(.failed(file, failure))
        return .failure(failure)
    }

    private func upload(_ source: FilePath, _ entry: UploadPlan.Entry, isSpooled: Bool) async throws -> UploadReceipt {
        let target = try await request.destination.target(for: source, at: entry.url, uploadProtocol, threads: threads)
        let file = entry.input.file
        var options = request.options
        options.onProgress = { [onEvent] in onEvent(.progressed(file, $0)) }
        options.bandwidthLimiter = limiter ?? options.bandwidthLimiter
        // Standard input cannot be read again by another process.
        if isSpooled { options.discardsWhenCancelled = true }
        return try await uploader.upload(source, to: target, options: options)
    }

    /// The error of a cancelled upload whose request may have taken effect.
    private func unanswered(_ entry: UploadPlan.Entry) async -> UploadError? {
        guard let source = try? WorkingFolder.absolute(entry.input.file) else { return nil }
        let target = UploadTarget(entry.url, uploadProtocol)
        return await uploader.unansweredError(source, to: target)
    }

    /// Keeps a receipt. The file is delivered, so a receipt that cannot be kept is no failure of the upload.
    private func kept(_ receipt: UploadReceipt, of file: FilePath) async -> FilePath? {
        guard let folder = request.receiptFolder else { return nil }
        return try? await DetachedThread.value { try Self.keep(receipt, of: file, in: folder) }
    }

    /// Keeps a receipt under the file's name and the time, so that none replaces another. A long name is cut: the
    /// receipt has to fit a folder whose names have a limit.
    private static func keep(_ receipt: UploadReceipt, of file: FilePath, in folder: FilePath) throws -> FilePath {
        let name = file.isDash ? "stdin" : file.lastComponent?.string ?? "file"
        var short = name
        while short.utf8.count > 120 { short.removeLast() }
        return try receipt.keep(
            in: try WorkingFolder.absolute(folder),
            named: "\(short).\(WallClock.seconds).\(UInt16.random(in: .min ... .max))")
    }
}
