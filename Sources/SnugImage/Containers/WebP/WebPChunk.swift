// SPDX-License-Identifier: Apache-2.0

/// A chunk of a WebP file (RFC 9649 §2.3), located but not read.
struct WebPChunk: Sendable, Hashable {
    /// Four characters, the last of which may be a space.
    let type: String
    /// The offset of the chunk's header.
    let offset: Int
    /// The data, without the byte that pads it to an even length.
    let data: Range<Int>

    /// Header, data and padding.
    var range: Range<Int> { offset..<data.upperBound + data.count % 2 }

    /// The file bytes of a chunk.
    static func bytes(type: String, data: [UInt8]) -> [UInt8] {
        Array(type.utf8) + littleEndian(data.count, width: 4) + data + (data.count % 2 == 1 ? [0] : [])
    }

    /// A number as WebP writes it.
    static func littleEndian(_ value: Int, width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
