// SPDX-License-Identifier: Apache-2.0
package import OrderedCollections

/// A JSON value whose members keep their order.
package enum JSONValue: Sendable, Hashable {
    case null
    case flag(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case array([JSONValue])
    case object(OrderedDictionary<String, JSONValue>)

    /// A text, or null.
    package static func optional(_ text: String?) -> JSONValue { text.map(JSONValue.text) ?? .null }
    /// A whole number, or null.
    package static func optional(_ number: Int?) -> JSONValue { number.map(JSONValue.integer) ?? .null }
    /// A number, or null.
    package static func optional(_ number: Double?) -> JSONValue { number.map(JSONValue.number) ?? .null }

    /// An object of members whose names are computed; of two with one name the last counts.
    package static func members(_ members: some Sequence<(String, JSONValue)>) -> JSONValue {
        .object(OrderedDictionary(members, uniquingKeysWith: { _, last in last }))
    }

    /// Adds a member to an object, or replaces it.
    package mutating func append(_ name: String, _ value: JSONValue) {
        var members = self.members
        members[name] = value
        self = .object(members)
    }

    /// Adds the members of another object.
    package mutating func append(contentsOf other: JSONValue) {
        self = .object(members.merging(other.members, uniquingKeysWith: { _, last in last }))
    }

    /// A member of an object; `nil` for everything else, `null` included.
    package subscript(member: String) -> JSONValue? {
        guard case .object(let members) = self, let value = members[member], value != .null else { return nil }
        return value
    }

    /// A text that is not empty.
    package var text: String? {
        if case .text(let value) = self, !value.isEmpty { value } else { nil }
    }

    /// An identifier, written as text or as a number.
    package var identifier: String? {
        if case .integer(let value) = self { String(value) } else { text }
    }

    /// A number, written as one or as text.
    package var amount: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .text(let value): Double(value)
        default: nil
        }
    }

    /// The elements of an array; none for everything else.
    package var elements: [JSONValue] {
        if case .array(let values) = self { values } else { [] }
    }

    /// The members of an object; none for everything else.
    package var members: OrderedDictionary<String, JSONValue> {
        if case .object(let values) = self { values } else { [:] }
    }
}

extension JSONValue: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
    /// An object; of two members with one key the last counts.
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(OrderedDictionary(elements, uniquingKeysWith: { _, last in last }))
    }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .number(value) }
    package init(booleanLiteral value: Bool) { self = .flag(value) }
    package init(nilLiteral: ()) { self = .null }
}
