// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import HTTPTypes
import Logging
import SnugHTTP
import SnugSystem
import SystemPackage

/// Keeps one account within its provider's limits: several windows and a number of requests at once, for all tasks of this
/// process and, through a shared store, for all processes of this machine.
///
/// Requests are let go in the order in which they were asked for. A wait that is longer than there is time is refused at
/// once, with the time at which to come back.
final class RateLimiter: Sendable {
    /// Time, as the limiter sees it.
    struct Environment: Sendable {
        /// Seconds since 1970.
        var now: @Sendable () -> Double = { Date().timeIntervalSince1970 }
        var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    }

    private let windows: [RateWindow]
    private let concurrency: Int?
    private let account: String
    private let store: any AccountLimitStore
    private let environment: Environment
    private let logger: Logger
    private let mutex = AsyncMutex()
    private let changes = AsyncEvent()

    /// The interval of checks for a slot that another process gives back.
    private static let slotCheckInterval = Duration.milliseconds(250)

    /// - Parameters:
    ///   - account: What the limits hold for; a digest of a key, never the key.
    ///   - windows: Limits that are known beforehand; those that the provider tells of come by themselves.
    ///   - concurrency: Requests at once.
    ///   - store: Keeps the count of requests.
    init(
        account: String, windows: [RateWindow] = [], concurrency: Int? = nil,
        store: any AccountLimitStore = InMemoryAccountLimits(), logger: Logger,
        environment: Environment = Environment()
    ) {
        self.account = account
        self.windows = windows
        self.concurrency = concurrency
        self.environment = environment
        self.logger = logger
        self.store = store
    }

    // MARK: Sending

    /// Does `body` when the limits allow it. It counts as one request, and as running until `body` is over.
    /// - Parameters:
    ///   - maximumWait: The longest to wait; `nil` for as long as it takes.
    ///   - longestHint: The longest to wait because the provider says so, where that is less.
    ///   - onWait: Told of each wait that begins, and of the window that is full.
    /// - Throws: `rate_limited` when the wait is longer than `maximumWait`; `output_failed`; `CancellationError`; what `body`
    ///   throws.
    func withPermit<Result>(
        maximumWait: Duration? = nil, longestHint: Duration? = nil,
        onWait: (Duration, _ window: String) -> Void = { _, _ in },
        _ body: (RatePermit) async throws -> Result
    ) async throws -> Result {
        let permit = try await acquire(maximumWait: maximumWait, longestHint: longestHint, onWait: onWait)
        do {
            let result = try await body(permit)
            await release(permit)
            return result
        } catch {
            await release(permit)
            throw error
        }
    }

    private func acquire(
        maximumWait: Duration?, longestHint: Duration?, onWait: (Duration, String) -> Void
    ) async throws -> RatePermit {
        let giveUp = maximumWait.map { environment.now() + $0.seconds }
        if !mutex.tryLock() {
            try await refuseIfHopeless(giveUp)
            try await enter(giveUp)
        }
        defer { mutex.unlock() }
        var announced: String?
        while true {
            try Task.checkCancellation()
            switch try await ask() {
            case .granted(let permit): return permit
            case .full(let wait, let window, let isCertain):
                // When a slot is free is unknown; when a window is free is known, so there is nothing to wait for.
                let now = environment.now()
                if let giveUp, isCertain ? now + wait.seconds > giveUp : now >= giveUp {
                    throw Self.limitReached(wait, window, now: now)
                }
                // What was set beforehand is meant to be waited for.
                let isOwn = !isCertain || windows.contains { $0.name == window }
                if let longestHint, !isOwn, wait > longestHint { throw Self.limitReached(wait, window, now: now) }
                if announced != window { onWait(wait, window) }
                announced = window
                // Another process may learn that it is over sooner.
                let nap = store.isShared ? min(wait, .seconds(30)) : wait
                await sleep(giveUp.map { min(nap, .seconds(max(0, $0 - now))) } ?? nap)
            }
        }
    }

    private enum Admission: Sendable {
        case granted(RatePermit)
        case full(Duration, window: String, isCertain: Bool)
    }

    private func ask() async throws -> Admission {
        var slot: RequestSlot?
        if let limit = try await concurrencyLimit() {
            slot = try await store.takeSlot(account, of: limit)
            if slot == nil {
                // A full window tells when to come back, which a taken slot does not.
                return try await fullWindow() ?? .full(Self.slotCheckInterval, window: "concurrency", isCertain: false)
            }
        }
        let permit = RatePermit(
            id: UInt64.random(in: .min ... .max), begun: environment.now(), slot: slot)
        do {
            let admission: Admission = try await store.update(account) { [windows] state in
                state.prune(windows, now: permit.begun)
                if let full = Self.full(state, windows, now: permit.begun) { return full }
                state.begin(permit.id, now: permit.begun)
                return .granted(permit)
            }
            if case .full = admission { await permit.giveBackSlot() }
            return admission
        } catch {
            await permit.giveBackSlot()
            throw error
        }
    }

    private func concurrencyLimit() async throws -> Int? {
        let now = environment.now()
        let told = try await store.update(account) { [windows] state in
            state.prune(windows, now: now)
            return state.concurrency
        }
        return [concurrency, told].compactMap { $0 }.min()
    }

    private func fullWindow() async throws -> Admission? {
        let now = environment.now()
        return try await store.update(account) { [windows] in Self.full($0, windows, now: now) }
    }

    private static func full(_ state: RateLimitState, _ windows: [RateWindow], now: Double) -> Admission? {
        guard case .wait(let until, let window) = state.decide(windows, now: now) else { return nil }
        return .full(.seconds(until - now), window: window, isCertain: true)
    }

    private func release(_ permit: RatePermit) async {
        await permit.giveBackSlot()
        let (now, counts) = (environment.now(), permit.counts)
        do {
            try await store.update(account) { $0.end(permit.id, counts: counts, now: now) }
        } catch {
            // It counts as under way for a while, which errs on the right side.
            logger.warning("a finished request could not be noted", metadata: ["error": "\(error)"])
        }
        changes.signal()
    }

    // MARK: Waiting

    /// Refuses a request at once that would wait too long behind the others.
    private func refuseIfHopeless(_ giveUp: Double?) async throws {
        guard let giveUp else { return }
        let (now, position) = (environment.now(), mutex.count)
        let decision = try await store.update(account) { [windows] in $0.decide(windows, position: position, now: now) }
        if case .wait(let until, let window) = decision, until > giveUp {
            throw Self.limitReached(.seconds(until - now), window, now: now)
        }
    }

    private func enter(_ giveUp: Double?) async throws {
        guard let giveUp else { return try await mutex.lock() }
        let isIn = try await mutex.lock { [environment] in
            try await environment.sleep(.seconds(max(0, giveUp - environment.now())))
        }
        if !isIn { throw Self.limitReached(Self.slotCheckInterval, "queue", now: environment.now()) }
    }

    private func sleep(_ wait: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [environment] in
                // Cancellation is seen by whoever asked.
                try? await environment.sleep(wait)
            }
            group.addTask { [changes] in await changes.wait() }
            _ = await group.next()
            group.cancelAll()
        }
    }

    private static func limitReached(_ wait: Duration, _ window: String, now: Double) -> GenerationError {
        let seconds = Int(wait.seconds.rounded(.up))
        let reason =
            window == RateLimitState.parkedName
            ? "the provider asked to wait" : "the limit of requests (\(window)) is reached"
        var error = GenerationError(.rateLimited, "\(reason); try again in \(seconds) s")
        error.retryAfter = wait
        error.retryAt = Int((now + wait.seconds).rounded(.up))
        return error
    }

    // MARK: Learning

    /// Seconds since 1970.
    var now: Double { environment.now() }

    /// Learns from a response's headers, whatever its status.
    /// - Parameter sent: When its request was about to be sent: ``RatePermit/begun``, or ``now`` at the time.
    func learn(_ headers: HTTPFields, sent: Double) async throws {
        let now = environment.now()
        let report = RateReport(headers, now: now)
        guard !report.windows.isEmpty else { return }
        try await store.update(account) { $0.learn(report, sent: sent, now: now) }
        changes.signal()
    }

    /// The longest wait that one response imposes on an account. No provider here documents a longer one.
    static let longestPark = Duration.seconds(3600)

    /// Sends nothing for so long: the provider asked for it. Longer than a day is a mistake or a forgery.
    func park(for wait: Duration) async throws {
        let until = environment.now() + min(wait, WaitHint.longest).seconds
        try await store.update(account) { $0.park(until: until) }
    }

    /// Sends no more than so many at once for an hour: the provider said so.
    func limitConcurrency(to count: Int) async throws {
        let now = environment.now()
        try await store.update(account) { $0.limitConcurrency(count, now: now) }
    }

    /// Requests that could go now; `nil` when nothing limits them.
    func available() async throws -> Int? {
        let now = environment.now()
        return try await store.update(account) { [windows] in $0.available(windows, now: now) }
    }
}
