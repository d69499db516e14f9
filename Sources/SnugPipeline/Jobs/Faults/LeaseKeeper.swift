// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugLedger
import Synchronization

/// Renews the leases of the jobs in hand for as long as their work takes: one timer for all, because most work is over long
/// before its lease. Also looks every second for jobs that somebody wants cancelled, in whichever process.
final class LeaseKeeper: Sendable {
    /// A lease that is kept.
    struct Entry: Sendable {
        fileprivate let id: UInt64
    }

    private struct Kept {
        var lease: JobLease
        var dueAt: ContinuousClock.Instant
        var isLost = false
        /// Ends the work.
        let end: @Sendable () -> Void
    }

    private struct State {
        var kept: [UInt64: Kept] = [:]
        var lastID: UInt64 = 0
        var isTicking = false
    }

    private let ledger: any LedgerStore
    private let watches: LeaseWatches
    private let leaseTime: Duration
    private let logger: Logger
    private let state = Mutex(State())

    init(ledger: any LedgerStore, watches: LeaseWatches, leaseTime: Duration, logger: Logger) {
        self.ledger = ledger
        self.watches = watches
        self.leaseTime = leaseTime
        self.logger = logger
    }

    /// Leases that are kept.
    var count: Int { state.withLock { $0.kept.count } }

    /// Keeps a lease until it is released.
    /// - Parameter end: Called when the job is somebody else's, or is to be cancelled.
    func keep(_ lease: JobLease, _ end: @escaping @Sendable () -> Void) -> Entry {
        let (entry, begins) = state.withLock { state in
            state.lastID += 1
            state.kept[state.lastID] = Kept(lease: lease, dueAt: .now + leaseTime / 3, end: end)
            defer { state.isTicking = true }
            return (Entry(id: state.lastID), !state.isTicking)
        }
        if begins { beginTicking() }
        return entry
    }

    /// True when the job is somebody else's.
    func isLost(_ entry: Entry) -> Bool { state.withLock { $0.kept[entry.id]?.isLost ?? false } }

    /// Keeps a lease no longer.
    func release(_ entry: Entry) { state.withLock { $0.kept[entry.id] = nil } }

    /// Looks for leases that are to be renewed, until none is kept.
    private func beginTicking() {
        let tick = min(leaseTime / 30, .seconds(1))
        // No parent: it serves all jobs, and ends by itself.
        Task { [self] in
            while true {
                try? await Task.sleep(for: tick)
                let now = ContinuousClock.now
                let due = state.withLock { state -> [(UInt64, JobLease)]? in
                    if state.kept.isEmpty {
                        state.isTicking = false
                        return nil
                    }
                    let due = state.kept.filter { !$0.value.isLost && $0.value.dueAt <= now }
                    for id in due.keys { state.kept[id]?.dueAt = now + leaseTime / 3 }
                    return due.map { ($0.key, $0.value.lease) }
                }
                guard let due else { return }
                await endCancelled()
                // One that takes long keeps no other waiting.
                for (id, lease) in due { Task { await self.renew(lease, id) } }
            }
        }
    }

    /// Ends the work on jobs that are to be cancelled.
    private func endCancelled() async {
        let kept = state.withLock { $0.kept.values.filter { !$0.isLost } }
        guard !kept.isEmpty else { return }
        let filter = JobFilter(ids: kept.map(\.lease.jobID), states: [.running], limit: kept.count)
        do {
            for job in try await ledger.list(filter) where job.isCancelRequested {
                for one in kept where one.lease.jobID == job.id && one.lease.fence == job.fence { one.end() }
            }
        } catch {
            // The renewal of the lease asks again.
            logger.debug("jobs to be cancelled cannot be looked for", metadata: ["reason": "\(error)"])
        }
    }

    private func renew(_ lease: JobLease, _ id: UInt64) async {
        do {
            let asked = ContinuousClock.now
            let renewed = try await ledger.renew(lease, for: leaseTime)
            let end = state.withLock { state -> (@Sendable () -> Void)? in
                // The work may be over by now.
                guard let kept = state.kept[id] else { return nil }
                state.kept[id]?.lease = renewed
                watches.note(renewed, for: leaseTime, asked: asked)
                return renewed.isCancelRequested ? kept.end : nil
            }
            end?()
        } catch let error as LedgerError where error.code == .staleLease {
            let kept = state.withLock { state in
                state.kept[id]?.isLost = true
                return state.kept[id]
            }
            kept?.end()
        } catch {
            // A disk that is full now may have room before the lease runs out.
            logger.warning("lease cannot be renewed", metadata: ["reason": "\(error)"])
        }
    }
}
