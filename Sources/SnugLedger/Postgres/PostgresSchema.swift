// SPDX-License-Identifier: Apache-2.0
#if Postgres

    /// The tables in PostgreSQL: those of SQLite, in a schema of their own, and how older ones become these.
    enum PostgresSchema {
        /// Earlier ones have not been tried.
        static let leastVersion = 150_000

        /// The migrations by their numbers, which are those of SQLite's.
        static let migrations: [(name: String, statements: [String])] = [
            (Migration1.name, Migration1.statements.map(translated) + [marks] + storage),
            (Migration2.name, Migration2.statements.map(translated)),
            (Migration3.name, Migration3.statements.map(translated)),
            (Migration4.name, Migration4.statements.map(translated)),
            (Migration5.name, Migration5.statements.map(translated)),
            (Migration6.name, Migration6.statements.map(translated)),
            (Migration7.name, Migration7.statements.map(translated)),
            (Migration8.name, Migration8.postgresStatements),
        ]

        /// The jobs that workers are at work on. A service that crashes forgets them, which is no job's fault.
        private static let marks = """
            CREATE UNLOGGED TABLE work_marks (
                job_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
                worker TEXT COLLATE "C" NOT NULL
            );
            """

        /// Rows that change often: room for their next version beside them, and a short way to be cleaned.
        private static let storage = [
            "ALTER TABLE jobs SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)",
            "ALTER TABLE lanes SET (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500)",
            "ALTER TABLE totals SET (fillfactor = 50)",
        ]

        /// The statement in PostgreSQL's words. Texts are compared by their bytes, whatever the database's language.
        static func translated(_ statement: String) -> String {
            [
                (", WITHOUT ROWID", ""), (" STRICT", ""), ("INTEGER", "BIGINT"), ("TEXT", #"TEXT COLLATE "C""#),
                ("BLOB", "BYTEA"),
            ].reduce(statement) { $0.replacing($1.0, with: $1.1) }
        }

        /// The settings of each connection. What is acknowledged is on the disk, and a process that stands still while it has
        /// rows locked loses them.
        static func setup(_ schema: String) -> String {
            """
            SET search_path = "\(schema)";
            SET statement_timeout = '30s';
            SET idle_in_transaction_session_timeout = '10s';
            SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;
            SET bytea_output = 'hex';
            SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
            """
        }

        /// The number of the latest migration; 0 where there are no tables.
        static func version(_ connection: PostgresConnection) throws -> Int {
            // A search through the catalogue, because a name that was looked up may have been remembered as missing.
            let tables = try connection.execute(
                """
                SELECT count(*) FROM pg_catalog.pg_tables
                WHERE schemaname = current_schema() AND tablename = 'snug_migrations'
                """, [:]
            ).firstText
            guard tables == "1" else { return 0 }
            return try connection.run("SELECT coalesce(max(number), 0) FROM snug_migrations").firstText.flatMap {
                Int($0)
            }
                ?? 0
        }

        /// Brings a database up to date, one process at a time.
        /// - Throws: `newer_schema`, `not_a_ledger`.
        static func apply(_ connection: PostgresConnection, schema: String, place: String) throws {
            try check(connection, place)
            if try version(connection) == migrations.count { return }
            try connection.run("BEGIN")
            _ = try connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))", ["name": "snug migrations \(schema)"])
            // Another process may have been first.
            let known = try version(connection)
            guard known <= migrations.count else {
                throw LedgerError(
                    .newerSchema,
                    "\(place) was made by a later version of Snug; install that version, or name another ledger")
            }
            if known == 0 { try begin(connection, schema, place) }
            for (index, migration) in migrations.enumerated().dropFirst(known) {
                for statement in migration.statements { try connection.run(statement) }
                _ = try connection.execute(
                    "INSERT INTO snug_migrations (number, name) VALUES (:number, :name)",
                    ["number": index + 1, "name": migration.name])
            }
            try connection.run("COMMIT")
        }

        private static func begin(_ connection: PostgresConnection, _ schema: String, _ place: String) throws {
            let tables = try connection.execute(
                "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = :schema", ["schema": schema]
            ).firstText
            guard tables == "0" else {
                throw LedgerError(
                    .notALedger,
                    "\(place): its schema '\(schema)' has tables of another program; name another database")
            }
            // Where it is there, the user needs no right to make it.
            let schemas = try connection.execute(
                "SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = :schema", ["schema": schema]
            ).firstText
            if schemas == "0" { try connection.run("CREATE SCHEMA \"\(schema)\"") }
            try connection.run("CREATE TABLE snug_migrations (number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL)")
        }

        private static func check(_ connection: PostgresConnection, _ place: String) throws {
            guard connection.version >= leastVersion else {
                throw LedgerError(
                    .notALedger, "\(place) is PostgreSQL \(connection.version / 10_000); use version 15 or a later one")
            }
            guard try connection.run("SHOW server_encoding").firstText == "UTF8" else {
                throw LedgerError(
                    .notALedger, "\(place) does not keep UTF-8; name a database that was created with ENCODING 'UTF8'")
            }
        }
    }

#endif
