// SPDX-License-Identifier: Apache-2.0
package import SystemPackage

/// Text that a stranger chose, made safe for a terminal and for messages.
///
/// A file name may hold ESC sequences that move the cursor or retitle the window, line breaks, and bytes that are no
/// UTF-8.
package enum PrintableName {
    /// A path with control characters as `\u{1b}` and broken bytes as `\xff`.
    package static func of(_ path: FilePath) -> String { of(bytes: path.bytes) }

    /// Bytes of a name, likewise.
    package static func of(bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return escaped(text) }
        var text = ""
        var parser = Unicode.UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var position = 0
        while true {
            switch parser.parseScalar(from: &iterator) {
            case .valid(let encoded):
                append(Unicode.UTF8.decode(encoded), to: &text)
                position += encoded.count
            case .error(let length):
                for byte in bytes[position..<position + length] { text += "\\x" + [byte].hexadecimal }
                position += length
            case .emptyInput: return text
            }
        }
    }

    /// Text with its control, format and line separating characters escaped.
    package static func escaped(_ text: String) -> String {
        // Mostly plain letters, for which nothing has to be looked up.
        if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
        return text.unicodeScalars.reduce(into: "") { append($1, to: &$0) }
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
