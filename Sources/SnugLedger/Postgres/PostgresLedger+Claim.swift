// SPDX-License-Identifier: Apache-2.0
#if Postgres

    extension PostgresLedger {
        /// Hands out the jobs that are due.
        public func claim(_ request: ClaimRequest) async throws -> [ClaimedJob] {
            try await rescue()
            let (workerID, ageing) = (workerID, policy.ageing)
            return try await transact { transaction in
                try transaction.settleTime()
                let holds = try transaction.holds()
                var claimed: [ClaimedJob] = []
                while claimed.count < request.limit {
                    guard let (old, head) = try transaction.takeNext(request, holds, ageing: ageing) else {
                        break
                    }
                    var job = old
                    job.claim(by: workerID, for: request.lease, now: transaction.now)
                    try transaction.save(job, replacing: old, verb: "claim")
                    try transaction.noteTurn(of: head)
                    guard let lease = JobLease(job) else { break }
                    let pending = try transaction.deliveries(of: job.id).filter { $0.deliveredAt == nil }
                    claimed.append(ClaimedJob(job: job, lease: lease, pendingDeliveries: pending))
                }
                return claimed
            }
        }
    }

    extension LedgerTransaction {
        /// Does what a clock that was set back, or a pause that is over, asks for; mostly nothing does.
        fileprivate func settleTime() throws {
            let needs = try fetch(
                Int.self,
                """
                SELECT (EXISTS (SELECT 1 FROM jobs WHERE state = 'waiting' AND since > :now)
                    OR EXISTS (SELECT 1 FROM jobs WHERE state = 'paused' AND paused_until <= :now)
                    OR EXISTS (SELECT 1 FROM holds WHERE since > :now))::int
                """, ["now": now.milliseconds])
            guard needs == [1] else { return }
            try followClock()
            try endPauses()
        }

        /// Locks the job whose turn it is. Jobs that others are about to claim are passed over, and nobody waits.
        fileprivate func takeNext(
            _ request: ClaimRequest, _ holds: [LedgerHold], ageing: Duration
        ) throws -> (job: Job, head: LaneHead)? {
            // A job that has ended its process before runs without another of that kind, so that it takes no other down with it.
            let suspects = try fetch(Int.self, "SELECT count(*) FROM jobs WHERE state = 'running' AND crashes > 0")
            let (allowsSuspects, own) = (suspects == [0], OwnNames(request))
            let joined = try own.map { try joinedHeads($0, allowsSuspects: allowsSuspects) } ?? []
            var heads = try heads(own, allowsSuspects: allowsSuspects).filter { request.part(of: $0.lane) != .none }
            heads += joined.filter { request.hasAccount($0.lane) }
            heads = heads.filter { !isHeld($0.lane, holds) }
            heads.sort { $0.precedes($1, now: now, ageing: ageing) }
            let joinedJobs = Set(joined.map(\.jobID))
            for head in heads {
                let only = joinedJobs.contains(head.jobID) ? head.jobID : nil
                let part = request.part(of: head.lane)
                if let job = try lockFirst(
                    of: head.lane, only, allowsSuspects: allowsSuspects, part == .own ? own : nil)
                {
                    return (job, head)
                }
            }
            return nil
        }

        /// The first job of each lane that has one that is due.
        private func heads(_ own: OwnNames?, allowsSuspects: Bool) throws -> [LaneHead] {
            // Lanes of other hosts are left out before their jobs are looked at.
            let (laneCondition, jobCondition) =
                own.map { own in
                    (
                        " WHERE lanes.step NOT IN \(own.stepList) OR lanes.folder IN \(own.folderList)",
                        " AND (lanes.step NOT IN \(own.stepList) OR \(own.condition))"
                    )
                } ?? ("", "")
            return try fetch(
                LaneHeadRow.self,
                """
                SELECT lanes.folder, lanes.account, lanes.step, lanes.priority, lanes.served, lanes.claimed_at, head.id,
                    head.due_at
                FROM lanes CROSS JOIN LATERAL (
                    SELECT id, due_at FROM jobs
                    WHERE state = 'waiting' AND jobs.folder = lanes.folder AND jobs.account = lanes.account
                        AND jobs.step = lanes.step AND jobs.priority = lanes.priority AND due_at <= :now
                        AND (crashes = 0 OR :suspects = 1)\(jobCondition)
                    ORDER BY due_at, id LIMIT 1) AS head\(laneCondition)
                """, (own?.arguments ?? [:]) + ["now": now.milliseconds, "suspects": allowsSuspects ? 1 : 0]
            ).map(\.head)
        }

        /// The first job of a lane that nobody else has locked, as it is now.
        ///
        /// It is read and locked in one statement and changed in the next, which names it: a limit within an update may be
        /// carried out twice.
        /// - Parameters:
        ///   - only: The one job that it may be; `nil` for any.
        ///   - own: Where given, it has a name that waits in one of the worker's folders.
        private func lockFirst(
            of lane: JobLane, _ only: JobID?, allowsSuspects: Bool, _ own: OwnNames?
        ) throws -> Job? {
            var conditions = own.map { " AND " + $0.condition } ?? ""
            var arguments = lane.arguments + (own?.arguments ?? [:])
            if let only {
                conditions = " AND id = :only"
                arguments = arguments + ["only": only.description]
            }
            return try fetch(
                JobRow.self,
                """
                SELECT \(JobRow.columns) FROM jobs
                WHERE state = 'waiting' AND folder = :folder AND account = :account AND step = :step AND priority = :priority
                    AND due_at <= :now AND (crashes = 0 OR :suspects = 1)\(conditions)
                ORDER BY due_at, id LIMIT 1 FOR UPDATE OF jobs SKIP LOCKED
                """, arguments + ["now": now.milliseconds, "suspects": allowsSuspects ? 1 : 0]
            ).first?.job
        }

        /// Notes that a lane and its folder had their turn.
        ///
        /// Lanes that another worker notes a turn of at this moment are passed over: nobody waits for a note that says the same.
        fileprivate func noteTurn(of head: LaneHead) throws {
            try execute(
                """
                WITH free AS (
                    SELECT folder, account, step, priority FROM lanes WHERE folder = :folder FOR UPDATE SKIP LOCKED)
                UPDATE lanes SET served = (SELECT max(served) + 1 FROM lanes),
                    claimed_at = CASE WHEN lanes.account = :account AND lanes.step = :step AND lanes.priority = :priority
                        THEN :now ELSE lanes.claimed_at END
                FROM free
                WHERE lanes.folder = free.folder AND lanes.account = free.account AND lanes.step = free.step
                    AND lanes.priority = free.priority
                """, head.lane.arguments + ["now": now.milliseconds])
        }
    }

#endif
