// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
public import Logging
public import SnugHTTP
internal import Synchronization
public import SystemPackage

/// Uploads files: streamed in chunks, resumed after anything up to a power cut, verified at the end.
///
/// Share one for all uploads of a process: it reuses connections, and remembers the limits of hosts.
public final class Uploader: Sendable {
    let client: HTTPClient
    let store: (any UploadStore)?
    private let limits: HostLimits
    private let environment: RetryEnvironment
    /// Maximum time for removing a cancelled upload's data. With ``UploadOptions/creationGrace`` before it, cancelling
    /// takes less than a second.
    let discardTimeout: Duration
    /// Maximum time for removing the data of each upload that was cancelled before.
    let cleanUpTimeout: Duration
    /// Maximum time for asking a server for its protocol, or for what it has: it has nothing to work on.
    let questionTimeout: Duration
    let logger: Logger

    /// - Parameters:
    ///   - client: The HTTP client.
    ///   - store: The records of pending uploads; without a store they do not survive the process.
    ///   - logger: Receives events that appear in no result or error.
    public convenience init(client: HTTPClient, store: (any UploadStore)?, logger: Logger) {
        self.init(client: client, store: store, logger: logger, environment: RetryEnvironment())
    }

    package init(
        client: HTTPClient, store: (any UploadStore)?, logger: Logger, environment: RetryEnvironment,
        discardTimeout: Duration = .milliseconds(450), cleanUpTimeout: Duration = .seconds(2),
        questionTimeout: Duration = .seconds(30)
    ) {
        self.client = client
        self.discardTimeout = discardTimeout
        self.cleanUpTimeout = cleanUpTimeout
        self.questionTimeout = questionTimeout
        self.store = store
        limits = HostLimits(store)
        self.logger = logger
        self.environment = environment
    }

    /// Sends a file and checks the result.
    ///
    /// Cancelling the task ends the upload within a second. Unless the options keep it, the data at the server is
    /// removed at once or, if that takes longer, after the next upload to that server or by
    /// ``removeDiscarded(_:target:)``.
    /// - Throws: `UploadError`, which tells the way to continue; `CancellationError`.
    public func upload(
        _ path: FilePath, to target: UploadTarget, options: UploadOptions = UploadOptions()
    ) async throws -> UploadReceipt {
        let source = try UploadSource(path)
        guard HTTPField.isValidValue(target.contentType) else {
            throw UploadError(
                .invalidTarget, "the media type has characters that cannot be sent; write it like image/jpeg")
        }
        let job = makeJob(source, target, options)
        try await store?.lock(job.key)
        do {
            try await options.willSend?()
            let receipt = try await uploadLocked(job)
            await options.didSend?(receipt)
            await store?.unlock(job.key)
            return receipt
        } catch {
            await store?.unlock(job.key)
            throw error
        }
    }

    private func uploadLocked(_ job: UploadJob) async throws -> UploadReceipt {
        let start = ContinuousClock.now
        let (record, isResumed) = try await beginRecord(job)
        do {
            return try await upload(job, record, isResumed: isResumed, start: start)
        } catch is CancellationError {
            try await ended(job, by: nil)
            throw CancellationError()
        } catch let error as UploadError {
            try await ended(job, by: error)
            throw error
        }
    }

    private func upload(
        _ job: UploadJob, _ record: UploadRecord, isResumed: Bool, start: ContinuousClock.Instant
    ) async throws -> UploadReceipt {
        async let digest = job.options.checksums ? job.source.wholeSHA256(pacedBy: job.mayHash) : nil
        var receipt = try await Self.run(job, record)
        job.sendingEnded()
        try job.source.checkUnchanged()
        receipt.sha256 = try await digest
        receipt.seconds = (ContinuousClock.now - start) / .seconds(1)
        receipt.resumed = isResumed
        await cleanUp(job)
        // Last: a process killed before this finds the upload again, one killed after it sends the file again.
        do {
            try await store?.remove(job.key)
        } catch {
            logger.warning("the record of a finished upload stays", metadata: ["error": "\(error)"])
        }
        return receipt
    }

    /// Keeps of an upload that failed or was cancelled what its next run needs, and removes the rest.
    private func ended(_ job: UploadJob, by error: UploadError?) async throws {
        // A request that may have taken effect is neither removed nor repeated: a person checks it, and decides.
        if error?.code == .outcomeUnknown { return }
        guard let record = try await job.record() else { return }
        // What has not begun leaves nothing to list or to forget.
        guard record.hasBegun else { return try await store?.remove(job.key) ?? () }
        if record.lacksResponse { return }
        guard let error else {
            if job.options.discardsWhenCancelled { await discard(job) }
            return
        }
        switch error.code {
        case .sourceChanged: await discard(job)
        // The upload at the server cannot be trusted; what is at the target's own address may be another's.
        case .serverMisbehaved where record.isAt(job.target.url): try await store?.remove(job.key)
        case .serverMisbehaved: await discard(job)
        // A refused upload cannot be resumed, and resuming with a changed file would produce garbage.
        default: if error.resumption == .none { await discard(job) }
        }
    }

    /// The error that another upload of a file would end with because a request with it may have taken effect.
    package func missingResponseError(_ path: FilePath, to target: UploadTarget) async -> UploadError? {
        let key = UploadRecord.key(path: path, target: target.url.text, uploadProtocol: target.uploadProtocol)
        let record = try? await store?.record(key)
        return record?.lacksResponse == true ? .noResponse : nil
    }

    /// The uploads that were begun and not finished.
    /// - Throws: `state_failed`.
    public func pending() async throws -> [UploadRecord] {
        // An upload that was only requested has no data anywhere.
        try await store?.records().filter(\.hasBegun) ?? []
    }

    /// Forgets a pending upload here and leaves the server's data alone.
    /// - Throws: `state_failed`.
    public func forget(_ record: UploadRecord) async throws { try await store?.remove(record.key) }

    func makeJob(_ source: UploadSource, _ target: UploadTarget, _ options: UploadOptions) -> UploadJob {
        UploadJob(
            source: source, target: target, options: options, client: client, store: store, limits: limits,
            environment: environment, logger: logger)
    }

    private func beginRecord(_ job: UploadJob) async throws -> (UploadRecord, isResumed: Bool) {
        let fresh = UploadRecord(
            key: job.key, path: (job.options.recordName ?? job.source.path).string,
            input: job.options.inputName?.string, fingerprint: job.source.fingerprint,
            bytes: job.length,
            target: job.target.url.description, uploadProtocol: job.target.uploadProtocol,
            created: environment.wallClock())
        guard let old = try await store?.record(job.key) else { return (fresh, false) }
        if old.lacksResponse, old.bytes == fresh.bytes, !job.options.repeatsUnknown { throw UploadError.noResponse }
        let isSameFile = old.fingerprint == fresh.fingerprint
        let isExpired = old.isExpired(now: environment.wallClock())
        let isRepeated = job.options.repeatsUnknown && old.sentEverything
        guard job.options.resumes, !old.isDiscarded, isSameFile, !isExpired, !isRepeated else {
            if isExpired { job.note(.startedOverBecauseExpired) }
            if !isSameFile { job.note(.startedOverBecauseFileChanged) }
            // Otherwise the data of the old upload would stay at the server for ever.
            await discard(job)
            return (fresh, false)
        }
        let isResumed = old.hasBegun && old.creating == nil
        if isResumed { job.note(.resumed) }
        return (old, isResumed)
    }

    private static func run(_ job: UploadJob, _ record: UploadRecord) async throws -> UploadReceipt {
        switch job.target.uploadProtocol {
        case .tus: return try await runTus(job, record)
        case .s3: return try await S3Upload(job: job).run(record)
        case .resumable: return try await runOffset(job, DraftDialect(job: job), RecordKeeper(record, of: job))
        case .rangedPut: return try await runOffset(job, RangedPutDialect(job: job), RecordKeeper(record, of: job))
        case .put: return try await WholeUpload(job: job, keeper: RecordKeeper(record, of: job)).put()
        case .form: return try await WholeUpload(job: job, keeper: RecordKeeper(record, of: job)).form()
        }
    }

    private static func runOffset(
        _ job: UploadJob, _ dialect: any OffsetDialect, _ keeper: RecordKeeper
    ) async throws -> UploadReceipt {
        var upload = try OffsetUpload(job: job, dialect: dialect, keeper: keeper)
        let completion = try await upload.run()
        return try await receipt(job, completion) { try await dialect.confirm($0) }
    }

    /// Sends pieces in parallel if the options ask for it and the server can join them, else the file in one sequence.
    private static func runTus(_ job: UploadJob, _ record: UploadRecord) async throws -> UploadReceipt {
        let parallel = TusParallelUpload(job: job, keeper: RecordKeeper(record, of: job))
        guard let completion = try await parallel.run() else {
            let dialect = TusDialect(job: job, keeper: parallel.keeper)
            return try await runOffset(job, dialect, parallel.keeper)
        }
        return try await receipt(job, completion) { _ in .length }
    }

    private static func receipt(
        _ job: UploadJob, _ completion: OffsetUpload.Completion,
        confirm: (HTTPURL) async throws -> UploadReceipt.Confirmation
    ) async throws -> UploadReceipt {
        if !completion.isConfirmed, job.options.unconfirmed == .fail {
            throw UploadError(
                .outcomeUnknown,
                "the whole file was sent, its response was lost, and the server no longer knows the upload; check "
                    + "the server before sending it again", resumption: .none)
        }
        let url = completion.upload ?? job.target.url
        var confirmation = completion.isConfirmed ? try await confirm(url) : .unconfirmed
        if let headers = completion.response?.headerFields,
            try await job.compareDigest(headers, of: url, isAboutObject: false)
        {
            confirmation = .checksum
        }
        return job.receipt(url: url, confirmation: confirmation, response: completion.response)
    }
}

extension UploadJob {
    /// The receipt, without the facts that the job does not know.
    func receipt(url: HTTPURL, confirmation: UploadReceipt.Confirmation, response: ClientResponse?) -> UploadReceipt {
        let tally = tally.withLock { $0 }
        return UploadReceipt(
            url: url.redacted, uploadProtocol: target.uploadProtocol, bytes: length,
            etag: response?.headerFields[.eTag],
            confirmation: confirmation,
            attempts: tally.attempts, retries: tally.retries, bytesSent: tally.bytesSent, seconds: 0, resumed: false,
            response: response.flatMap {
                $0.body.isEmpty ? nil : String(decoding: $0.body.prefix(65536), as: UTF8.self)
            })
    }
}
