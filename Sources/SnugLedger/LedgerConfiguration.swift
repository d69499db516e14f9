// SPDX-License-Identifier: Apache-2.0

/// Settings of a ledger in SQLite.
public struct LedgerConfiguration: Sendable {
    /// Settings of how jobs are handed out and given up.
    public var policy: LedgerPolicy
    /// Time and chance.
    public var environment: LedgerEnvironment
    /// The longest wait for other processes that write. Default 10 s.
    public var busyTimeout: Duration
    /// False allows a file system that other machines may write to, which loses data. Default true.
    public var refusesNetworkFileSystems: Bool
    /// The largest file that is checked when it is opened after a process that did not close it. Default 32 MiB, which takes
    /// some tenths of a second; larger ones are for ``SQLiteLedger/checkIntegrity()``.
    public var maximumBytesCheckedAtStart = 32 << 20
    /// Is told each statement, for tests of their plans.
    var onStatement: (@Sendable (String) -> Void)?

    /// Sets up a ledger.
    public init(
        policy: LedgerPolicy = LedgerPolicy(), environment: LedgerEnvironment = .system,
        busyTimeout: Duration = .seconds(10), refusesNetworkFileSystems: Bool = true
    ) {
        self.policy = policy
        self.environment = environment
        self.busyTimeout = busyTimeout
        self.refusesNetworkFileSystems = refusesNetworkFileSystems
    }
}
