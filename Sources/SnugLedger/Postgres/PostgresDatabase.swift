// SPDX-License-Identifier: Apache-2.0
#if Postgres

    /// A transaction of PostgreSQL's, beside which others write.
    struct PostgresDatabase: SQLDatabase {
        let connection: PostgresConnection
        let isReadOnly: Bool

        var rowLock: String { isReadOnly ? "" : " FOR UPDATE" }
        var waitingJobs: String { "queue" }

        func execute(_ sql: String, _ arguments: SQLArguments) throws -> Int {
            try connection.execute(sql, arguments).changedCount
        }

        func fetch(_ sql: String, _ arguments: SQLArguments, _ body: (any SQLRow) throws -> Void) throws {
            try connection.execute(sql, arguments).forEachRow(body)
        }

        /// A lock of its own, because a document that is not there yet has no row to lock.
        func reserve(_ kind: DocumentKind, _ key: String) throws {
            _ = try connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))", ["name": "\(kind.table) \(key)"])
        }

        /// Whoever puts a job in has added its lane, or seen it, in the same transaction: none is under way while a lane that
        /// looks empty is removed.
        func reserveLanes() throws { _ = try connection.execute("LOCK TABLE lanes IN SHARE ROW EXCLUSIVE MODE", [:]) }

        /// The tables compare by bytes, so that letters are folded as Unicode says only when asked.
        func condition(_ column: String, contains text: String) -> (sql: String, arguments: SQLArguments) {
            (#"strpos(lower(\#(column) COLLATE "und-x-icu"), :text) > 0"#, ["text": text])
        }
    }

#endif
