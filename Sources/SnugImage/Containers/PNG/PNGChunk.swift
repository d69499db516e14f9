// SPDX-License-Identifier: Apache-2.0

/// One chunk of a PNG file (PNG specification §5.3).
struct PNGChunk {
    /// Four ASCII letters; other bytes are refused when the chunk is read.
    var type: String
    /// The offset of its length field.
    var offset: Int
    /// Its data.
    var data: Range<Int>

    /// Length, type, data and checksum.
    var range: Range<Int> { offset..<data.upperBound + 4 }
    /// Upper case first letter: a decoder that does not know it must give up.
    var isCritical: Bool { type.utf8.first.map { $0 & 0x20 == 0 } ?? true }

    /// A whole chunk around `data`.
    static func bytes(type: String, data: [UInt8]) -> [UInt8] {
        let body = Array(type.utf8) + data
        return bigEndian(UInt32(truncatingIfNeeded: data.count)) + body + bigEndian(CRC32.checksum(body))
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
    }
}
