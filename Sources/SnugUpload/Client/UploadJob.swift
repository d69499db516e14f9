// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import Logging
internal import SnugHTTP
internal import SnugSystem
internal import Synchronization
internal import SystemPackage

/// The state and the dependencies of one upload, for all protocols.
final class UploadJob: Sendable {
    struct Tally {
        var attempts = 0
        var retries = 0
        var bytesSent = 0
        /// Bytes at the server, for each separately sent piece of the file.
        var confirmedPieces: [Int: Int] = [:]
        var inFlight: [Int: Int] = [:]
        var chunkSize: Int
        var note: UploadProgress.Note?
        var isSent = false

        var confirmed: Int { confirmedPieces.values.reduce(0, +) }
        /// Bytes at the server or on their way.
        var underWay: Int { confirmed + inFlight.values.reduce(0, +) }
    }

    let source: UploadSource
    let target: UploadTarget
    let options: UploadOptions
    let client: HTTPClient
    let store: (any UploadStore)?
    let limits: HostLimits
    let environment: RetryEnvironment
    let logger: Logger
    let key: String
    /// Knows what the target's credentials are, for what servers echo.
    let scrubber: Scrubber
    let tally: Mutex<Tally>
    private let saved = Mutex<UploadRecord?>(nil)

    init(
        source: UploadSource, target: UploadTarget, options: UploadOptions, client: HTTPClient,
        store: (any UploadStore)?, limits: HostLimits, environment: RetryEnvironment, logger: Logger
    ) {
        self.source = source
        self.target = target
        self.options = options
        self.client = client
        self.store = store
        self.limits = limits
        self.environment = environment
        self.logger = logger
        key = UploadRecord.key(
            path: options.recordName ?? source.path, target: target.url.text, uploadProtocol: target.uploadProtocol)
        scrubber = Scrubber(
            target.headers, target.url, and: [target.s3?.secretKey, target.s3?.sessionToken].compactMap(\.self))
        tally = Mutex(Tally(chunkSize: options.chunkSize))
    }

    var length: Int { source.byteCount }

    /// A copy of the job with a short deadline, for cleaning up.
    func withShortDeadline(_ time: Duration) -> UploadJob {
        var options = options
        options.deadline = .now + time
        options.attemptsWithoutProgress = 2
        options.onProgress = nil
        return UploadJob(
            source: source, target: target, options: options, client: client, store: store, limits: limits,
            environment: environment, logger: logger)
    }

    // MARK: Records

    /// Keeps the record in memory and in the store.
    func save(_ record: UploadRecord) async throws {
        saved.withLock { $0 = record }
        try await store?.save(record)
    }

    /// The record saved last, in this process or an earlier one.
    func record() async throws -> UploadRecord? {
        if let record = saved.withLock({ $0 }) { return record }
        return try await store?.record(key)
    }

    /// The maximum that the target's host accepts in one request, if known.
    func learntCeiling() async throws -> Int? {
        try await limits.ceiling(of: target.url.origin, now: environment.wallClock())
    }

    func learn(ceiling: Int) async throws {
        try await limits.remember(ceiling: ceiling, of: target.url.origin, now: environment.wallClock())
    }

    /// The result of a request, other than cancellation, which is thrown.
    enum Exchange {
        case responded(ClientResponse)
        case failure(HTTPError)

        var response: ClientResponse? {
            switch self {
            case .responded(let response): response
            case .failure(let error): error.response
            }
        }

        /// Bytes of the body that left this machine, if the transport counted them.
        var bytesSent: Int? {
            switch self {
            case .responded(let response): response.attempts.first?.bytesSent
            case .failure(let error): error.attempts.first?.bytesSent
            }
        }

        /// True when all of the body may have reached the server.
        var bodyLeft: Bool {
            switch self {
            case .responded: true
            case .failure(let error): error.outcome == .sentWithoutResponse || error.outcome == .responded
            }
        }

        /// True when all of a body left this machine.
        func hasSentAll(_ body: HTTPBody) -> Bool { (bytesSent ?? .max) >= (body.byteCount ?? 0) }

        /// True for a success that came before the whole body had left: the server cannot mean these bytes.
        func isPremature(_ body: HTTPBody) -> Bool {
            response?.isSuccess == true && !hasSentAll(body)
        }
    }

    /// Sends one request once, with the time limits and headers of the job, and counts it.
    ///
    /// - Throws: `source_changed` or `source_failed` when the file could not be read to the end; `CancellationError`.
    /// - Parameters:
    ///   - slot: A number for each of the requests that run at the same time, for the progress.
    ///   - needsWholeResponse: True when the body of the response decides. Otherwise its status is enough, even if its
    ///     body is too large or ends too early.
    func exchange(
        _ method: HTTPRequest.Method, _ url: HTTPURL, _ headers: HTTPFields = [:], body: HTTPBody? = nil, slot: Int = 0,
        cap: Int = 1 << 20, usesTargetHeaders: Bool = true, needsWholeResponse: Bool = false,
        change: (inout ClientRequest) -> Void = { _ in }
    ) async throws -> Exchange {
        var request = ClientRequest(method, url, headerFields: usesTargetHeaders ? target.headers : [:], body: body)
        for field in headers { request.headerFields[fields: field.name] = [field] }
        let hasData = (body?.byteCount ?? 1) > 0 && body != nil
        request.clocks = ClientRequest.Clocks(
            deadline: options.deadline,
            attemptTimeout: hasData ? options.attemptTimeout : min(options.attemptTimeout, .seconds(60)),
            stallTimeout: options.stallTimeout)
        request.bandwidthLimiter = hasData ? options.bandwidthLimiter : nil
        if hasData {
            request.onProgress = { [self] in moved($0.bytesSent, slot: slot) }
            tally.withLock { $0.attempts += 1 }
        }
        change(&request)
        let result: Exchange
        do {
            result = .responded(cleaned(try await client.send(request, into: .collect(maximum: cap))))
        } catch var error as HTTPError {
            error.response = error.response.map(cleaned)
            if !needsWholeResponse, let response = error.headOnlyResponse {
                result = .responded(response)
            } else {
                result = .failure(error)
            }
        }
        tally.withLock {
            $0.bytesSent += result.bytesSent ?? 0
            $0.inFlight[slot] = nil
        }
        if case .failure(let error) = result, error.code == .bodyFailed {
            // The fault is on this side: asking the server would not help.
            try source.checkUnchanged()
            throw UploadError(
                .sourceFailed, "\(source.path): \(error.message)", resumption: .startOver, cause: error)
        }
        return result
    }

    /// A response without the credentials that it echoes.
    private func cleaned(_ response: ClientResponse) -> ClientResponse {
        var response = response
        response.body = scrubber.hide(response.body)
        return response
    }

    // MARK: Progress

    private func moved(_ bytes: Int, slot: Int) {
        tally.withLock { $0.inFlight[slot] = bytes }
        report()
    }

    /// Notes the bytes of a piece that are at the server.
    func confirm(_ bytes: Int, slot: Int = 0, chunkSize: Int, newRetries: Int = 0) {
        tally.withLock {
            $0.confirmedPieces[slot] = bytes
            $0.chunkSize = chunkSize
            $0.retries += newRetries
        }
        report()
    }

    func note(_ note: UploadProgress.Note) {
        tally.withLock { $0.note = note }
        logger.info("upload changed course", metadata: ["note": "\(note.rawValue)", "path": "\(source.path)"])
        report()
    }

    private func report() {
        guard let onProgress = options.onProgress else { return }
        onProgress(
            tally.withLock {
                UploadProgress(
                    bytesSent: min(length, $0.underWay), bytesTotal: length, chunkSize: $0.chunkSize,
                    retries: $0.retries, note: $0.note)
            })
    }

    /// True when the hash of the whole file may read up to an offset. Reading shortly before sending reads the disk
    /// once; a hash further ahead would compete with sending for the disk.
    @Sendable
    func mayHash(_ end: Int) -> Bool { tally.withLock { $0.isSent || end <= $0.underWay + 128 << 20 } }

    func sendingEnded() { tally.withLock { $0.isSent = true } }

    // MARK: Retrying

    var rules: RetryRules {
        RetryRules(
            attemptsWithoutProgress: max(1, options.attemptsWithoutProgress), longestWait: options.retry.longestHint,
            delay: { [retry = options.retry] failures, random, throttled in
                retry.delay(afterFailures: failures, throttled: throttled, random: random)
            })
    }

    /// Waits, and throws if the deadline would pass meanwhile.
    func wait(_ duration: Duration) async throws {
        if let deadline = options.deadline, ContinuousClock.now + duration >= deadline {
            throw UploadError(
                .deadlineExceeded, "the deadline would pass before the next attempt", resumption: .startOver)
        }
        try await environment.sleep(duration)
    }
}
