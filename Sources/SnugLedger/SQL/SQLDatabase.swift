// SPDX-License-Identifier: Apache-2.0

/// A database within a transaction: what the verbs of a ledger need of it.
///
/// Statements name their parameters as `:name`, and no value is ever written into one.
protocol SQLDatabase {
    /// Ends a query whose rows the transaction is going to change, so that no other changes them meanwhile.
    var rowLock: String { get }
    /// The jobs that wait: a table, or a query in brackets, with their `folder`, `account`, `step` and `priority`.
    var waitingJobs: String { get }

    /// Executes a statement.
    /// - Returns: The rows that it changed.
    @discardableResult
    func execute(_ sql: String, _ arguments: SQLArguments) throws -> Int
    /// Passes each row of a result on.
    func fetch(_ sql: String, _ arguments: SQLArguments, _ body: (any SQLRow) throws -> Void) throws
    /// Lets no other transaction change a document until this one ends.
    func reserve(_ kind: DocumentKind, _ key: String) throws
    /// A condition on the text of a column: it has `text`, which is all lower case, in it.
    func condition(_ column: String, contains text: String) -> (sql: String, arguments: SQLArguments)
    /// Lets no other transaction add a lane until this one ends.
    func reserveLanes() throws
}

/// A row of a result, read by position.
protocol SQLRow {
    /// The number of columns.
    var count: Int { get }
    /// A number; `nil` for none, and for a value of another type.
    func number(_ index: Int) -> Int?
    /// A text; `nil` for none, and for a value of another type.
    func text(_ index: Int) -> String?
    /// Bytes; `nil` for none, and for a value of another type.
    func bytes(_ index: Int) -> [UInt8]?
}

extension SQLRow {
    /// A number that has to be there.
    func requiredNumber(_ index: Int) throws -> Int {
        guard let value = number(index) else { throw SQLRecordError.unreadable }
        return value
    }

    /// A text that has to be there.
    func requiredText(_ index: Int) throws -> String {
        guard let value = text(index) else { throw SQLRecordError.unreadable }
        return value
    }

    /// Bytes that have to be there.
    func requiredBytes(_ index: Int) throws -> [UInt8] {
        guard let value = bytes(index) else { throw SQLRecordError.unreadable }
        return value
    }

    /// A name of a closed set.
    func name<Name: RawRepresentable>(_ index: Int) throws -> Name where Name.RawValue == String {
        guard let value = Name(rawValue: try requiredText(index)) else { throw SQLRecordError.unreadable }
        return value
    }

    func instant(_ index: Int) throws -> LedgerInstant { LedgerInstant(milliseconds: try requiredNumber(index)) }

    func optionalInstant(_ index: Int) -> LedgerInstant? { number(index).map { LedgerInstant(milliseconds: $0) } }
}

/// A row that is not what its table allows: the database is damaged, which must not end the process.
enum SQLRecordError {
    static var unreadable: DecodingError {
        .dataCorrupted(.init(codingPath: [], debugDescription: "a row is damaged"))
    }
}

/// A type whose values are read from rows.
protocol SQLRecord {
    init(row: any SQLRow) throws
}

extension String: SQLRecord {
    init(row: any SQLRow) throws { self = try row.requiredText(0) }
}

extension Int: SQLRecord {
    init(row: any SQLRow) throws { self = try row.requiredNumber(0) }
}
