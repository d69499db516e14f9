// SPDX-License-Identifier: Apache-2.0

/// The checksum of PNG chunks (ISO 3309, PNG specification annex D), eight bytes a step.
struct CRC32 {
    private var register: UInt32 = 0xFFFF_FFFF

    /// The checksum of all bytes so far.
    var value: UInt32 { ~register }

    /// Adds `bytes[range]`.
    mutating func update(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        let table = Self.tables.span
        var crc = register
        var index = range.lowerBound
        // Slicing by 8: table k holds the effect of a byte that is followed by k zero bytes.
        while range.upperBound - index >= 8 {
            let low =
                crc
                ^ (UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2]) << 16
                    | UInt32(bytes[index + 3]) << 24)
            crc =
                table[1792 + Int(low & 0xFF)] ^ table[1536 + Int(low >> 8 & 0xFF)]
                ^ table[1280 + Int(low >> 16 & 0xFF)] ^ table[1024 + Int(low >> 24)]
                ^ table[768 + Int(bytes[index + 4])] ^ table[512 + Int(bytes[index + 5])]
                ^ table[256 + Int(bytes[index + 6])] ^ table[Int(bytes[index + 7])]
            index += 8
        }
        while index < range.upperBound {
            crc = table[Int((crc ^ UInt32(bytes[index])) & 0xFF)] ^ crc >> 8
            index += 1
        }
        register = crc
    }

    /// Adds all of `bytes`.
    mutating func update(_ bytes: [UInt8]) { update(bytes.span, 0..<bytes.count) }

    /// The checksum of `bytes`.
    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var crc = CRC32()
        crc.update(bytes)
        return crc.value
    }

    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var crc = UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
            tables[byte] = crc
        }
        for index in 256..<8 * 256 {
            let shorter = tables[index - 256]
            tables[index] = tables[Int(shorter & 0xFF)] ^ shorter >> 8
        }
        return tables
    }()
}
