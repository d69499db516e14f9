// SPDX-License-Identifier: Apache-2.0

/// Long runs of zero bytes, compressed without ever holding them: flat images and gzip bombs.
enum ZeroRun {
    /// Raw deflate (RFC 1951 §3.2.6, fixed codes) of `count` zero bytes: about one byte for 159.
    static func deflate(_ count: Int) -> [UInt8] {
        var bits = BitWriter(.lowestFirst)
        bits.lowFirst(0b011, count: 3)  // last block, fixed codes
        if count > 0 {
            bits.highFirst(0b0011_0000, count: 8)  // literal 0
            for _ in 0..<((count - 1) / 258) {
                bits.highFirst(0b1100_0101, count: 8)  // length 258
                bits.highFirst(0, count: 5)  // distance 1
            }
            for _ in 0..<((count - 1) % 258) { bits.highFirst(0b0011_0000, count: 8) }
        }
        bits.highFirst(0, count: 7)  // end of block
        bits.finish()
        return bits.bytes
    }

    /// A zlib stream (RFC 1950) of `count` zero bytes.
    static func zlib(_ count: Int) -> [UInt8] {
        // Adler-32 of zeros: the first sum stays 1, the second counts the bytes.
        [0x78, 0x01] + deflate(count) + bigEndian(UInt32(count % 65521) << 16 | 1)
    }

    /// A gzip member (RFC 1952) of `count` zero bytes.
    static func gzip(_ count: Int) -> [UInt8] {
        let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
        var check = CRC32()
        check.updateZeros(count)
        return header + deflate(count) + bigEndian(check.value).reversed()
            + bigEndian(UInt32(truncatingIfNeeded: count)).reversed()
    }

    static func bigEndian(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}

/// The checksum of PNG and gzip (RFC 1952 §8).
struct CRC32 {
    private var state: UInt32 = 0xFFFF_FFFF

    var value: UInt32 { ~state }

    mutating func update(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            state = Self.table[Int((state ^ UInt32(byte)) & 0xFF)] ^ (state >> 8)
        }
    }

    /// Hashes `count` zero bytes, in steps that double: one byte is a linear map of the state's bits.
    mutating func updateZeros(_ count: Int) {
        var operation = (0..<32).map { bit in
            let basis: UInt32 = 1 << UInt32(bit)
            return Self.table[Int(basis & 0xFF)] ^ (basis >> 8)
        }
        var remaining = count
        while remaining > 0 {
            if remaining & 1 == 1 { state = Self.apply(operation, to: state) }
            operation = operation.map { Self.apply(operation, to: $0) }
            remaining >>= 1
        }
    }

    private static func apply(_ operation: [UInt32], to state: UInt32) -> UInt32 {
        operation.enumerated().reduce(0) { sum, column in
            state >> UInt32(column.offset) & 1 == 1 ? sum ^ column.element : sum
        }
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
    }
}
