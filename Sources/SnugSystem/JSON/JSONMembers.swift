// SPDX-License-Identifier: Apache-2.0

/// Takes the members of a JSON object, one after the other, and each name once.
package protocol JSONMembers {
    /// Adds a text, or null.
    mutating func append(_ name: String, text: String?)
    /// Adds a whole number.
    mutating func append(_ name: String, number: Int)
    /// Adds a truth value.
    mutating func append(_ name: String, flag: Bool)
    /// Adds a value.
    mutating func append(_ name: String, _ value: JSONValue)
    /// Adds the value that text is, or the text itself where it is no JSON.
    mutating func append(_ name: String, parsing text: String)
}

extension JSONValue: JSONMembers {
    package mutating func append(_ name: String, text: String?) { append(name, .optional(text)) }
    package mutating func append(_ name: String, number: Int) { append(name, .integer(number)) }
    package mutating func append(_ name: String, flag: Bool) { append(name, .flag(flag)) }
    package mutating func append(_ name: String, parsing text: String) { append(name, JSONValue.orText(text)) }

    /// The value that text is, or the text itself where it is no JSON.
    package static func orText(_ text: String) -> JSONValue {
        JSONValue(parsing: Array(text.utf8)) ?? .text(text)
    }
}

/// A JSON object written as text member by member, for lists of a million: no value is made and none is parsed that is JSON
/// on one line already.
package struct JSONLine: JSONMembers {
    private var members = ""

    /// An object without members.
    package init() {}

    /// The object on one line.
    package var text: String { "{\(members)}" }

    private mutating func append(_ name: String) {
        if !members.isEmpty { members += "," }
        JSONValue.write(name, to: &members)
        members += ":"
    }

    package mutating func append(_ name: String, text: String?) {
        append(name)
        if let text { JSONValue.write(text, to: &members) } else { members += "null" }
    }

    package mutating func append(_ name: String, number: Int) {
        append(name)
        members += String(number)
    }

    package mutating func append(_ name: String, flag: Bool) {
        append(name)
        members += flag ? "true" : "false"
    }

    package mutating func append(_ name: String, _ value: JSONValue) {
        append(name)
        members += value.description
    }

    package mutating func append(_ name: String, parsing text: String) {
        append(name)
        members += JSONSyntax.isOneLine(text) ? text : JSONValue.orText(text).description
    }
}
