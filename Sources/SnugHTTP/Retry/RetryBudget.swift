// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// A bucket of tokens that retries pay from: in an outage it runs dry, and traffic stays near what it was without
/// retries instead of a multiple of it.
public struct RetryBudget: Sendable {
    /// The bucket's figures; those of the AWS clients unless changed.
    public struct Settings: Sendable, Hashable {
        /// Tokens at most, and at the start. Default 500.
        public var capacity = 500.0
        /// What a retry costs. Default 14.
        public var retryCost = 14.0
        /// What a retry costs after the server asked for less. Default 5.
        public var throttledCost = 5.0
        /// What a success at the first attempt brings. Default 1.
        public var successCredit = 1.0
        /// What a second brings by itself, so that a bucket emptied by an outage recovers without traffic. Default 0.5.
        public var tokensPerSecond = 0.5

        /// The defaults.
        public init() {}
    }

    private let settings: Settings
    private var updated: ContinuousClock.Instant
    /// What is left.
    public private(set) var tokens: Double

    /// A full bucket.
    public init(_ settings: Settings = Settings(), now: ContinuousClock.Instant = .now) {
        self.settings = settings
        tokens = settings.capacity
        updated = now
    }

    /// Pays for a retry.
    /// - Returns: What was paid, to be given back when the retry succeeds; `nil` when there is not enough.
    public mutating func pay(throttled: Bool, now: ContinuousClock.Instant = .now) -> Double? {
        refill(now)
        let cost = throttled ? settings.throttledCost : settings.retryCost
        guard tokens >= cost else { return nil }
        tokens -= cost
        return cost
    }

    /// Books a success: the retry's own cost back, or a little for a clean one.
    public mutating func succeed(paid: Double?, now: ContinuousClock.Instant = .now) {
        refill(now)
        tokens = min(settings.capacity, tokens + (paid ?? settings.successCredit))
    }

    private mutating func refill(_ now: ContinuousClock.Instant) {
        guard now > updated else { return }
        tokens = min(settings.capacity, tokens + settings.tokensPerSecond * (now - updated).seconds)
        updated = now
    }
}

/// One budget a host, shared by everything that goes through a client.
package final class RetryBudgets: Sendable {
    private let settings: RetryBudget.Settings
    private let budgets = Mutex<[String: RetryBudget]>([:])

    package init(_ settings: RetryBudget.Settings = RetryBudget.Settings()) { self.settings = settings }

    package func pay(_ origin: String, throttled: Bool) -> Double? {
        withBudget(origin) { $0.pay(throttled: throttled) }
    }

    package func succeed(_ origin: String, paid: Double?) {
        withBudget(origin) { $0.succeed(paid: paid) }
    }

    /// What is left for retries to a host.
    package func tokens(_ origin: String) -> Double { withBudget(origin) { $0.tokens } }

    private func withBudget<Result: Sendable>(_ origin: String, _ body: (inout RetryBudget) -> Result) -> Result {
        budgets.withLock { budgets in
            // Hosts come from configuration, but a bound costs nothing.
            if budgets.count >= 1024, budgets[origin] == nil { budgets.removeAll() }
            var budget = budgets[origin] ?? RetryBudget(settings)
            defer { budgets[origin] = budget }
            return body(&budget)
        }
    }
}
