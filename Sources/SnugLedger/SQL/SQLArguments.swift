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
///
/// A list, because statements name most parameters in the order in which the values are given: hashing thirty names for each
/// statement takes longer than executing it.
struct SQLArguments: Sendable, ExpressibleByDictionaryLiteral {
    private var list: [(name: String, value: SQLValue)]

    /// Each name is given once.
    init(_ values: [(String, SQLValue)]) { list = values }

    init(dictionaryLiteral elements: (String, (any SQLBindable)?)...) {
        list = elements.map { ($0, $1?.sqlValue ?? .none) }
    }

    /// The values of both; those of the right win.
    static func + (left: SQLArguments, right: SQLArguments) -> SQLArguments {
        var both = left
        both.list.removeAll { old in right.list.contains { $0.name == old.name } }
        both.list += right.list
        return both
    }

    /// The values of parameters, `nil` for one that has none.
    func values(of names: [String]) -> [SQLValue?] {
        var place = 0
        return names.map { name in
            for _ in list.indices {
                let entry = list[place]
                place = place + 1 < list.count ? place + 1 : 0
                if entry.name == name { return entry.value }
            }
            return nil
        }
    }
}
