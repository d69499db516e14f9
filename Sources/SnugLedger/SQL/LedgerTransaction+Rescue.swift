// SPDX-License-Identifier: Apache-2.0

extension LedgerTransaction {
    /// Frees what a worker had whose process has ended.
    ///
    /// - Parameter worked: The jobs that it was at work on.
    func bury(_ worker: String, worked: Set<JobID>, policy: LedgerPolicy) throws {
        let jobs = try fetch(
            JobRow.self,
            "SELECT \(JobRow.columns) FROM jobs WHERE state = 'running' AND owner = :worker\(database.rowLock)",
            ["worker": worker])
        for row in jobs {
            let loss = Job.Loss.processEnded(isSuspected: worked.contains(row.job.id))
            try rescue(row.job, loss, policy: policy)
        }
        try forget(worker: worker)
    }

    /// Frees what a worker had that ends in an orderly way.
    func retire(worker: String) throws {
        let jobs = try fetch(
            JobRow.self,
            "SELECT \(JobRow.columns) FROM jobs WHERE state = 'running' AND owner = :worker\(database.rowLock)",
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
