// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import GRDB

/// A transaction of SQLite's, which nobody else writes beside.
struct SQLiteDatabase: SQLDatabase {
    private let database: Database

    init(_ database: Database) { self.database = database }

    var rowLock: String { "" }

    func execute(_ sql: String, _ arguments: SQLArguments) throws -> Int {
        try statement(sql, arguments).execute()
        return database.changesCount
    }

    func fetch(_ sql: String, _ arguments: SQLArguments, _ body: (any SQLRow) throws -> Void) throws {
        let rows = try Row.fetchCursor(try statement(sql, arguments))
        while let row = try rows.next() { try body(row) }
    }

    func reserve(_ kind: DocumentKind, _ key: String) {}

    func reserveLanes() {}

    func condition(_ column: String, contains text: String) -> (sql: String, arguments: SQLArguments) {
        guard text.utf8.count < 1000, text.utf8.allSatisfy({ (32..<127).contains($0) }) else {
            return ("instr(lower(\(column)), :text) > 0", ["text": text])
        }
        // The database's own comparison knows ASCII letters only, and takes a fraction of the time.
        let escaped = text.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_")
        return ("\(column) LIKE :text ESCAPE :escape", ["text": "%\(escaped)%", "escape": "\\"])
    }

    private func statement(_ sql: String, _ arguments: SQLArguments) throws -> Statement {
        let statement = try database.cachedStatement(sql: sql)
        try statement.setArguments(StatementArguments(arguments.values.mapValues(\.databaseValue)))
        return statement
    }
}

extension SQLValue {
    fileprivate var databaseValue: DatabaseValue {
        switch self {
        case .none: .null
        case .number(let number): number.databaseValue
        case .text(let text): text.databaseValue
        case .bytes(let bytes): Data(bytes).databaseValue
        }
    }
}

extension Row: SQLRow {
    func number(_ index: Int) -> Int? { Int.fromDatabaseValue(value(index)) }
    func text(_ index: Int) -> String? { String.fromDatabaseValue(value(index)) }
    func bytes(_ index: Int) -> [UInt8]? { Data.fromDatabaseValue(value(index)).map { Array($0) } }

    private func value(_ index: Int) -> DatabaseValue { self[index] }
}
