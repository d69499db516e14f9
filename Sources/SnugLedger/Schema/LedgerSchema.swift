// SPDX-License-Identifier: Apache-2.0
internal import GRDB

/// The tables, and how older ones become these.
enum LedgerSchema {
    /// Marks a database file as a ledger: "Snug" in ASCII.
    static let applicationID = 0x536E_7567

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration(Migration1.name) { database in
            for statement in Migration1.statements { try database.execute(sql: statement) }
        }
        migrator.registerMigration(Migration2.name) { database in
            for statement in Migration2.statements { try database.execute(sql: statement) }
        }
        migrator.registerMigration(Migration3.name) { database in
            for statement in Migration3.statements { try database.execute(sql: statement) }
        }
        migrator.registerMigration(Migration4.name) { database in
            for statement in Migration4.statements { try database.execute(sql: statement) }
        }
        migrator.registerMigration(Migration5.name) { database in
            for statement in Migration5.statements { try database.execute(sql: statement) }
        }
        migrator.registerMigration(Migration6.name) { database in
            for statement in Migration6.statements { try database.execute(sql: statement) }
        }
        migrator.registerMigration(Migration7.name) { database in
            for statement in Migration7.statements { try database.execute(sql: statement) }
        }
        migrator.registerMigration(Migration8.name) { _ in }
        return migrator
    }

    /// The number of the latest migration of a database; 0 for an empty one.
    static func version(of database: Database) throws -> Int {
        // Each name begins with its number.
        try migrator.appliedMigrations(database).compactMap { Int($0.prefix { $0.isNumber }) }.max() ?? 0
    }

    /// Brings a database up to date.
    /// - Throws: `not_a_ledger`, `newer_schema`; what SQLite throws.
    static func apply(to pool: DatabasePool, path: String) throws {
        let (mark, isEmpty, isNewer) = try pool.read { database in
            (
                try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0,
                try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") == 0,
                try migrator.hasBeenSuperseded(database)
            )
        }
        guard mark == applicationID || (mark == 0 && isEmpty) else {
            throw LedgerError(
                .notALedger, "\(path) is a database of another program; name another file or folder for the ledger")
        }
        guard !isNewer else {
            throw LedgerError(
                .newerSchema,
                "\(path) was made by a later version of Snug; install that version, or name another ledger")
        }
        // First, so that a kill before the tables are there leaves an empty ledger.
        try pool.writeWithoutTransaction { database in
            if mark == 0 { try database.execute(sql: "PRAGMA application_id = \(applicationID)") }
        }
        try migrator.migrate(pool)
    }
}
