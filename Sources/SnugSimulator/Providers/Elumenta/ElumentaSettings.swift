// SPDX-License-Identifier: Apache-2.0

/// A customer of the simulated Elumenta.
public struct ElumentaAccount: Sendable, Hashable {
    /// The account's plan.
    public enum Plan: String, Sendable, Hashable, CaseIterable {
        /// Starter.
        case free
        /// Basic.
        case basic
        /// Pro.
        case pro
        /// VIP: may have API keys.
        case vip
        /// Elite: may have API keys, no rate limits.
        case elite

        /// Requests an hour and a day, or `nil` without limits.
        var windows: (hour: Int, day: Int)? {
            switch self {
            case .free: (5, 20)
            case .basic: (30, 200)
            case .pro: (60, 500)
            case .vip: (100, 1000)
            case .elite: nil
            }
        }

        var mayUseKeys: Bool { self == .vip || self == .elite }
    }

    /// A name for the ledger.
    public var name: String
    /// For `POST /auth/login`.
    public var email: String
    /// For `POST /auth/login`.
    public var password: String
    /// The plan.
    public var plan: Plan
    /// API keys: `nb_` and 45 more characters each; they share the account's limits.
    public var keys: [String]
    /// Tokens left.
    public var balance: Int

    /// An account.
    public init(name: String, plan: Plan, keys: [String] = [], balance: Int = 1000, password: String = "password") {
        self.name = name
        email = "\(name)@example.test"
        self.password = password
        self.plan = plan
        self.keys = keys
        self.balance = balance
    }

    /// A key of the right form that ends in `name`.
    public static func key(_ name: String) -> String {
        "nb_" + String(repeating: "0", count: max(0, 45 - name.count)) + name.suffix(45)
    }
}

/// The simulated Elumenta.
public struct ElumentaSettings: Sendable {
    /// The customers.
    ///
    /// Default: `elite`, `vip` (with the keys ``ElumentaAccount/key(_:)`` of `elite`, `vip` and `vip2`) and `starter`.
    public var accounts: [ElumentaAccount]
    /// Length of the hour window in seconds.
    public var hour: Int
    /// Length of the day window in seconds.
    public var day: Int
    /// Seconds that an access token lives.
    public var accessTokenLifetime: Int
    /// Seconds that a refresh token lives.
    public var refreshTokenLifetime: Int
    /// True when polls count against the windows; the documentation does not say.
    public var countsPolls: Bool

    /// The documented values.
    public init(
        accounts: [ElumentaAccount] = [
            ElumentaAccount(name: "elite", plan: .elite, keys: [ElumentaAccount.key("elite")]),
            ElumentaAccount(name: "vip", plan: .vip, keys: [ElumentaAccount.key("vip"), ElumentaAccount.key("vip2")]),
            ElumentaAccount(name: "starter", plan: .free, balance: 20),
        ],
        hour: Int = 3600, day: Int = 86_400, accessTokenLifetime: Int = 900,
        refreshTokenLifetime: Int = 30 * 86_400, countsPolls: Bool = false
    ) {
        self.accounts = accounts
        self.hour = hour
        self.day = day
        self.accessTokenLifetime = accessTokenLifetime
        self.refreshTokenLifetime = refreshTokenLifetime
        self.countsPolls = countsPolls
    }
}
