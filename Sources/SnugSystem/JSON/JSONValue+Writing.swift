// SPDX-License-Identifier: Apache-2.0
import Glibc
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

    /// The bytes of a text that may have to be escaped: quotes, backslashes, controls, and the first ones of C1 controls and
    /// of the line ends of JavaScript; and the zero at the end.
    private static let suspects: [CChar] = [0x22, 0x5C] + controls
    private static let controls: [CChar] =
        (1...0x1F).map { CChar($0) } + [0x7F, CChar(bitPattern: 0xC2), CChar(bitPattern: 0xE2), 0]

    /// True for text with a character that is written escaped, or may be; quotes and backslashes apart.
    static func hasControls(_ text: String) -> Bool {
        unsafe text.withCString { unsafe strcspn($0, controls) } != text.utf8.count
    }

    /// Adds a text in quotes.
    static func write(_ string: String, to text: inout String) {
        text += "\""
        // Nearly every text, at the speed of the C library.
        if unsafe string.withCString({ unsafe strcspn($0, suspects) }) == string.utf8.count {
            text += string
            text += "\""
            return
        }
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
