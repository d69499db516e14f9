// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugSimulator

/// Bits, checksums and compressed zeros, against the standards' own figures.
@Suite struct ChecksumTests {
    // MARK: CRC-32

    /// The check value of the CRC catalogue, and chunks whose checksum every PNG file shows.
    static let checksums: [(String, UInt32)] = [
        ("", 0), ("123456789", 0xCBF4_3926), ("IEND", 0xAE42_6082), ("a", 0xE8B7_BE43),
        ("The quick brown fox jumps over the lazy dog", 0x414F_A339),
    ]

    @Test("CRC-32 has its published check values", arguments: checksums)
    func crc(text: String, value: UInt32) {
        var check = CRC32()
        check.update(text.utf8)
        #expect(check.value == value)
    }

    /// What zlib's `crc32` says of so many zero bytes.
    static let zeroTable: [(Int, UInt32)] = [
        (0, 0), (1, 0xD202_EF8D), (4, 0x2144_DF1C), (32, 0x190A_55AD), (258, 0xAE69_BF9A), (1000, 0x060B_1780),
        (65_521, 0x3F17_BA13), (1_000_000, 0x1279_CB9E),
    ]

    @Test("Zero bytes hash without being held", arguments: zeroTable)
    func zeros(count: Int, value: UInt32) {
        var check = CRC32()
        check.updateZeros(count)
        #expect(check.value == value)
    }

    @Test("Zeros between other bytes hash as if they were there", arguments: UInt64(0)..<20)
    func zerosBetween(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var (leaping, plain) = (CRC32(), CRC32())
        for _ in 0..<5 {
            let bytes = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let count = Int.random(in: 0..<5000, using: &random)
            leaping.update(bytes)
            leaping.updateZeros(count)
            plain.update(bytes + [UInt8](repeating: 0, count: count))
        }
        #expect(leaping.value == plain.value)
    }

    // MARK: Bits

    @Test("Lowest bits first fill a byte from below, highest first from above")
    func orders() {
        var low = BitWriter(.lowestFirst)
        var high = BitWriter(.highestFirst)
        for bit in [1, 0, 0, 0, 0, 0, 0, 0, 1, 1] {
            low.lowFirst(bit, count: 1)
            high.lowFirst(bit, count: 1)
        }
        low.finish()
        high.finish(padding: 1)
        #expect(low.bytes == [0x01, 0x03])
        #expect(high.bytes == [0x80, 0xFF])
    }

    /// The value, its bits, and the bytes by both orders and both ends of the value.
    static let valueTable: [(Int, Int, [UInt8], [UInt8], [UInt8], [UInt8])] = [
        (0b1, 1, [0x01], [0x01], [0x80], [0x80]), (0b1011, 4, [0x0B], [0x0D], [0xD0], [0xB0]),
        (0x2F, 8, [0x2F], [0xF4], [0xF4], [0x2F]),
        (0x123, 12, [0x23, 0x01], [0x48, 0x0C], [0xC4, 0x80], [0x12, 0x30]),
        (-1, 5, [0x1F], [0x1F], [0xF8], [0xF8]), (0, 0, [], [], [], []),
    ]

    @Test("A value is written from either end, in either order", arguments: valueTable)
    func values(value: Int, count: Int, lowLow: [UInt8], lowHigh: [UInt8], highLow: [UInt8], highHigh: [UInt8]) {
        func bytes(_ order: BitWriter.Order, isHighFirst: Bool) -> [UInt8] {
            var writer = BitWriter(order)
            if isHighFirst { writer.highFirst(value, count: count) } else { writer.lowFirst(value, count: count) }
            writer.finish()
            return writer.bytes
        }
        #expect(bytes(.lowestFirst, isHighFirst: false) == lowLow)
        #expect(bytes(.lowestFirst, isHighFirst: true) == lowHigh)
        #expect(bytes(.highestFirst, isHighFirst: false) == highLow)
        #expect(bytes(.highestFirst, isHighFirst: true) == highHigh)
    }

    @Test("A full byte needs no padding")
    func noPadding() {
        var writer = BitWriter(.highestFirst)
        writer.highFirst(0xA5, count: 8)
        writer.finish(padding: 1)
        #expect(writer.bytes == [0xA5])
    }

    // MARK: Compressed zeros

    /// zlib's own output at level 1 has the same blocks for these: fixed codes, RFC 1951 §3.2.6.
    static let deflatedTable: [(Int, [UInt8])] = [
        // 3 bits of header and 7 of "end of block".
        (0, [0x03, 0x00]),
        // 00110000 is the literal 0.
        (1, [0x63, 0x00, 0x00]), (2, [0x63, 0x60, 0x00, 0x00]),
    ]

    @Test("Short runs are the fixed codes of RFC 1951", arguments: deflatedTable)
    func deflated(count: Int, bytes: [UInt8]) {
        #expect(ZeroRun.deflate(count) == bytes)
    }

    /// A decoder of just this: fixed codes, literals, the length 258 at the distance 1.
    private func inflated(_ bytes: [UInt8]) -> Int? {
        let bits = bytes.flatMap { byte in (0..<8).map { Int(byte) >> $0 & 1 } }
        guard bits.count >= 10, bits[0] == 1, bits[1] == 1, bits[2] == 0 else { return nil }
        var (position, count) = (3, 0)
        func code(_ length: Int) -> Int? {
            guard position + length <= bits.count else { return nil }
            return bits[position..<position + length].reduce(0) { $0 << 1 | $1 }
        }
        while true {
            if code(7) == 0 { return position + 7 + 7 >= bits.count ? count : nil }
            if code(8) == 0b0011_0000 {
                (position, count) = (position + 8, count + 1)
            } else if code(8) == 0b1100_0101, bits[(position + 8)..<(position + 13)].allSatisfy({ $0 == 0 }) {
                (position, count) = (position + 13, count + 258)
            } else {
                return nil
            }
        }
    }

    @Test(
        "A run unpacks to its length", arguments: [0, 1, 2, 257, 258, 259, 260, 516, 517, 518, 1000, 65_521, 200_000])
    func lengths(count: Int) {
        #expect(inflated(ZeroRun.deflate(count)) == count)
    }

    /// What zlib's `adler32` says of so many zero bytes.
    static let adlers: [(Int, [UInt8])] = [
        (0, [0, 0, 0, 1]), (1, [0, 1, 0, 1]), (258, [0x01, 0x02, 0, 1]), (65_521, [0, 0, 0, 1]),
        (65_522, [0, 1, 0, 1]), (1_000_000, [0x43, 0x21, 0, 1]),
    ]

    @Test("A zlib stream has its header, divisible by 31, and Adler-32 at its end", arguments: adlers)
    func zlib(count: Int, adler: [UInt8]) {
        let stream = ZeroRun.zlib(count)
        #expect((Int(stream[0]) << 8 | Int(stream[1])) % 31 == 0 && stream[0] & 0x0F == 8)
        #expect(Array(stream.suffix(4)) == adler)
        #expect(Array(stream.dropFirst(2).dropLast(4)) == ZeroRun.deflate(count))
    }

    @Test("A gzip member ends in CRC-32 and length, lowest byte first", arguments: zeroTable)
    func gzip(count: Int, crc: UInt32) {
        let member = ZeroRun.gzip(count)
        #expect(Array(member.prefix(4)) == [0x1F, 0x8B, 8, 0])
        #expect(Array(member.dropFirst(10).dropLast(8)) == ZeroRun.deflate(count))
        func number(_ bytes: some Collection<UInt8>) -> UInt32 { bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) } }
        #expect(number(member.suffix(8).prefix(4)) == crc)
        #expect(number(member.suffix(4)) == UInt32(count))
    }

    @Test("Numbers are written highest byte first")
    func bigEndian() {
        #expect(ZeroRun.bigEndian(0x0102_0304) == [1, 2, 3, 4])
        #expect(ZeroRun.bigEndian(0xFFFF_FFFE) == [255, 255, 255, 254])
    }
}
