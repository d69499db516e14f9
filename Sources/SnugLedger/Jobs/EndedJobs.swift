// SPDX-License-Identifier: Apache-2.0

/// Jobs that failed or were cancelled, as the host of their files looks for them.
public struct EndedJobs: Sendable, Hashable {
    /// The jobs, the oldest change first. Some may have been in the look before.
    public var jobs: [Job]
    /// The moment to look from the next time, by the ledger's clock.
    public var next: LedgerInstant

    /// Time that a look goes back, for changes that were on their way to the ledger during the one before.
    private static let overlap = Duration.seconds(30)

    /// Begins to look.
    init(at now: LedgerInstant) {
        jobs = []
        next = now
    }

    init(_ jobs: [Job], since: LedgerInstant, now: LedgerInstant) {
        self.jobs = jobs.sorted { ($0.since, $0.id) < ($1.since, $1.id) }
        next = max(since, now - Self.overlap)
    }
}
