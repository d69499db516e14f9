// SPDX-License-Identifier: Apache-2.0
internal import CChecksums

/// CRC-64/NVME, S3's checksum of whole objects, which can be computed from those of the parts.
struct CRC64: Sendable {
    /// The polynomial without its highest term, with the lowest power in the highest bit.
    private static let polynomial: UInt64 = 0x9a6c_9329_ac4b_c9b5

    /// The change of the remainder for a byte at each of eight places.
    private static let tables: [UInt64] = {
        var tables = [UInt64](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var remainder = UInt64(byte)
            for _ in 0..<8 { remainder = timesX(remainder) }
            tables[byte] = remainder
        }
        for index in 256..<8 * 256 {
            let before = tables[index - 256]
            tables[index] = tables[Int(before & 255)] ^ before >> 8
        }
        return tables
    }()

    private var remainder = UInt64.max

    /// The checksum of the bytes so far.
    var value: UInt64 { ~remainder }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = unsafe bytes.bindMemory(to: UInt8.self).baseAddress else { return }
        unsafe withUnsafeTemporaryAllocation(byteCount: 16, alignment: 16) { folded in
            guard let out = unsafe folded.bindMemory(to: UInt8.self).baseAddress else { return }
            let count = unsafe snug_crc64_fold(start, bytes.count, remainder, out)
            if count > 0 { remainder = unsafe Self.remainder(of: UnsafeRawBufferPointer(folded), after: 0) }
            remainder = unsafe Self.remainder(of: UnsafeRawBufferPointer(rebasing: bytes[count...]), after: remainder)
        }
    }

    private static func remainder(of bytes: UnsafeRawBufferPointer, after remainder: UInt64) -> UInt64 {
        var crc = remainder
        unsafe tables.withUnsafeBufferPointer { table in
            var offset = 0
            // Eight bytes a step, each through a table of its own.
            while offset + 8 <= bytes.count {
                let word =
                    unsafe crc ^ UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                crc = 0
                for place in 0..<8 {
                    let byte = Int(truncatingIfNeeded: word >> UInt64(8 * place)) & 255
                    unsafe crc ^= table[(7 - place) * 256 + byte]
                }
                offset += 8
            }
            while offset < bytes.count {
                unsafe crc = table[Int(truncatingIfNeeded: crc ^ UInt64(bytes[offset])) & 255] ^ crc >> 8
                offset += 1
            }
        }
        return crc
    }

    /// The checksum of two adjacent pieces, from those of each.
    static func joined(_ first: UInt64, _ second: UInt64, secondLength: Int) -> UInt64 {
        // The first is followed by as many zeros: times x to the power of their bits.
        var power = UInt64(1) << 63
        var base = UInt64(1) << 55
        var left = secondLength
        while left > 0 {
            if left & 1 == 1 { power = product(power, base) }
            base = product(base, base)
            left >>= 1
        }
        return product(power, first) ^ second
    }

    private static func product(_ first: UInt64, _ second: UInt64) -> UInt64 {
        var result: UInt64 = 0
        var shifted = second
        for place in (0..<64).reversed() {
            if first >> UInt64(place) & 1 == 1 { result ^= shifted }
            shifted = timesX(shifted)
        }
        return result
    }

    private static func timesX(_ value: UInt64) -> UInt64 { value >> 1 ^ (value & 1 == 1 ? polynomial : 0) }

    /// The form for headers: big-endian, in base64.
    static func text(_ value: UInt64) -> String {
        (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * $0)) }.base64
    }
}
