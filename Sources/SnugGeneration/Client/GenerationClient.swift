// SPDX-License-Identifier: Apache-2.0
public import Logging
public import Metrics
public import SnugHTTP
import SystemPackage

/// Makes images through one account of one provider: submits, waits, polls, fetches, and never pays twice.
///
/// Make one for each account and share it: limits, the state of the provider and the tokens of a session are known to the
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
    ///   - provider: Who is asked.
    ///   - credentials: With what the account makes itself known.
    ///   - http: Sends everything; also the budget of retries is its own.
    ///   - options: How it behaves.
    ///   - journal: Remembers what was sent. The default forgets it with the process: what was on its way when the process
    ///     ended can then be paid for twice. ``FileJournal`` remembers.
    ///   - refitter: Makes input images fit; needed when there are any of this machine.
    ///   - host: Puts input images where the provider fetches them; needed for providers that take addresses only.
    ///   - checker: Looks whether what came is a whole image.
    ///   - logger: Told of every step.
    ///   - metrics: Where figures go.
    /// - Throws: `output_failed` when there are no threads to be had.
    public init(
        provider: Provider, credentials: GenerationCredentials, http: HTTPClient,
        options: GenerationOptions = GenerationOptions(), journal: any GenerationJournal = InMemoryJournal(),
        refitter: Refitter? = nil, host: (any ImageHost)? = nil, checker: @escaping ImageChecker, logger: Logger,
        metrics: any MetricsFactory = MetricsSystem.factory
    ) throws(GenerationError) {
        let threads = try FileThreads()
        let account = ClientContext.account(credentials, provider)
        let state = options.stateDirectory
        context = ClientContext(
            provider: provider, credentials: credentials, http: http, options: options, journal: journal,
            refitter: refitter, host: host, logger: logger, instruments: GenerationInstruments(metrics),
            threads: threads,
            reader: ResponseReader(client: http, spoolDirectory: options.spool, threads: threads),
            downloader: ResultDownloader(
                client: http, threads: threads, checker: checker, base: provider.baseURL, policy: options.retry,
                byteLimit: options.resultByteLimit, environment: options.environment),
            limiter: RateLimiter(
                account: account, windows: options.rateLimits.map(\.window), concurrency: options.maximumConcurrency,
                directory: state?.appending("rate-limits"), threads: threads, logger: logger,
                environment: RateLimiter.Environment(now: options.limiterNow, sleep: options.limiterSleep)),
            breakers: CircuitBreakers(options.breaker, now: options.breakerNow),
            limits: ObservedInputLimits(directory: state, threads: threads, logger: logger), account: account,
            claims: JobClaims(state?.appending("jobs-" + account), threads: threads, logger: logger))
    }

    /// The account by a digest of its key, as records name it.
    public var account: String { context.account }

    /// How requests ended, by status.
    public var counters: StatusCounters { context.counters }

    // MARK: Generating

    /// Makes images and puts them in their place.
    ///
    /// - Parameters:
    ///   - request: What is to be made.
    ///   - destination: Where to; with several images `-1`, `-2` and so on is added to the name.
    ///   - name: A name of the work. Work that was interrupted goes on when it is given again under its name, on a journal
    ///     that remembers; without a name it stays among ``pending()``.
    ///   - isKept: Whether work stays known under its name after it is done: given again, it is not made again as long as
    ///     its images are there.
    ///   - onEvent: Told of every step, from any thread; it has to be quick.
    /// - Throws: `GenerationError`; `CancellationError`, after which the work may be pending.
    public func generate(
        _ request: GenerationRequest, to destination: ImageDestination, name: String? = nil, isKept: Bool = false,
        onEvent: @escaping @Sendable (GenerationEvent) -> Void = { _ in }
    ) async throws -> Generation {
        try context.dialect.validate(request)
        let deadline = context.options.timeout.map { ContinuousClock.now + $0 }
        let pieces = split(request, name: name)
        guard pieces.count > 1 else {
            let number = request.count > 1 ? 1 : nil
            return try await one(request, destination, number, name, isKept, deadline, onEvent)
        }
        let generation = try await several(pieces, destination, deadline, onEvent)
        // Until now the pieces that are done were not to be made again for the sake of the others.
        if let name, !isKept {
            for piece in names(of: request, under: name) { try await context.journal.remove(piece) }
        }
        return generation
    }

    /// Everything that was begun and is not settled, the oldest first.
    /// - Throws: `journal_failed`.
    public func pending() async throws -> [GenerationRecord] {
        try await context.journal.records().filter { isOurs($0) && $0.state != .delivered }
    }

    /// Whether a record is of this provider. Keys change while the account stays, so they do not count.
    private func isOurs(_ record: GenerationRecord) -> Bool {
        record.provider == context.provider.name && record.baseURL == context.provider.baseURL.text
    }

    /// Takes up something pending. What is held is sent again, which may be paid for a second time: that is the decision
    /// that it was held for.
    /// - Parameters:
    ///   - id: ``GenerationRecord/id``.
    ///   - onEvent: As for ``generate(_:to:name:isKept:onEvent:)``.
    /// - Throws: As that.
    public func resume(
        _ id: String, onEvent: @escaping @Sendable (GenerationEvent) -> Void = { _ in }
    ) async throws -> Generation {
        let deadline = context.options.timeout.map { ContinuousClock.now + $0 }
        return try await claimed(id) {
            guard var record = try await context.journal.record(id), record.state != .delivered else {
                throw Self.unknown(id)
            }
            let held = record.state == .held ? record : nil
            try adopt(&record)
            if held != nil {
                record.state = .preparing
                record.resultURLs = []
                record.submittedAt = nil
                record.jobID = nil
                // An image that was asked for with this key once may be what the vendor answers with for ever.
                if context.traits.contract == .rejectDuplicate { record.key = Self.newKey() }
            }
            return try await JobDriver(context, record, held: held, deadline: deadline, onEvent: onEvent).run()
        }
    }

    /// Keys change. What was begun with another one is free to ask for, and to send again is a decision; but what may have
    /// been charged to one account is not sent by itself to what may be another.
    private func adopt(_ record: inout GenerationRecord) throws(GenerationError) {
        guard isOurs(record), record.account == context.account || record.state != .sending else {
            throw .invalid(
                "id", "\"\(record.id)\" was sent with another key, or to another address; give those, or drop it")
        }
        record.account = context.account
    }

    /// Forgets something pending. A job of the provider's goes on, and is charged; nobody asks for it any more.
    /// - Throws: `journal_failed`; `invalid_request` when there is nothing of that name.
    public func drop(_ id: String) async throws {
        try await claimed(id) {
            guard try await context.journal.record(id) != nil else { throw Self.unknown(id) }
            try await context.journal.remove(id)
        }
    }

    // MARK: Catalogue and account

    /// The models that the provider has.
    public func models() async throws -> [ModelDescription] { try await context.models() }

    /// What the account has left; `nil` where the provider does not tell.
    public func balance() async throws -> AccountBalance? { try await context.balance() }

    /// Sends again after a failure for want of money: the account was topped up.
    public func resumeAccount() { context.standing.goOn() }

    // MARK: One submission

    func one(
        _ request: GenerationRequest, _ destination: ImageDestination, _ number: Int?, _ name: String?,
        _ isKept: Bool, _ deadline: ContinuousClock.Instant?, _ onEvent: @escaping @Sendable (GenerationEvent) -> Void
    ) async throws -> Generation {
        let key = Self.newKey()
        return try await claimed(name ?? key) {
            var record = begin(request, destination, number, id: name ?? key, key: key)
            record.isKept = isKept
            if let name, let known = try await context.journal.record(name) {
                guard known.request == request, isOurs(known) else {
                    throw GenerationError.invalid(
                        "name", "\"\(name)\" is that of other work, which is not done; give another or drop it")
                }
                if known.state != .delivered {
                    record = known
                    record.isKept = isKept || known.isKept == true
                } else if let images = known.images, try await context.downloader.areThere(images) {
                    return Generation(known, images)
                }
            }
            return try await JobDriver(context, record, deadline: deadline, onEvent: onEvent).run()
        }
    }

    private func begin(
        _ request: GenerationRequest, _ destination: ImageDestination, _ number: Int?, id: String, key: String
    ) -> GenerationRecord {
        let seed = request.seed ?? (context.traits.needsSeed ? Int.random(in: 0...2_147_483_647) : nil)
        return GenerationRecord(
            id: id, key: key, provider: context.provider.name, baseURL: context.provider.baseURL.text,
            account: context.account, request: request, destination: destination, firstNumber: number, model: nil,
            seed: seed, bodyDigest: nil, state: .preparing, jobID: nil, resultURLs: [], cost: nil,
            createdAt: context.now, submittedAt: nil, balanceBefore: nil, imageURLs: [], note: nil)
    }

    /// Does something alone with a name.
    private func claimed<Result>(_ id: String, _ body: () async throws -> Result) async throws -> Result {
        guard try await context.journal.claim(id) else {
            throw GenerationError(
                .journalFailed, "somebody else works on \"\(id)\" at the moment; wait until that is over")
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
        func half() -> String {
            let digits = String(UInt64.random(in: .min ... .max), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        return "snug-" + half() + half()
    }

    static func unknown(_ id: String) -> GenerationError {
        .invalid("id", "\"\(id)\" is not pending; list what is")
    }
}
