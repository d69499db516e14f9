// SPDX-License-Identifier: Apache-2.0

/// Settings of a ledger.
public struct LedgerConfiguration: Sendable {
    /// Settings of how jobs are handed out and given up.
    public var policy: LedgerPolicy
    /// Time and chance.
    public var environment: LedgerEnvironment
    /// The longest wait for other processes that write, and for a service that cannot be reached; an opening waits six times
    /// as long for others. Default 10 s.
    public var busyTimeout: Duration
    /// False allows a file system that other machines may write to, which loses data. Default true.
    public var refusesNetworkFileSystems: Bool
    /// The largest file that is checked when it is opened after a process that did not close it. Default 32 MiB, which takes
    /// some tenths of a second; larger ones are for ``SQLiteLedger/checkIntegrity()``.
    public var maximumBytesCheckedAtStart = 32 << 20
    /// True takes the time of day from a PostgreSQL service, because the clocks of hosts may differ. Default true.
    public var usesDatabaseClock = true
    /// Connections to a PostgreSQL service at most, beside the one that shows that this process lives. Default 4.
    public var maximumConnections = 4
    /// Time for which a worker's connection to a PostgreSQL service has to be gone before its jobs are taken back.
    ///
    /// It is the time in which a worker that lives may connect again. Default 10 s.
    public var lostConnectionGrace = Duration.seconds(10)
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
