// SPDX-License-Identifier: Apache-2.0
public import Logging
public import Metrics
public import SnugHTTP
import SnugSystem

/// Generates images through one account of one provider: submits, waits, polls, downloads, and never pays twice.
///
/// Make one for each account and share it: limits, the state of the provider and the tokens of a session belong to the
/// client.
///
/// ```swift
/// let client = try GenerationClient(
///     provider: .pollinations(), credentials: .key(Secret(key)), http: http, checker: checker, logger: logger)
/// let generation = try await client.generate(
///     GenerationRequest(prompt: "a lighthouse at dusk"), to: ImageDestination(folder: "out", name: "lighthouse"))
/// ```
public final class GenerationClient: Sendable {
    let context: ClientContext

    /// - Parameters:
    ///   - provider: The API and its address.
    ///   - credentials: The key or session of the account.
    ///   - http: Sends everything; its retry budget is used too.
    ///   - options: Behaviour.
    ///   - stores: What has to be remembered. The default ends with the process: a submission that is under way at that
    ///     moment can then be paid for twice. `GenerationStores.ledger(_:)` of SnugLedger outlives it.
    ///   - refitter: Fits input images; needed when a request has local ones.
    ///   - host: Puts input images where the provider can fetch them; needed for providers that take addresses only.
    ///   - checker: Checks that a result is a whole image.
    ///   - converter: Converts results for destinations with an extension; without one they keep their own format.
    ///   - logger: Gets a line for every step.
    ///   - metrics: Makes counters and timers.
    public init(
        provider: Provider, credentials: GenerationCredentials, http: HTTPClient,
        options: GenerationOptions = GenerationOptions(), stores: GenerationStores = GenerationStores(),
        refitter: Refitter? = nil, host: (any ImageHost)? = nil, checker: @escaping ImageChecker,
        converter: ImageConverter? = nil, logger: Logger, metrics: any MetricsFactory = MetricsSystem.factory
    ) {
        let threads = BlockingThreads(count: 4)
        let account = ClientContext.account(credentials, provider)
        context = ClientContext(
            provider: provider, credentials: credentials, http: http, options: options, stores: stores,
            refitter: refitter, host: host, logger: logger, instruments: GenerationInstruments(metrics),
            threads: threads,
            reader: ResponseReader(client: http, spoolDirectory: options.spool, threads: threads),
            downloader: ResultDownloader(
                client: http, threads: threads, checker: checker, converter: converter, base: provider.baseURL,
                policy: options.retry, byteLimit: options.resultByteLimit,
                allowsInternal: options.allowsInternalAddresses,
                environment: options.environment),
            limiter: RateLimiter(
                account: account, windows: options.rateLimits.map(\.window), concurrency: options.maximumConcurrency,
                store: stores.accountLimits, logger: logger,
                environment: RateLimiter.Environment(now: options.limiterNow, sleep: options.limiterSleep)),
            breakers: CircuitBreakers(options.breaker, now: options.breakerNow), account: account)
    }

    /// A digest of the account's key, as records name it.
    public var account: String { context.account }

    /// Counts of requests by their status.
    public var counters: StatusCounters { context.counters }

    // MARK: Generating

    /// Generates images and delivers them.
    ///
    /// - Parameters:
    ///   - request: The prompt, the images, the options.
    ///   - destination: The place; with several images `-1`, `-2` and so on is added to the name.
    ///   - name: A name for the work. Given again under its name, interrupted work resumes, with a journal that remembers;
    ///     without a name it stays among ``pending()``.
    ///   - isKept: True keeps the work under its name after it is done: given again, it is not generated again as long as
    ///     its images are there.
    ///   - onEvent: Called with every step, from any thread; it has to be quick.
    /// - Throws: `GenerationError`; `CancellationError`, after which the work may be pending.
    public func generate(
        _ request: GenerationRequest, to destination: ImageDestination, name: String? = nil, isKept: Bool = false,
        onEvent: @escaping @Sendable (GenerationEvent) -> Void = { _ in }
    ) async throws -> Generation {
        try context.dialect.validate(request)
        let call = Call(destination: destination, isKept: isKept, deadline: newDeadline, onEvent: onEvent)
        let parts = split(request, name: name)
        guard parts.count > 1 else {
            let part = SubRequest(request: request, name: name, firstNumber: request.count > 1 ? 1 : nil)
            return try await generateOne(part, call)
        }
        let generation = try await generateBatch(parts, call)
        // Until now the finished parts had to be known for the sake of the others.
        if let name, !isKept {
            for part in names(of: request, under: name) { try await context.journal.remove(part) }
        }
        return generation
    }

    private var newDeadline: ContinuousClock.Instant? { context.options.timeout.map { ContinuousClock.now + $0 } }

    // MARK: Pending work

    /// The work that was started and is not settled, the oldest first.
    /// - Throws: `journal_failed`.
    public func pending() async throws -> [GenerationRecord] {
        try await context.journal.records().filter { isOurs($0) && $0.state != .delivered }
    }

    /// True for records of this provider. Keys change while the account stays, so they do not count.
    func isOurs(_ record: GenerationRecord) -> Bool {
        record.provider == context.provider.name && record.baseURL == context.provider.baseURL.text
    }

    /// Resumes pending work. Held work is sent again, which may be charged a second time: that is the decision it was held
    /// for.
    /// - Parameters:
    ///   - id: ``GenerationRecord/id``.
    ///   - onEvent: As for ``generate(_:to:name:isKept:onEvent:)``.
    /// - Throws: As that.
    public func resume(
        _ id: String, onEvent: @escaping @Sendable (GenerationEvent) -> Void = { _ in }
    ) async throws -> Generation {
        let deadline = newDeadline
        return try await withClaim(on: id) {
            guard var record = try await context.journal.record(id), record.state != .delivered else {
                throw Self.unknown(id)
            }
            try adopt(&record)
            if let found = try await paidFor(record, deadline: deadline, onEvent) { return found }
            var held: GenerationRecord?
            if record.state == .held { held = try await context.journal.record(id) ?? record }
            if held != nil {
                // Delivered by the held submission: only the others are made again.
                let images = try await context.downloader.present(record.earlierImages ?? [])
                record.earlierImages = nil
                record.keepEarlier(images)
                record.state = .preparing
                record.resultURLs = []
                record.submittedAt = nil
                record.jobID = nil
                // A vendor may repeat its response to this key for ever.
                if context.traits.contract == .rejectDuplicate { record.key = Self.newKey() }
            }
            return try await JobDriver(context, record, held: held, deadline: deadline, onEvent: onEvent).run()
        }
    }

    /// Looks for the result of a held submission, before another one is paid for.
    /// - Returns: `nil` when there is none.
    private func paidFor(
        _ record: GenerationRecord, deadline: ContinuousClock.Instant?,
        _ onEvent: @escaping @Sendable (GenerationEvent) -> Void
    ) async throws -> Generation? {
        guard record.state == .held else { return nil }
        var open = record
        if record.resultURLs.isEmpty {
            // A job that the provider knows is polled.
            guard record.jobID != nil, context.traits.hasJobs else { return nil }
            open.state = .accepted
        }
        do {
            return try await JobDriver(context, open, held: record, deadline: deadline, onEvent: onEvent).run()
        } catch let error as GenerationError
            where [.downloadFailed, .badImage, .badResponse, .jobNotFound, .generationFailed, .outcomeUnknown].contains(
                error.code)
        {
            return nil
        }
    }

    /// Keys change. Work that was started with another one is free to poll, and sending it again is a decision; but a
    /// submission that one account may have paid for is not sent by itself to what may be another.
    private func adopt(_ record: inout GenerationRecord) throws(GenerationError) {
        guard isOurs(record), record.account == context.account || record.state != .sending else {
            throw .invalid(
                "id", "\"\(record.id)\" was sent with another key, or to another address; use those, or drop it")
        }
        record.account = context.account
    }

    /// Forgets pending work. A job at the provider continues and is charged; nobody asks for it any more.
    /// - Throws: `journal_failed`; `invalid_request` when nothing has that name.
    public func drop(_ id: String) async throws {
        try await withClaim(on: id) {
            guard try await context.journal.record(id) != nil else { throw Self.unknown(id) }
            try await context.journal.remove(id)
        }
    }

    // MARK: Catalogue and account

    /// The provider's models.
    public func models() async throws -> [ModelDescription] { try await context.models() }

    /// True when the provider tells the results of a job again, as often as it is asked.
    package var givesJobsAgain: Bool { context.traits.hasJobs }

    /// The account's balance; `nil` where the provider does not report it.
    public func balance() async throws -> AccountBalance? { try await context.balance() }

    /// Sends again after a refusal for lack of money, or before a wait is over that the provider asked for.
    public func resumeAccount() async throws { try await context.stores.resumeAccount(context.account) }

    // MARK: One submission

    /// Everything about a call beside its request.
    struct Call: Sendable {
        var destination: ImageDestination
        var isKept: Bool
        var deadline: ContinuousClock.Instant?
        var onEvent: @Sendable (GenerationEvent) -> Void
    }

    func generateOne(_ part: SubRequest, _ call: Call) async throws -> Generation {
        let key = Self.newKey()
        let id = part.name ?? key
        return try await withClaim(on: id) {
            var record = newRecord(part, call, id: id, key: key)
            var incomplete: GenerationRecord?
            if let name = part.name, let known = try await context.journal.record(name) {
                guard part.request.isSame(as: known.request, filesMayMove: context.options.filesMayMove), isOurs(known)
                else {
                    throw GenerationError.invalid(
                        "name", "\"\(name)\" names other work that is not done; choose another name or drop that work")
                }
                if known.state != .delivered {
                    record = known
                    record.isKept = call.isKept || known.isKept == true
                    if context.options.filesMayMove {
                        (record.request, record.destination) = (part.request, call.destination)
                    }
                } else {
                    let images = try await context.downloader.present(known.images ?? [])
                    guard images.count < part.request.count else { return Generation(known, images) }
                    // Fewer came than were asked for, or some were removed: only the missing ones are paid for.
                    if !images.isEmpty {
                        record.keepEarlier(images)
                        incomplete = known
                    }
                }
            }
            let driver = JobDriver(
                context, record, held: incomplete, deadline: call.deadline, onEvent: call.onEvent)
            return try await driver.run()
        }
    }

    private func newRecord(_ part: SubRequest, _ call: Call, id: String, key: String) -> GenerationRecord {
        let seed = part.request.seed ?? (context.traits.needsSeed ? Int.random(in: 0...2_147_483_647) : nil)
        return GenerationRecord(
            id: id, key: key, provider: context.provider.name, baseURL: context.provider.baseURL.text,
            account: context.account, request: part.request, destination: call.destination,
            firstNumber: part.firstNumber, model: nil, seed: seed, bodyDigest: nil, state: .preparing, jobID: nil,
            resultURLs: [], cost: nil, createdAt: context.now, submittedAt: nil, balanceBefore: nil, imageURLs: [],
            note: nil, isKept: call.isKept)
    }

    /// Works on a name while nobody else does.
    private func withClaim<Result>(on id: String, _ body: () async throws -> Result) async throws -> Result {
        guard try await context.journal.claim(id) else {
            throw GenerationError(
                .journalFailed, "another task or process works on \"\(id)\"; wait until it is done")
        }
        do {
            let result = try await body()
            await context.journal.release(id)
            return result
        } catch {
            await context.journal.release(id)
            throw error
        }
    }

    private static func newKey() -> String {
        let bytes = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
        return "snug-" + bytes.hexadecimal
    }

    static func unknown(_ id: String) -> GenerationError {
        .invalid("id", "\"\(id)\" is not pending; list the pending work")
    }
}
