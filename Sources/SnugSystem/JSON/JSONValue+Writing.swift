// SPDX-License-Identifier: Apache-2.0
import OrderedCollections

/// RFC 8259 text on one line.
///
/// Written here because a stable member order and whole numbers without a fraction are part of the contract with scripts.
extension JSONValue: CustomStringConvertible {
    /// Members in their own order.
    package var description: String { serialized(sortingKeys: false) }

    /// Members in alphabetical order, so that equal values are equal bytes.
    package var sortedBytes: [UInt8] { Array(serialized(sortingKeys: true).utf8) }

    private func serialized(sortingKeys: Bool) -> String {
        var text = ""
        write(to: &text, sortingKeys)
        return text
    }

    private func write(to text: inout String, _ sortsKeys: Bool) {
        switch self {
        case .null: text += "null"
        case .flag(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        // JSON has neither NaN nor infinities.
        case .number(let value): text += value.isFinite ? Self.shortest(value) : "null"
        case .text(let value): Self.write(value, to: &text)
        case .array(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += "," }
                value.write(to: &text, sortsKeys)
            }
            text += "]"
        case .object(let members):
            text += "{"
            let keys = sortsKeys ? members.keys.sorted() : Array(members.keys)
            for (index, key) in keys.enumerated() {
                if index > 0 { text += "," }
                Self.write(key, to: &text)
                text += ":"
                members[key]?.write(to: &text, sortsKeys)
            }
            text += "}"
        }
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
            // DEL and the C1 controls too, which terminals execute; and the line ends of JavaScript.
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
