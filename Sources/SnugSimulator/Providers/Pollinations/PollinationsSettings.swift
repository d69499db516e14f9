// SPDX-License-Identifier: Apache-2.0

/// A customer of the simulated Pollinations.
public struct PollinationsAccount: Sendable, Hashable {
    /// A name for the ledger.
    public var name: String
    /// Keys, `sk_` or `pk_`.
    public var keys: [String]
    /// Paid pollen left.
    ///
    /// At 0 one generation may run at a time.
    public var balance: Double
    /// True when the keys may read balance and usage.
    public var mayReadUsage: Bool

    /// An account.
    public init(name: String, keys: [String], balance: Double = 100, mayReadUsage: Bool = true) {
        self.name = name
        self.keys = keys
        self.balance = balance
        self.mayReadUsage = mayReadUsage
    }
}

/// The simulated Pollinations.
public struct PollinationsSettings: Sendable {
    /// The customers.
    ///
    /// Default: `paid` (`sk_paid`, `sk_paid2`), `site` (`pk_site`), `free` (`sk_free`, without paid balance) and `narrow`
    /// (`sk_narrow`, which may not read usage).
    public var accounts: [PollinationsAccount]
    /// Pollen for one image.
    public var price: Double
    /// Pollen that a publishable key may spend an hour.
    public var publishableAllowance: Double
    /// Bytes of a request to `/v1/images/edits` beyond which the model behind it answers 413.
    public var editLimit: Int

    /// The documented values, and guesses where nothing is documented.
    public init(
        accounts: [PollinationsAccount] = [
            PollinationsAccount(name: "paid", keys: ["sk_paid", "sk_paid2"]),
            PollinationsAccount(name: "site", keys: ["pk_site"]),
            PollinationsAccount(name: "free", keys: ["sk_free"], balance: 0),
            PollinationsAccount(name: "narrow", keys: ["sk_narrow"], mayReadUsage: false),
        ],
        price: Double = 0.25, publishableAllowance: Double = 1, editLimit: Int = 10_000_000
    ) {
        self.accounts = accounts
        self.price = price
        self.publishableAllowance = publishableAllowance
        self.editLimit = editLimit
    }
}
