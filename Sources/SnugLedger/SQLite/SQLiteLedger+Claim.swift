// SPDX-License-Identifier: Apache-2.0
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
                guard let head = try transaction.nextHead(request, ageing: ageing),
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

    /// Notes that the work on a claimed job begins, in the file whose lock shows that this process lives.
    public func beginWork(under lease: JobLease) { liveness.marks.add(lease.jobID) }

    /// Notes that the work on a claimed job is over.
    public func endWork(under lease: JobLease) { liveness.marks.remove(lease.jobID) }
}

extension LedgerTransaction {
    /// The job whose turn it is.
    func nextHead(_ request: ClaimRequest, ageing: Duration) throws -> LaneHead? {
        let (holds, own) = (try holds(), OwnNames(request))
        // A job that has ended its process before runs without another of that kind, so that it takes no other down with it.
        let suspects = try fetch(Int.self, "SELECT count(*) FROM jobs WHERE state = 'running' AND crashes > 0").first
        let joined = try own.map { try joinedHeads($0, allowsSuspects: suspects == 0) } ?? []
        var best: LaneHead?
        func consider(_ head: LaneHead) {
            if best.map({ head.precedes($0, now: now, ageing: ageing) }) ?? true { best = head }
        }
        for head in joined where request.hasAccount(head.lane) && !isHeld(head.lane, holds) { consider(head) }
        let rows = try fetch(
            LaneRow.self, "SELECT folder, account, step, priority, served, claimed_at FROM lanes ORDER BY served")
        for row in rows {
            let part = request.part(of: row.lane)
            guard part != .none, !isHeld(row.lane, holds),
                let head = try head(of: row, allowsSuspects: suspects == 0, part == .own ? own : nil)
            else { continue }
            consider(head)
        }
        return best
    }

    /// True while a pause or a parked account holds a lane up.
    func isHeld(_ lane: JobLane, _ holds: [LedgerHold]) -> Bool {
        holds.contains { $0.holds(folder: lane.folder, account: lane.account, step: lane.step, now: now) }
    }

    private func head(of row: LaneRow, allowsSuspects: Bool, _ own: OwnNames?) throws -> LaneHead? {
        let first = try fetch(
            HeadRow.self,
            """
            SELECT id, due_at FROM jobs
            WHERE state = 'waiting' AND folder = :folder AND account = :account AND step = :step AND priority = :priority
                AND due_at <= :now AND (crashes = 0 OR :suspects = 1)\(own.map { " AND " + $0.condition } ?? "")
            ORDER BY due_at, id LIMIT 1
            """,
            row.lane.arguments + (own?.arguments ?? [:])
                + ["now": now.milliseconds, "suspects": allowsSuspects ? 1 : 0]
        ).first
        return first.map { first in
            LaneHead(
                lane: row.lane, served: row.served, claimedAt: row.claimedAt, jobID: first.id, dueAt: first.dueAt)
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
            """, head.lane.arguments + ["now": now.milliseconds])
    }
}

private struct LaneRow: SQLRecord {
    let lane: JobLane
    let served: Int
    let claimedAt: LedgerInstant

    init(row: any SQLRow) throws {
        guard let priority = JobPriority(rawValue: try row.requiredNumber(3)) else { throw SQLRecordError.unreadable }
        lane = JobLane(
            folder: try row.requiredText(0), account: try row.requiredText(1), step: try row.name(2),
            priority: priority)
        (served, claimedAt) = (try row.requiredNumber(4), try row.instant(5))
    }
}

private struct HeadRow: SQLRecord {
    let id: JobID
    let dueAt: LedgerInstant

    init(row: any SQLRow) throws { (id, dueAt) = (JobID(trusted: try row.requiredText(0)), try row.instant(1)) }
}
