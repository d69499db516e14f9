// SPDX-License-Identifier: Apache-2.0

extension SharedLedger {
    /// Extends a lease.
    /// - Throws: `stale_lease`.
    public func renew(_ lease: JobLease, for duration: Duration) async throws -> JobLease {
        try await transact { transaction in
            let old = try transaction.job(under: lease)
            var job = old
            job.leaseUntil = transaction.now + duration
            try transaction.save(job, replacing: old, verb: nil)
            guard let renewed = JobLease(job) else { return lease }
            return renewed
        }
    }
}

extension LedgerTransaction {
    /// Jobs that follow a clock in one transaction; the rest do in the next ones.
    private static let followingCount = 1000

    /// Keeps the delays of what waits after the clock was set back: what began in the future begins now.
    ///
    /// Moments that a person named stay what they are.
    func followClock() throws {
        try execute(
            """
            UPDATE jobs SET due_at = :now + (due_at - since), since = :now WHERE id IN (
                SELECT id FROM jobs WHERE state = 'waiting' AND since > :now LIMIT :limit)
            """, ["now": now.milliseconds, "limit": Self.followingCount])
        try execute(
            """
            UPDATE holds SET until = :now + (until - since), since = :now
            WHERE since > :now AND until > since AND reason_code <> :request
            """, ["now": now.milliseconds, "request": JobReason.byRequest])
    }

    /// Lets jobs go whose pause is over.
    func endPauses() throws {
        let ended = try fetch(
            JobRow.self,
            "SELECT \(JobRow.columns) FROM jobs WHERE state = 'paused' AND paused_until <= :now\(database.rowLock)",
            ["now": now.milliseconds])
        for row in ended {
            var job = row.job
            job.unpause(now: now)
            try save(job, replacing: row.job, verb: "unpause")
        }
    }
}
