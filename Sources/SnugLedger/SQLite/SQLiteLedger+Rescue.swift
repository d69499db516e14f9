// SPDX-License-Identifier: Apache-2.0
internal import GRDB
internal import Synchronization

extension SQLiteLedger {
    /// Takes jobs back from workers that are gone: at once when their process has ended, and when a lease was not renewed.
    ///
    /// A clock that is set forward ends all leases at once. So a worker that lives loses a job only when its lease stays
    /// unrenewed for as long again, at most a minute, by a clock that never jumps.
    func rescue() async throws {
        let (workerID, overdueSince) = (workerID, environment.now())
        let (running, late) = try await look { transaction in
            (
                try String.fetchAll(
                    try transaction.cached(
                        "SELECT DISTINCT owner FROM jobs WHERE state = 'running' AND owner <> :worker",
                        ["worker": workerID])),
                try transaction.fetch(
                    JobRow.self, "SELECT \(JobRow.columns) FROM jobs WHERE state = 'running' AND lease_until <= :now",
                    ["now": overdueSince.milliseconds]
                ).map(\.job)
            )
        }
        let gone = liveness.gone(among: running)
        let expired = noteOverdue(late)
        guard !gone.isEmpty || !expired.isEmpty else { return }
        let policy = policy
        try await transact { transaction in
            for worker in gone { try transaction.bury(worker, policy: policy) }
            for job in expired { try transaction.rescue(job, .leaseExpired, policy: policy) }
        }
        for worker in gone { worker.forget() }
    }

    /// Those of the jobs with a lease that ran out that have been so for long enough.
    private func noteOverdue(_ late: [Job]) -> [Job] {
        let elapsed = environment.elapsed()
        return overdue.withLock { overdue in
            overdue = overdue.filter { known in late.contains { $0.id == known.key } }
            return late.filter { job in
                guard let until = job.leaseUntil?.milliseconds else { return false }
                if let known = overdue[job.id], known.fence == job.fence, known.until == until {
                    let lease = until - job.since.milliseconds
                    // Less than nothing after a clock was set back.
                    let grace = lease > 0 ? min(lease, Self.longestGrace) : Self.longestGrace
                    return (elapsed - known.seenAt).wholeMilliseconds >= grace
                }
                overdue[job.id] = OverdueLease(fence: job.fence, until: until, seenAt: elapsed)
                return false
            }
        }
    }

    /// Milliseconds.
    private static let longestGrace = 60_000
}

extension LedgerTransaction {
    /// Frees what a worker had whose process has ended.
    func bury(_ worker: WorkerLiveness.Gone, policy: LedgerPolicy) throws {
        let jobs = try fetch(
            JobRow.self, "SELECT \(JobRow.columns) FROM jobs WHERE state = 'running' AND owner = :worker",
            ["worker": worker.id])
        for row in jobs {
            let loss = Job.Loss.processEnded(isSuspected: worker.worked.contains(row.job.id))
            try rescue(row.job, loss, policy: policy)
        }
        try forget(worker: worker.id)
    }

    /// Frees what a worker had that ends in an orderly way.
    func retire(worker: String) throws {
        let jobs = try fetch(
            JobRow.self, "SELECT \(JobRow.columns) FROM jobs WHERE state = 'running' AND owner = :worker",
            ["worker": worker])
        for row in jobs {
            var job = row.job
            let ending = job.release(now: now)
            try closeStep(row.job.openIntent, as: ending)
            try save(job, replacing: row.job, verb: "release")
        }
        try forget(worker: worker)
    }

    private func forget(worker: String) throws {
        try execute("UPDATE locks SET owner = '' WHERE owner = :worker", ["worker": worker])
        try execute("DELETE FROM workers WHERE id = :worker", ["worker": worker])
    }

    /// Takes a job back if its worker still has it under the same claim.
    func rescue(_ seen: Job, _ loss: Job.Loss, policy: LedgerPolicy) throws {
        guard let old = try job(seen.id), let lease = JobLease(seen), lease.holds(old),
            old.leaseUntil == seen.leaseUntil
        else { return }
        var job = old
        let ending = job.rescue(loss, maximumCrashes: policy.maximumCrashes, now: now)
        try closeStep(old.openIntent, as: ending)
        try save(job, replacing: old, verb: "rescue")
    }
}
