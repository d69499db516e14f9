// SPDX-License-Identifier: Apache-2.0

/// Undoes the escapes in a JSON string, byte by byte. RFC 8259 §7
struct JSONEscape {
    private var isBackslash = false
    private var hexadecimal: [UInt8]?

    /// True when the next byte belongs to an escape.
    var isOpen: Bool { isBackslash || hexadecimal != nil }

    /// - Returns: The character that the byte completes, 255 for one beyond ASCII; `nil` within an escape.
    mutating func take(_ byte: UInt8) -> UInt8? {
        if var digits = hexadecimal {
            digits.append(byte)
            hexadecimal = digits.count < 4 ? digits : nil
            guard digits.count == 4 else { return nil }
            let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16) ?? 255
            return value < 128 ? UInt8(value) : 255
        }
        if isBackslash {
            isBackslash = false
            switch byte {
            case UInt8(ascii: "u"):
                hexadecimal = []
                return nil
            case UInt8(ascii: "n"): return 0x0A
            case UInt8(ascii: "r"): return 0x0D
            case UInt8(ascii: "t"): return 0x09
            case UInt8(ascii: "b"): return 0x08
            case UInt8(ascii: "f"): return 0x0C
            default: return byte
            }
        }
        guard byte == UInt8(ascii: "\\") else { return byte }
        isBackslash = true
        return nil
    }
}

/// Undoes the escapes in a URL, byte by byte. RFC 3986 §2.1
struct PercentEscape {
    enum Step: Equatable {
        case byte(UInt8)
        /// Within an escape.
        case open
        /// A percent sign without two digits behind it.
        case invalid
    }
    private var high: UInt8?
    private(set) var isOpen = false

    mutating func take(_ character: UInt8) -> Step {
        guard isOpen else {
            isOpen = character == UInt8(ascii: "%")
            return isOpen ? .open : .byte(character)
        }
        guard let digit = Character(UnicodeScalar(character)).hexDigitValue.map(UInt8.init) else { return .invalid }
        guard let high else {
            high = digit
            return .open
        }
        self = PercentEscape()
        return .byte(high << 4 | digit)
    }
}
