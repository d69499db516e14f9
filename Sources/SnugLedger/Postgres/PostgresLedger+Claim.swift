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
                    guard let (old, head) = try transaction.takeNext(request.steps, holds, ageing: ageing) else {
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
            _ steps: Set<JobStep>, _ holds: [LedgerHold], ageing: Duration
        ) throws -> (job: Job, head: LaneHead)? {
            // A job that has ended its process before runs without another of that kind, so that it takes no other down with it.
            let suspects = try fetch(Int.self, "SELECT count(*) FROM jobs WHERE state = 'running' AND crashes > 0")
            let allowsSuspects = suspects == [0]
            var heads = try heads(allowsSuspects: allowsSuspects).filter { head in
                steps.contains(head.lane.step)
                    && !holds.contains {
                        $0.holds(folder: head.lane.folder, account: head.lane.account, step: head.lane.step, now: now)
                    }
            }
            heads.sort { $0.precedes($1, now: now, ageing: ageing) }
            for head in heads {
                if let job = try lockFirst(of: head.lane, allowsSuspects: allowsSuspects) { return (job, head) }
            }
            return nil
        }

        /// The first job of each lane that has one that is due.
        private func heads(allowsSuspects: Bool) throws -> [LaneHead] {
            try fetch(
                HeadRow.self,
                """
                SELECT lanes.folder, lanes.account, lanes.step, lanes.priority, lanes.served, lanes.claimed_at, head.id,
                    head.due_at
                FROM lanes CROSS JOIN LATERAL (
                    SELECT id, due_at FROM jobs
                    WHERE state = 'waiting' AND jobs.folder = lanes.folder AND jobs.account = lanes.account
                        AND jobs.step = lanes.step AND jobs.priority = lanes.priority AND due_at <= :now
                        AND (crashes = 0 OR :suspects = 1)
                    ORDER BY due_at, id LIMIT 1) AS head
                """, ["now": now.milliseconds, "suspects": allowsSuspects ? 1 : 0]
            ).map(\.head)
        }

        /// The first job of a lane that nobody else has locked, as it is now.
        ///
        /// It is read and locked in one statement and changed in the next, which names it: a limit within an update may be
        /// carried out twice.
        private func lockFirst(of lane: JobLane, allowsSuspects: Bool) throws -> Job? {
            try fetch(
                JobRow.self,
                """
                SELECT \(JobRow.columns) FROM jobs
                WHERE state = 'waiting' AND folder = :folder AND account = :account AND step = :step AND priority = :priority
                    AND due_at <= :now AND (crashes = 0 OR :suspects = 1)
                ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
                """, lane.arguments + ["now": now.milliseconds, "suspects": allowsSuspects ? 1 : 0]
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

    private struct HeadRow: SQLRecord {
        let head: LaneHead

        init(row: any SQLRow) throws {
            guard let priority = JobPriority(rawValue: try row.requiredNumber(3)) else {
                throw SQLRecordError.unreadable
            }
            head = LaneHead(
                lane: JobLane(
                    folder: try row.requiredText(0), account: try row.requiredText(1), step: try row.name(2),
                    priority: priority),
                served: try row.requiredNumber(4), claimedAt: try row.instant(5),
                jobID: JobID(trusted: try row.requiredText(6)), dueAt: try row.instant(7))
        }
    }

#endif
