// SPDX-License-Identifier: Apache-2.0
#if Postgres
    internal import SnugSystem

    extension PostgresLedger {
        /// Opens a ledger, making its tables when they are not there.
        /// - Parameters:
        ///   - address: The service and the database.
        ///   - schema: The schema of the tables: small letters, digits and underscores.
        ///   - configuration: Clock, identifiers and policy.
        /// - Throws: `ledger_unreachable`, `newer_schema`, `not_a_ledger`, `ledger_read_only`, `ledger_busy`.
        public static func open(
            _ address: PostgresAddress, schema: String = "snug",
            configuration: LedgerConfiguration = LedgerConfiguration()
        ) async throws -> PostgresLedger {
            guard schema.wholeMatch(of: /[a-z_][a-z0-9_]{0,62}/) != nil else {
                throw LedgerError(
                    .notALedger, "'\(schema)' is no name for a schema; use small letters, digits and underscores")
            }
            let clock = PostgresClock(configuration)
            var environment = configuration.environment
            environment.now = { clock.latest }
            let ids = LedgerIDGenerator(environment)
            let pool = PostgresPool(
                address, setup: PostgresSchema.setup(schema), clock: clock, ids: ids, configuration: configuration)
            try await pool.onConnection { connection in
                try PostgresSchema.apply(connection, schema: schema, place: address.description)
            }
            // The first id needs the time.
            try await pool.transact(isReadOnly: true) { _ in }
            let presence = PostgresPresence(id: ids.next()) { try pool.connect() }
            let ledger = PostgresLedger(
                address, pool: pool, presence: presence, ids: ids, configuration: configuration)
            await presence.keep()
            return ledger
        }

        /// Checks that the tables are there, that the books balance and that the queue has the jobs that wait; PostgreSQL checks
        /// the rest itself.
        /// - Throws: `corrupt_ledger`.
        public func checkIntegrity() async throws {
            try await checkBooks()
            let place = place
            try await look { transaction in
                let wrong = try transaction.fetch(
                    String.self,
                    """
                    SELECT coalesce(queue.job_id, waiting.id) FROM queue
                    FULL JOIN (SELECT * FROM jobs WHERE state = 'waiting') AS waiting ON waiting.id = queue.job_id
                    WHERE (queue.job_id, queue.folder, queue.account, queue.step, queue.priority, queue.due_at, queue.crashes)
                        IS DISTINCT FROM (waiting.id, waiting.folder, waiting.account, waiting.step, waiting.priority,
                            waiting.due_at, waiting.crashes) LIMIT 1
                    """)
                guard wrong.isEmpty else {
                    throw LedgerError(
                        .corrupt, "\(place): the queue and the job \(wrong[0]) do not agree; keep a copy, and report it"
                    )
                }
            }
        }

        /// Its version, size and place.
        public func facts() async throws -> LedgerFacts {
            let place = place
            return try await pool.onConnection { connection in
                let bytes = try connection.run(
                    """
                    SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_catalog.pg_class
                    WHERE relkind = 'r' AND relnamespace = to_regnamespace(current_schema())
                    """
                ).firstText.flatMap { Int($0) }
                let version = connection.version
                return LedgerFacts(
                    place: place, schemaVersion: try PostgresSchema.version(connection), bytes: bytes ?? 0,
                    medium: "PostgreSQL \(version / 10_000).\(version % 10_000)")
            }
        }
    }

#endif
