// SPDX-License-Identifier: Apache-2.0
#if Postgres
    internal import Synchronization

    /// A ledger in a PostgreSQL database, shared by workers on any number of hosts.
    ///
    /// A recorded change is on the service's disk. Work of a process that ends is free after a few seconds, because the service
    /// sees its connection go; work of a host that is cut off when its leases run out. Connect directly, or through a pooler
    /// that gives each client a session of its own: locks belong to sessions.
    public final class PostgresLedger: SharedLedger {
        /// The service's address, without a password.
        public var place: String { address.description }
        /// The service's address.
        public let address: PostgresAddress
        /// The name under which this instance claims work.
        public let workerID: String
        let policy: LedgerPolicy
        let environment: LedgerEnvironment
        let ids: LedgerIDGenerator
        let pool: PostgresPool
        let presence: PostgresPresence
        let overdue = OverdueLeases()
        /// Workers that have jobs.
        let departures: Departures
        /// Workers that have names.
        let holders: Departures
        private let isClosed = Mutex(false)

        init(
            _ address: PostgresAddress, pool: PostgresPool, presence: PostgresPresence, ids: LedgerIDGenerator,
            configuration: LedgerConfiguration
        ) {
            self.address = address
            self.pool = pool
            self.presence = presence
            self.ids = ids
            workerID = presence.id
            policy = configuration.policy
            environment = configuration.environment
            departures = Departures(grace: configuration.lostConnectionGrace)
            holders = Departures(grace: configuration.lostConnectionGrace)
        }

        /// Hands back what this instance has claimed, and closes its connections.
        /// - Throws: `ledger_unreachable` and the like; the jobs are then freed when the process ends.
        public func close() async throws {
            guard
                isClosed.withLock({ isClosed in
                    defer { isClosed = true }
                    return !isClosed
                })
            else { return }
            let workerID = workerID
            let result = await Result.catching {
                try await transact { transaction in
                    try transaction.retire(worker: workerID)
                    try transaction.execute("DELETE FROM work_marks WHERE worker = :worker", ["worker": workerID])
                }
            }
            await presence.end()
            await pool.close()
            try result.get()
        }

        /// Notes that the work on a claimed job begins, in a table that the service does not wait for its disk for.
        public func beginWork(under lease: JobLease) async {
            // Without a mark, at worst one more process ends before the job is held.
            try? await mark(
                """
                INSERT INTO work_marks (job_id, worker) VALUES (:job, :worker)
                ON CONFLICT (job_id) DO UPDATE SET worker = excluded.worker
                """, lease)
        }

        /// Notes that the work on a claimed job is over.
        public func endWork(under lease: JobLease) async {
            try? await mark("DELETE FROM work_marks WHERE job_id = :job AND worker = :worker", lease)
        }

        private func mark(_ sql: String, _ lease: JobLease) async throws {
            let arguments: SQLArguments = ["job": lease.jobID.description, "worker": workerID]
            try await pool.onConnection { _ = try $0.execute(sql, arguments) }
        }

        // MARK: Transactions

        /// Carries out a transaction that writes, to its end although its task is cancelled.
        public func transact<Value: Sendable>(
            _ body: @escaping @Sendable (LedgerTransaction) throws -> Value
        ) async throws -> Value {
            await presence.keep()
            return try await pool.transact(isReadOnly: false, body)
        }

        /// Carries out a transaction that only reads.
        public func look<Value: Sendable>(
            _ body: @escaping @Sendable (LedgerTransaction) throws -> Value
        ) async throws -> Value {
            try Task.checkCancellation()
            return try await lookToEnd(body)
        }

        /// Carries out a short transaction that only reads, also for a task that was cancelled.
        public func lookToEnd<Value: Sendable>(
            _ body: @escaping @Sendable (LedgerTransaction) throws -> Value
        ) async throws -> Value {
            try await pool.transact(isReadOnly: true, body)
        }
    }

    extension Result where Failure == any Error {
        fileprivate static func catching(_ body: () async throws -> Success) async -> Self {
            do { return .success(try await body()) } catch { return .failure(error) }
        }
    }

#endif
