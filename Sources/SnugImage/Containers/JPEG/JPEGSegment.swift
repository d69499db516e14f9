// SPDX-License-Identifier: Apache-2.0

/// One marker of a JPEG file and the payload that follows it (ITU-T T.81 B.1.1).
struct JPEGSegment {
    /// The byte after 0xFF.
    var marker: UInt8
    /// The offset of the marker's 0xFF, the last one when fill bytes precede it.
    var offset: Int
    /// The bytes after the length field; empty for a marker without one.
    var payload: Range<Int>

    /// Marker, length and payload.
    var range: Range<Int> { offset..<payload.upperBound }
}
