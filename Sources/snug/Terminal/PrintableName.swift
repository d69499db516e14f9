// SPDX-License-Identifier: Apache-2.0
import SystemPackage

/// Text that a stranger chose, made safe for a terminal.
///
/// A file name may hold ESC sequences that move the cursor or retitle the window, line breaks, and bytes that are no
/// UTF-8.
enum PrintableName {
    /// A path with control characters as `\u{1b}` and broken bytes as `\xff`.
    static func of(_ path: FilePath) -> String { of(bytes: path.bytes) }

    /// Bytes of a name, likewise.
    static func of(bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return escaped(text) }
        return RawArguments.encode(bytes).unicodeScalars.reduce(into: "") { text, scalar in
            if scalar.value >= 0x10FF00, scalar.value <= 0x10FFFF {
                text += "\\x" + Hex.text(of: [UInt8(truncatingIfNeeded: scalar.value)])
            } else {
                append(scalar, to: &text)
            }
        }
    }

    /// Text with its control, format and line separating characters escaped.
    static func escaped(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { append($1, to: &$0) }
    }

    private static func append(_ scalar: Unicode.Scalar, to text: inout String) {
        switch scalar.properties.generalCategory {
        // Format characters turn text around (U+202E), so that "gpj.exe" reads as "exe.jpg"; U+200D joins emoji.
        case .control, .lineSeparator, .paragraphSeparator: text += "\\u{\(String(scalar.value, radix: 16))}"
        case .format where scalar.value != 0x200D: text += "\\u{\(String(scalar.value, radix: 16))}"
        default: text.unicodeScalars.append(scalar)
        }
    }
}

/// Bytes as two lower-case digits each.
enum Hex {
    static func text(of bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
