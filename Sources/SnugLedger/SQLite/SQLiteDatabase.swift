// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import GRDB
internal import Synchronization

/// A transaction of SQLite's, which nobody else writes beside.
struct SQLiteDatabase: SQLDatabase {
    private let database: Database

    init(_ database: Database) { self.database = database }

    var rowLock: String { "" }
    var waitingJobs: String { "(SELECT folder, account, step, priority FROM jobs WHERE state = 'waiting')" }

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
        // By position: names cost a table of all values for each statement. One that has no value is refused.
        // As values of any kind: for those of one kind GRDB looks a key path up for each statement.
        var values: [(any DatabaseValueConvertible)?] = []
        for value in arguments.values(of: Self.names(in: sql)) {
            if let value { values.append(value.databaseValue) }
        }
        try statement.setArguments(StatementArguments(values))
        return statement
    }

    /// Statements and their parameters: as many as the verbs have, and each with few forms.
    private static let known = Mutex<[String: [String]]>([:])
    private static let mostKnown = 500

    /// The parameters of a statement in the order of their numbers.
    private static func names(in sql: String) -> [String] {
        if let names = known.withLock({ $0[sql] }) { return names }
        let names = NumberedParameters.numbered(sql).names
        known.withLock { known in
            if known.count >= mostKnown { known = [:] }
            known[sql] = names
        }
        return names
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
