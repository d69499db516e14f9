// SPDX-License-Identifier: Apache-2.0
extension SQLiteLedger {
    /// Hands out the jobs that are due.
    public func claim(_ request: ClaimRequest) async throws -> [ClaimedJob] {
        try await rescue()
        let (workerID, ageing) = (workerID, policy.ageing)
        return try await transact { transaction in
            try transaction.followClock()
            try transaction.endPauses()
            var turns = try LaneTurns(transaction, request, ageing: ageing)
            var claimed: [ClaimedJob] = []
            while claimed.count < request.limit, let old = try turns.next() {
                var job = old
                job.claim(by: workerID, for: request.lease, now: transaction.now)
                try transaction.save(job, replacing: old, verb: "claim")
                guard let lease = JobLease(job) else { break }
                let pending = try transaction.deliveries(of: job.id).filter { $0.deliveredAt == nil }
                claimed.append(ClaimedJob(job: job, lease: lease, pendingDeliveries: pending))
            }
            try turns.record()
            return claimed
        }
    }

    /// Notes that the work on a claimed job begins, in the file whose lock shows that this process lives.
    public func beginWork(under lease: JobLease) { liveness.marks.add(lease.jobID) }

    /// Notes that the work on a claimed job is over.
    public func endWork(under lease: JobLease) { liveness.marks.remove(lease.jobID) }
}

extension LedgerTransaction {
    /// True while a pause or a parked account holds a lane up.
    func isHeld(_ lane: JobLane, _ holds: [LedgerHold]) -> Bool {
        holds.contains { $0.holds(folder: lane.folder, account: lane.account, step: lane.step, now: now) }
    }
}
