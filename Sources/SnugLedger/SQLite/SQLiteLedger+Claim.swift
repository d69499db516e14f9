// SPDX-License-Identifier: Apache-2.0
internal import GRDB

extension SQLiteLedger {
    /// Hands out the jobs that are due.
    public func claim(_ request: ClaimRequest) async throws -> [ClaimedJob] {
        try await rescue()
        let (workerID, ageing) = (workerID, policy.ageing)
        return try await transact { transaction in
            try transaction.followClock()
            try transaction.endPauses()
            var claimed: [ClaimedJob] = []
            while claimed.count < request.limit {
                guard let head = try transaction.nextHead(request.steps, ageing: ageing),
                    let old = try transaction.job(head.jobID)
                else { break }
                var job = old
                job.claim(by: workerID, for: request.lease, now: transaction.now)
                try transaction.save(job, replacing: old, verb: "claim")
                try transaction.serve(head)
                guard let lease = JobLease(job) else { break }
                let pending = try transaction.deliveries(of: job.id).filter { $0.deliveredAt == nil }
                claimed.append(ClaimedJob(job: job, lease: lease, pendingDeliveries: pending))
            }
            return claimed
        }
    }

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

    /// Notes that the work on a claimed job begins, in the file whose lock shows that this process lives.
    public func beginWork(under lease: JobLease) { liveness.marks.add(lease.jobID) }

    /// Notes that the work on a claimed job is over.
    public func endWork(under lease: JobLease) { liveness.marks.remove(lease.jobID) }
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
            WHERE since > :now AND until IS NOT NULL AND reason_code <> :request
            """, ["now": now.milliseconds, "request": JobReason.byRequest])
    }

    /// Lets jobs go whose pause is over.
    func endPauses() throws {
        let ended = try fetch(
            JobRow.self, "SELECT \(JobRow.columns) FROM jobs WHERE state = 'paused' AND paused_until <= :now",
            ["now": now.milliseconds])
        for row in ended {
            var job = row.job
            job.unpause(now: now)
            try save(job, replacing: row.job, verb: "unpause")
        }
    }

    /// The job whose turn it is.
    func nextHead(_ steps: Set<JobStep>, ageing: Duration) throws -> LaneHead? {
        let holds = try holds()
        // A job that has ended its process before runs without another of that kind, so that it takes no other down with it.
        let suspects = try Int.fetchOne(
            try cached("SELECT count(*) FROM jobs WHERE state = 'running' AND crashes > 0", [:]))
        var best: LaneHead?
        for row in try fetch(LaneRow.self, "SELECT * FROM lanes ORDER BY served") where steps.contains(row.step) {
            let isHeld = holds.contains {
                $0.holds(folder: row.folder, account: row.account, step: row.step, now: now)
            }
            guard !isHeld, let head = try head(of: row, allowsSuspects: suspects == 0) else { continue }
            if best.map({ head.precedes($0, now: now, ageing: ageing) }) ?? true { best = head }
        }
        return best
    }

    private func head(of row: LaneRow, allowsSuspects: Bool) throws -> LaneHead? {
        let first = try fetch(
            HeadRow.self,
            """
            SELECT id, due_at FROM jobs
            WHERE state = 'waiting' AND folder = :folder AND account = :account AND step = :step AND priority = :priority
                AND due_at <= :now AND (crashes = 0 OR :suspects)
            ORDER BY due_at, id LIMIT 1
            """,
            [
                "folder": row.folder, "account": row.account, "step": row.step.rawValue,
                "priority": row.priority.rawValue, "now": now.milliseconds, "suspects": allowsSuspects ? 1 : 0,
            ]
        ).first
        return first.map { first in
            LaneHead(
                lane: row.lane, served: row.served, claimedAt: LedgerInstant(milliseconds: row.claimedAt),
                jobID: JobID(trusted: first.id), dueAt: LedgerInstant(milliseconds: first.dueAt))
        }
    }

    /// Notes that a lane and its folder had their turn.
    func serve(_ head: LaneHead) throws {
        try execute(
            "UPDATE lanes SET served = (SELECT max(served) + 1 FROM lanes) WHERE folder = :folder",
            ["folder": head.lane.folder])
        try execute(
            """
            UPDATE lanes SET claimed_at = :now
            WHERE folder = :folder AND account = :account AND step = :step AND priority = :priority
            """, head.lane.arguments &+ ["now": now.milliseconds])
    }
}

private struct LaneRow: Decodable, FetchableRecord {
    static var databaseColumnDecodingStrategy: DatabaseColumnDecodingStrategy { .convertFromSnakeCase }

    var folder: String
    var account: String
    var step: JobStep
    var priority: JobPriority
    var served: Int
    var claimedAt: Int

    var lane: JobLane { JobLane(folder: folder, account: account, step: step, priority: priority) }
}

private struct HeadRow: Decodable, FetchableRecord {
    static var databaseColumnDecodingStrategy: DatabaseColumnDecodingStrategy { .convertFromSnakeCase }

    var id: String
    var dueAt: Int
}
