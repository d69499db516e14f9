// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// Leases that have run out although their workers live, and when that was first seen.
///
/// A clock that is set forward ends all leases at once. So a worker that lives loses a job only when its lease stays
/// unrenewed for as long again, at most a minute, by a clock that never jumps.
final class OverdueLeases: Sendable {
    private struct Overdue {
        var fence: Int
        var until: Int
        var seenAt: Duration
    }

    /// Milliseconds.
    private static let longestGrace = 60_000

    private let known = Mutex<[JobID: Overdue]>([:])

    /// Those of the jobs with a lease that ran out that have been so for long enough.
    func note(_ late: [Job], elapsed: Duration) -> [Job] {
        known.withLock { overdue in
            overdue = overdue.filter { known in late.contains { $0.id == known.key } }
            return late.filter { job in
                guard let until = job.leaseUntil?.milliseconds else { return false }
                if let known = overdue[job.id], known.fence == job.fence, known.until == until {
                    let lease = until - job.since.milliseconds
                    // Less than nothing after a clock was set back.
                    let grace = lease > 0 ? min(lease, Self.longestGrace) : Self.longestGrace
                    return (elapsed - known.seenAt).wholeMilliseconds >= grace
                }
                overdue[job.id] = Overdue(fence: job.fence, until: until, seenAt: elapsed)
                return false
            }
        }
    }
}
