// SPDX-License-Identifier: Apache-2.0
import SnugImage

/// A JSON value whose keys keep their order.
///
/// Written here because a stable key order and whole numbers without a fraction are part of the contract with scripts,
/// and because Foundation would double the time that `snug` needs to start.
enum JSONText: Hashable, Sendable, CustomStringConvertible {
    case null
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONText])
    case object([Member])

    /// One key and its value.
    struct Member: Hashable, Sendable {
        var key: String
        var value: JSONText

        init(_ key: String, _ value: JSONText) {
            self.key = key
            self.value = value
        }
    }

    /// A string, or null.
    static func optional(_ text: String?) -> JSONText { text.map { .string($0) } ?? .null }
    /// A whole number, or null.
    static func optional(_ number: Int?) -> JSONText { number.map { .integer($0) } ?? .null }
    /// A number, or null.
    static func optional(_ number: Double?) -> JSONText { number.map { .number($0) } ?? .null }

    /// RFC 8259 text on one line.
    var description: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .boolean(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        // JSON knows neither NaN nor infinities.
        case .number(let value): text += value.isFinite ? Self.shortest(value) : "null"
        case .string(let value): Self.write(value, to: &text)
        case .array(let values):
            Self.write(values, "[", "]", to: &text) { $0.write(to: &$1) }
        case .object(let members):
            Self.write(members, "{", "}", to: &text) { member, text in
                Self.write(member.key, to: &text)
                text += ":"
                member.value.write(to: &text)
            }
        }
    }

    private static func write<Element>(
        _ elements: [Element], _ opening: String, _ closing: String, to text: inout String,
        _ each: (Element, inout String) -> Void
    ) {
        text += opening
        for (index, element) in elements.enumerated() {
            if index > 0 { text += "," }
            each(element, &text)
        }
        text += closing
    }

    private static func shortest(_ value: Double) -> String {
        if let whole = Int(exactly: value), whole.magnitude < 1 << 53 { return String(whole) }
        return String(describing: value)
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            // DEL and the C1 controls too, which terminals obey; and the line ends of JavaScript.
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

extension JSONText {
    /// The project's shape of an error.
    static func error(_ error: ImageError) -> JSONText {
        let details = error.details.sorted { $0.key < $1.key }.map { key, detail in
            switch detail {
            case .integer(let value): Member(key, .integer(value))
            case .number(let value): Member(key, .number(value))
            case .text(let value): Member(key, .string(value))
            }
        }
        return .object([
            Member("code", .string(error.code.description)), Member("message", .string(error.message)),
            Member("details", .object(details)),
        ])
    }
}
