// SPDX-License-Identifier: Apache-2.0

/// Decodes base64 in pieces of any length. RFC 4648 §4 and §5: both alphabets, padding or none.
struct Base64Decoder {
    /// Bytes that are decoded and not yet taken.
    private(set) var output: [UInt8] = []
    private var group: UInt32 = 0
    private var groupCount = 0

    /// Decodes from `start` on, up to the first byte that is no base64 digit, whose index it returns.
    mutating func decode(_ bytes: Span<UInt8>, from start: Int) -> Int {
        let values = Self.values.span
        var index = start
        while groupCount == 0, index + 4 <= bytes.count {
            let first = values[Int(bytes[index])]
            let second = values[Int(bytes[index + 1])]
            let third = values[Int(bytes[index + 2])]
            let fourth = values[Int(bytes[index + 3])]
            guard first | second | third | fourth < 64 else { break }
            output.append(first << 2 | second >> 4)
            output.append(second << 4 | third >> 2)
            output.append(third << 6 | fourth)
            index += 4
        }
        while index < bytes.count, take(bytes[index]) { index += 1 }
        return index
    }

    /// Takes one digit.
    /// - Returns: Whether it is one.
    mutating func take(_ digit: UInt8) -> Bool {
        let value = Self.values[Int(digit)]
        guard value < 64 else { return false }
        group = group << 6 | UInt32(value)
        groupCount += 1
        if groupCount == 4 { flush(3) }
        return true
    }

    /// Decodes what a last, shorter group holds.
    mutating func finish() {
        let digits = groupCount
        group <<= UInt32(6 * (4 - digits))
        flush(max(digits - 1, 0))
    }

    /// Makes room.
    mutating func removeOutput() { output.removeAll(keepingCapacity: true) }

    private mutating func flush(_ count: Int) {
        for place in 0..<count { output.append(UInt8(truncatingIfNeeded: group >> UInt32(16 - 8 * place))) }
        group = 0
        groupCount = 0
    }

    /// The value of each digit, 255 for what is none.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        values[Int(UInt8(ascii: "-"))] = 62
        values[Int(UInt8(ascii: "_"))] = 63
        return values
    }()
}
