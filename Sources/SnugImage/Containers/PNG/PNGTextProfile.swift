// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// A profile that ImageMagick and exiftool put into PNG text, as hexadecimal digits.
///
/// The text is a line end, a name, a line end, the number of bytes, a line end, and the digits in lines.
enum PNGTextProfile {
    /// The bytes of an EXIF profile, from its TIFF header on; `nil` when the chunk holds none.
    /// - Parameters:
    ///   - type: The chunk's type.
    ///   - data: The chunk's data.
    static func exif(type: String, data: [UInt8]) -> [UInt8]? {
        guard let bytes = bytes(type: type, data: data) else { return nil }
        let header = Array("Exif\0\0".utf8)
        return bytes.starts(with: header) ? Array(bytes.dropFirst(header.count)) : bytes
    }

    /// The bytes of a profile; `nil` when the chunk holds none.
    static func bytes(type: String, data: [UInt8]) -> [UInt8]? {
        PNGText(type: type, data: data).flatMap { bytes(of: $0.bytes[...]) }
    }

    /// The data of a tEXt chunk with a profile.
    static func chunk(_ name: String, _ profile: [UInt8]) -> [UInt8] {
        let digits = Array(profile.hexadecimal.utf8)
        let lines = stride(from: 0, to: digits.count, by: 72).map { digits[$0..<min($0 + 72, digits.count)] }
        let count = String(profile.count)
        let padding = String(repeating: " ", count: max(8 - count.utf8.count, 0))
        return Array("Raw profile type \(name)\0\n\(name)\n\(padding)\(count)\n".utf8)
            + lines.joined(separator: [0x0A]) + [0x0A]
    }

    private static func bytes(of text: ArraySlice<UInt8>) -> [UInt8]? {
        let lines = text.drop { $0 == 0x0A }.split(separator: 0x0A, maxSplits: 2)
        guard lines.count == 3, let count = Int(String(decoding: lines[1].filter { $0 != 0x20 }, as: UTF8.self)),
            count > 0
        else { return nil }
        let digits = lines[2].lazy.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        var bytes: [UInt8] = []
        var high: Int?
        for digit in digits {
            if let first = high {
                bytes.append(UInt8(truncatingIfNeeded: first << 4 | digit))
                high = nil
                if bytes.count == count { return bytes }
            } else {
                high = digit
            }
        }
        return nil
    }
}
