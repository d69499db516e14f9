// SPDX-License-Identifier: Apache-2.0

/// A customer of the simulated OpenAI-compatible vendor.
public struct OpenAIAccount: Sendable, Hashable {
    /// A name for the ledger.
    public var name: String
    /// API keys, which share the account's limits.
    public var keys: [String]
    /// Requests a minute; `nil` without a limit.
    public var requestsPerMinute: Int?

    /// An account.
    public init(name: String, keys: [String], requestsPerMinute: Int? = nil) {
        self.name = name
        self.keys = keys
        self.requestsPerMinute = requestsPerMinute
    }
}

/// The simulated OpenAI-compatible vendor.
public struct OpenAISettings: Sendable {
    /// The vendor's treatment of `Idempotency-Key`.
    public enum Idempotency: String, Sendable, Hashable, CaseIterable {
        /// Nothing, as at OpenAI.
        case ignored
        /// The stored response comes back; 409 while the first request still runs.
        case replay
        /// A key is good for one request; repeating it is a 422.
        case rejectDuplicate
    }

    /// The customers.
    ///
    /// Default: `main` (`sk-main`, `sk-second`).
    public var accounts: [OpenAIAccount]
    /// The treatment of `Idempotency-Key`.
    public var idempotency: Idempotency
    /// Dollars for one image.
    public var price: Double
    /// Seconds for which a `url` result works.
    public var urlLifetime: Int
    /// The greatest length of an edits request; beyond it 413, as from the proxy in front.
    public var requestLimit: Int

    /// The documented values.
    public init(
        accounts: [OpenAIAccount] = [OpenAIAccount(name: "main", keys: ["sk-main", "sk-second"])],
        idempotency: Idempotency = .ignored, price: Double = 0.04, urlLifetime: Int = 3600,
        requestLimit: Int = 800_000_000
    ) {
        self.accounts = accounts
        self.idempotency = idempotency
        self.price = price
        self.urlLifetime = urlLifetime
        self.requestLimit = requestLimit
    }
}
