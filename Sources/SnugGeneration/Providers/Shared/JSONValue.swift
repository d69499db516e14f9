// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A JSON value, read leniently: providers change types and leave members out without telling.
package enum JSONValue: Sendable, Hashable {
    case null
    case flag(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// The value that bytes are, `nil` when they are no JSON.
    package init?(parsing bytes: [UInt8]) {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)) else { return nil }
        self = value
    }

    /// As JSON text with members in alphabetical order, so that the same value is always the same bytes.
    /// - Throws: `invalid_request` for a number that JSON cannot say.
    func encoded() throws(GenerationError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(self))
        } catch {
            throw GenerationError(.invalidRequest, "a parameter has a value that cannot be sent: \(error)")
        }
    }

    /// A member of an object; `nil` for everything else, `null` included.
    subscript(member: String) -> JSONValue? {
        guard case .object(let members) = self, let value = members[member], value != .null else { return nil }
        return value
    }

    /// A text that is not empty.
    var text: String? {
        if case .text(let value) = self, !value.isEmpty { value } else { nil }
    }

    /// An identifier, written as text or as a number.
    var identifier: String? {
        if case .integer(let value) = self { String(value) } else { text }
    }

    /// A number, written as one or as text.
    var amount: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .text(let value): Double(value)
        default: nil
        }
    }

    /// The elements of an array; none for everything else.
    var elements: [JSONValue] {
        if case .array(let values) = self { values } else { [] }
    }

    /// The members of an object; none for everything else.
    var members: [String: JSONValue] {
        if case .object(let values) = self { values } else { [:] }
    }
}

extension JSONValue {
    /// A parameter as it is sent.
    init(_ parameter: GenerationRequest.Parameter) {
        switch parameter {
        case .text(let value): self = .text(value)
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .number(value)
        case .flag(let value): self = .flag(value)
        }
    }

    /// As JSON text, of an object or an array.
    var described: String? {
        guard !members.isEmpty || !elements.isEmpty, let bytes = try? encoded() else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// As a form or a query has it: plain text.
    var plain: String {
        switch self {
        case .text(let value): value
        case .integer(let value): String(value)
        case .number(let value): value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
        case .flag(let value): String(value)
        case .null, .array, .object: ""
        }
    }
}

extension JSONValue: Codable {
    package init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let flag = try? value.decode(Bool.self) {
            self = .flag(flag)
        } else if let integer = try? value.decode(Int.self) {
            self = .integer(integer)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let array = try? value.decode([JSONValue].self) {
            self = .array(array)
        } else {
            self = .object(try value.decode([String: JSONValue].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .flag(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .array(let values): try container.encode(values)
        case .object(let members): try container.encode(members)
        }
    }
}
