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
        var bytes: [UInt8] = []
        append(type: type, data: data, to: &bytes)
        return bytes
    }

    /// Appends a whole chunk around `data` to a file.
    static func append(type: String, data: [UInt8], to file: inout [UInt8]) {
        file += bigEndian(UInt32(truncatingIfNeeded: data.count))
        let start = file.count
        file += Array(type.utf8)
        file += data
        var crc = CRC32()
        crc.update(file.span.extracting(start..<file.count))
        file += bigEndian(crc.value)
    }

    static func bigEndian(_ value: UInt32) -> [UInt8] {
        stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
    }
}
