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
                    guard let (job, head) = try transaction.takeNext(request, holds, ageing: ageing, for: workerID),
                        let lease = JobLease(job)
                    else { break }
                    try transaction.record(job, verb: "claim")
                    try transaction.noteTurn(of: head)
                    let pending = try transaction.deliveries(of: job.id).filter { $0.deliveredAt == nil }
                    claimed.append(ClaimedJob(job: job, lease: lease, pendingDeliveries: pending))
                }
                return claimed
            }
        }
    }

    /// The jobs of a lane that a claim may take.
    private struct QueueChoice {
        let lane: JobLane
        /// The one job that it may be; `nil` for any.
        let only: JobID?
        let allowsSuspects: Bool
        /// Where given, the job has a name that waits in one of the worker's folders.
        let own: OwnNames?

        var arguments: SQLArguments {
            lane.arguments + (own?.arguments ?? [:]) + ["suspects": allowsSuspects ? 1 : 0, "only": only?.description]
        }

        /// A condition on the queue or on the jobs themselves.
        func condition(on table: String) -> String {
            let id = table == "queue" ? "queue.job_id" : "\(table).id"
            let names = own.map { " AND " + $0.condition(on: id) } ?? ""
            return """
                \(table).folder = :folder AND \(table).account = :account AND \(table).step = :step
                    AND \(table).priority = :priority AND \(table).due_at <= :now
                    AND (\(table).crashes = 0 OR :suspects = 1)\(only == nil ? "" : " AND \(id) = :only")\(names)
                """
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

        /// Gives a worker the job whose turn it is. Jobs that others are about to claim are passed over, and nobody waits.
        fileprivate func takeNext(
            _ request: ClaimRequest, _ holds: [LedgerHold], ageing: Duration, for worker: String
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
                let choice = QueueChoice(
                    lane: head.lane, only: only, allowsSuspects: allowsSuspects, own: part == .own ? own : nil)
                if let job = try claimFirst(choice, by: worker, for: request.lease) { return (job, head) }
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
                        " AND (lanes.step NOT IN \(own.stepList) OR \(own.condition(on: "queue.job_id")))"
                    )
                } ?? ("", "")
            return try fetch(
                LaneHeadRow.self,
                """
                SELECT lanes.folder, lanes.account, lanes.step, lanes.priority, lanes.served, lanes.claimed_at, head.id,
                    head.due_at
                FROM lanes CROSS JOIN LATERAL (
                    SELECT job_id AS id, due_at FROM queue
                    WHERE queue.folder = lanes.folder AND queue.account = lanes.account AND queue.step = lanes.step
                        AND queue.priority = lanes.priority AND due_at <= :now
                        AND (crashes = 0 OR :suspects = 1)\(jobCondition)
                    ORDER BY due_at, job_id LIMIT 1) AS head\(laneCondition)
                """, (own?.arguments ?? [:]) + ["now": now.milliseconds, "suspects": allowsSuspects ? 1 : 0]
            ).map(\.head)
        }

        /// Gives a worker the first job of a lane that nobody else has locked, as `Job.claim` does.
        ///
        /// The queue says which is first, and the row of the job is what is locked, as every verb does: what it says once it
        /// is locked counts. The choice is materialized, because a limit within an update may be carried out twice.
        private func claimFirst(_ choice: QueueChoice, by worker: String, for lease: Duration) throws -> Job? {
            try fetch(
                JobRow.self,
                """
                WITH next AS MATERIALIZED (
                    SELECT jobs.id FROM queue JOIN jobs ON jobs.id = queue.job_id
                    WHERE \(choice.condition(on: "queue")) AND \(choice.condition(on: "jobs")) AND jobs.state = 'waiting'
                    ORDER BY queue.due_at, queue.job_id LIMIT 1 FOR UPDATE OF jobs SKIP LOCKED)
                UPDATE jobs SET state = 'running', since = :now, reason_code = NULL, reason_message = NULL,
                    reason_details = NULL, owner = :worker, lease_until = :until, fence = fence + 1, attempt = attempt + 1
                FROM next WHERE jobs.id = next.id
                RETURNING \(JobRow.columns)
                """,
                choice.arguments + [
                    "now": now.milliseconds, "worker": worker, "until": (now + lease).milliseconds,
                ]
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
