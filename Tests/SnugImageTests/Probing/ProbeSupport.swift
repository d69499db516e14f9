// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugTestSupport
import Testing

/// The header of a file in memory.
func probe(_ bytes: [UInt8], limits: DecodingLimits = DecodingLimits()) throws(ImageError) -> ImageHeader {
    try ImageProbe.header(of: ImageSource(bytes: bytes), limits: limits)
}

extension JPEGBuilder {
    /// An image with these segments before its tables.
    init(segments: [[UInt8]]) {
        self.init()
        self.segments = segments
    }
}

extension PNGBuilder {
    /// An image with these chunks before its data.
    init(chunks: [[UInt8]], colourType: UInt8 = 2) {
        self.init(colourType: colourType)
        self.chunks = chunks
    }
}

/// An ICC profile of a header and one `desc` tag, by the byte layout of ICC.1.
func profile(space: String, description: [UInt8]) -> [UInt8] {
    func u32(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
    var header = u32(144 + description.count) + [UInt8](repeating: 0, count: 124)
    header.replaceSubrange(16..<20, with: Array(space.utf8))
    header.replaceSubrange(36..<40, with: Array("acsp".utf8))
    return header + u32(1) + Array("desc".utf8) + u32(144) + u32(description.count) + description
}

/// A version 2 `desc` tag.
func textDescription(_ text: String) -> [UInt8] {
    Array("desc".utf8) + [0, 0, 0, 0, 0, 0, 0, UInt8(text.utf8.count + 1)] + Array(text.utf8) + [0]
}

/// A version 4 `mluc` tag in one language.
func localisedDescription(_ text: String) -> [UInt8] {
    let utf16 = text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    return Array("mluc".utf8) + [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 12] + Array("enUS".utf8)
        + [0, 0, 0, UInt8(utf16.count), 0, 0, 0, 28] + utf16
}
