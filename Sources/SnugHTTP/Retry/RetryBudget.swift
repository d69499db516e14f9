// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// A bucket of tokens that retries pay from. In an outage it runs dry, so that retries do not multiply the traffic.
public struct RetryBudget: Sendable {
    /// The figures of the bucket, by default those of the AWS clients.
    public struct Settings: Sendable, Hashable {
        /// Maximum number of tokens, and their number at the start. Default 500.
        public var capacity = 500.0
        /// The cost of a retry. Default 14.
        public var retryCost = 14.0
        /// The cost of a retry after the server asked for fewer requests. Default 5.
        public var throttledCost = 5.0
        /// Tokens gained by a success at the first attempt. Default 1.
        public var successCredit = 1.0
        /// Tokens gained each second, so that a bucket emptied by an outage recovers without traffic. Default 0.5.
        public var tokensPerSecond = 0.5

        /// The defaults.
        public init() {}
    }

    private let settings: Settings
    private var updated: ContinuousClock.Instant
    /// Tokens in the bucket.
    public private(set) var tokens: Double

    /// A full bucket.
    public init(_ settings: Settings = Settings(), now: ContinuousClock.Instant = .now) {
        self.settings = settings
        tokens = settings.capacity
        updated = now
    }

    /// Pays for a retry.
    /// - Returns: The price, which is given back when the retry succeeds; `nil` when there are not enough tokens.
    public mutating func pay(throttled: Bool, now: ContinuousClock.Instant = .now) -> Double? {
        refill(now)
        let cost = throttled ? settings.throttledCost : settings.retryCost
        guard tokens >= cost else { return nil }
        tokens -= cost
        return cost
    }

    /// Books a success: gives the price of the retry back, or a little for a first attempt.
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

/// One budget for each host, shared by all requests of a client.
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

    /// Tokens left for retries to a host.
    package func tokens(_ origin: String) -> Double { withBudget(origin) { $0.tokens } }

    private func withBudget<Result: Sendable>(_ origin: String, _ body: (inout RetryBudget) -> Result) -> Result {
        budgets.withLock { budgets in
            // Hosts come from the configuration, but a bound costs nothing.
            if budgets.count >= 1024, budgets[origin] == nil { budgets.removeAll() }
            var budget = budgets[origin] ?? RetryBudget(settings)
            defer { budgets[origin] = budget }
            return body(&budget)
        }
    }
}
