// SPDX-License-Identifier: Apache-2.0

/// Settings of how jobs are handed out, given up and forgotten.
public struct LedgerPolicy: Sendable, Hashable {
    /// Ends of the worker's process in a row while it was at work on a job, after which the job is quarantined. Default 2.
    public var maximumCrashes: Int
    /// Time after which waiting background work gets a turn before interactive work. Default 30 s.
    public var ageing: Duration

    /// Sets a policy.
    public init(maximumCrashes: Int = 2, ageing: Duration = .seconds(30)) {
        self.maximumCrashes = maximumCrashes
        self.ageing = ageing
    }
}

/// How long jobs that are over are remembered.
///
/// Held jobs are never pruned, nor jobs whose idempotency key a provider may still honour.
public struct PruningPolicy: Sendable, Hashable {
    /// Age of delivered jobs; `nil` keeps them. Default 30 days.
    public var delivered: Duration?
    /// Age of cancelled jobs; `nil` keeps them. Default 30 days.
    public var cancelled: Duration?
    /// Age of failed jobs; `nil`, the default, keeps them.
    public var failed: Duration?
    /// Folders whose jobs are meant; `nil`, the default, for all.
    public var folders: Set<String>?

    /// Sets ages.
    public init(
        delivered: Duration? = .seconds(30 * 86_400), cancelled: Duration? = .seconds(30 * 86_400),
        failed: Duration? = nil
    ) {
        self.delivered = delivered
        self.cancelled = cancelled
        self.failed = failed
    }

    var ages: [(state: JobState, age: Duration)] {
        [(.delivered, delivered), (.cancelled, cancelled), (.failed, failed)].compactMap { state, age in
            age.map { (state, $0) }
        }
    }
}
