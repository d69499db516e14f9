// SPDX-License-Identifier: Apache-2.0

/// A value that is bound to a parameter of a statement.
enum SQLValue: Sendable, Hashable {
    case none
    case number(Int)
    case text(String)
    case bytes([UInt8])
}

/// A type whose values can be bound.
protocol SQLBindable {
    var sqlValue: SQLValue { get }
}

extension Int: SQLBindable {
    var sqlValue: SQLValue { .number(self) }
}

extension String: SQLBindable {
    var sqlValue: SQLValue { .text(self) }
}

extension [UInt8]: SQLBindable {
    var sqlValue: SQLValue { .bytes(self) }
}

/// Values by the names of their parameters.
struct SQLArguments: Sendable, ExpressibleByDictionaryLiteral {
    private(set) var values: [String: SQLValue]

    init(_ values: [String: SQLValue]) { self.values = values }

    init(dictionaryLiteral elements: (String, (any SQLBindable)?)...) {
        values = Dictionary(elements.map { ($0, $1?.sqlValue ?? .none) }, uniquingKeysWith: { $1 })
    }

    /// The values of both; those of the right win.
    static func + (left: SQLArguments, right: SQLArguments) -> SQLArguments {
        var both = left
        both.values.merge(right.values) { $1 }
        return both
    }
}
