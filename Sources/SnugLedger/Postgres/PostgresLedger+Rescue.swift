// SPDX-License-Identifier: Apache-2.0
#if Postgres

    extension PostgresLedger {
        /// Takes jobs back from workers that are gone: when the connection of their process has been gone for a while, and when
        /// a lease was not renewed.
        func rescue() async throws {
            let workerID = workerID
            let (missing, late) = try await look { transaction in
                (
                    try transaction.missingOwners(exceptFor: workerID),
                    try transaction.fetch(
                        JobRow.self,
                        "SELECT \(JobRow.columns) FROM jobs WHERE state = 'running' AND lease_until <= :now",
                        ["now": transaction.now.milliseconds]
                    ).map(\.job)
                )
            }
            let elapsed = environment.elapsed()
            let gone = departures.note(missing, elapsed: elapsed)
            let expired = overdue.note(late, elapsed: elapsed)
            guard !gone.isEmpty || !expired.isEmpty else { return }
            let policy = policy
            try await transact { transaction in
                for worker in gone where try transaction.isMissing(worker) {
                    let worked = try transaction.marks(of: worker)
                    try transaction.bury(worker, worked: worked, policy: policy)
                }
                for job in expired { try transaction.rescue(job, .leaseExpired, policy: policy) }
            }
        }

        /// True for a worker whose connection has been gone for a while.
        public func hasEnded(_ worker: String) async throws -> Bool {
            guard worker != workerID else { return false }
            let isMissing = try await lookToEnd { try $0.isMissing(worker) }
            return holders.hasDeparted(worker, isMissing: isMissing, elapsed: environment.elapsed())
        }
    }

    extension LedgerTransaction {
        /// Workers with running jobs whose locks nobody holds. Two that ask at a time may take each other for one, and ask again.
        fileprivate func missingOwners(exceptFor worker: String) throws -> [String] {
            try fetch(
                String.self,
                """
                SELECT owner FROM (SELECT DISTINCT owner FROM jobs WHERE state = 'running' AND owner <> :worker) AS owners
                WHERE pg_try_advisory_xact_lock(hashtextextended(owner, 0))
                """, ["worker": worker])
        }

        /// True for a worker whose lock nobody holds; nobody else finds it so until the transaction ends.
        func isMissing(_ worker: String) throws -> Bool {
            try fetch(
                Int.self, "SELECT pg_try_advisory_xact_lock(hashtextextended(:worker, 0))::int", ["worker": worker]
            ).first == 1
        }

        /// The jobs that a worker was at work on.
        fileprivate func marks(of worker: String) throws -> Set<JobID> {
            let ids = try fetch(String.self, "SELECT job_id FROM work_marks WHERE worker = :worker", ["worker": worker])
            try execute("DELETE FROM work_marks WHERE worker = :worker", ["worker": worker])
            return Set(ids.map { JobID(trusted: $0) })
        }
    }

#endif
