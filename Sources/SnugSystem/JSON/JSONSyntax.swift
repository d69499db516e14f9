// SPDX-License-Identifier: Apache-2.0

/// Recognizes JSON (RFC 8259) without making values of it.
package struct JSONSyntax {
    /// Arrays and objects within each other; of deeper ones nothing is said.
    private static let maximumDepth = 64

    private let bytes: [UInt8]
    private var position = 0

    /// True for text that is an object or an array without space between its parts, and without characters that are written
    /// escaped on one line.
    package static func isOneLine(_ text: String) -> Bool {
        if text == "{}" { return true }
        guard let first = text.utf8.first, first == UInt8(ascii: "{") || first == UInt8(ascii: "["),
            !JSONValue.hasControls(text)
        else { return false }
        var syntax = JSONSyntax(bytes: Array(text.utf8))
        return syntax.takeValue(depth: 0) && syntax.position == syntax.bytes.count
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func takeValue(depth: Int) -> Bool {
        guard depth < Self.maximumDepth else { return false }
        switch next {
        case UInt8(ascii: "{"): return takeObject(depth: depth)
        case UInt8(ascii: "["): return takeArray(depth: depth)
        case UInt8(ascii: "\""): return takeText()
        case UInt8(ascii: "t"): return takeWord("true")
        case UInt8(ascii: "f"): return takeWord("false")
        case UInt8(ascii: "n"): return takeWord("null")
        default: return takeNumber()
        }
    }

    private mutating func takeObject(depth: Int) -> Bool {
        position += 1
        if take(UInt8(ascii: "}")) { return true }
        repeat {
            guard next == UInt8(ascii: "\""), takeText(), take(UInt8(ascii: ":")), takeValue(depth: depth + 1) else {
                return false
            }
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}"))
    }

    private mutating func takeArray(depth: Int) -> Bool {
        position += 1
        if take(UInt8(ascii: "]")) { return true }
        repeat {
            guard takeValue(depth: depth + 1) else { return false }
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "]"))
    }

    /// Controls were looked for in all of the text before.
    private mutating func takeText() -> Bool {
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == 0x22 { return true }
            guard byte == 0x5C else { continue }
            // \u and its digits: who reads it knows whether they make a character, so that it is left to the parser.
            guard let escaped = next, "\"\\/bfnrt".utf8.contains(escaped) else { return false }
            position += 1
        }
        return false
    }

    private mutating func takeWord(_ word: StaticString) -> Bool {
        for byte in word.description.utf8 where !take(byte) { return false }
        return true
    }

    private mutating func takeDigits() -> Bool {
        let start = position
        while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
        return position > start
    }

    private mutating func takeNumber() -> Bool {
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")), !takeDigits() { return false }
        if take(UInt8(ascii: ".")), !takeDigits() { return false }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            return takeDigits()
        }
        return true
    }
}
