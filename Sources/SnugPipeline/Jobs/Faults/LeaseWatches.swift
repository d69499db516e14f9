// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import Synchronization

/// Somebody else has the job, or wants its end.
struct LostLease: Error {}

/// The leases of the jobs in hand, by a clock that goes on while the process stands still.
///
/// A process that was stopped for longer than a lease finds it out here, before it does anything that the ledger cannot
/// refuse any more.
final class LeaseWatches: Sendable {
    private struct Watch {
        var fence: Int
        var end: ContinuousClock.Instant
    }

    private let watches = Mutex<[JobID: Watch]>([:])
    private let now: @Sendable () -> ContinuousClock.Instant

    init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) { self.now = now }

    /// Notes a lease.
    /// - Parameter asked: When it was asked for.
    func note(_ lease: JobLease, for duration: Duration, asked: ContinuousClock.Instant) {
        watches.withLock { watches in
            if let known = watches[lease.jobID], known.fence > lease.fence { return }
            watches[lease.jobID] = Watch(fence: lease.fence, end: asked + duration)
        }
    }

    func forget(_ lease: JobLease) {
        watches.withLock { watches in
            if watches[lease.jobID]?.fence == lease.fence { watches[lease.jobID] = nil }
        }
    }

    /// Checks that a lease lasts.
    /// - Throws: ``LostLease``.
    func check(_ lease: JobLease) throws(LostLease) {
        guard let watch = watches.withLock({ $0[lease.jobID] }) else { return }
        guard watch.fence == lease.fence, now() < watch.end else { throw LostLease() }
    }

    /// False for a job in hand whose lease has run out.
    func lasts(_ job: JobID) -> Bool {
        guard let watch = watches.withLock({ $0[job] }) else { return true }
        return now() < watch.end
    }
}
