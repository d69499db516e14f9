// SPDX-License-Identifier: Apache-2.0
import CPNG

/// A profile that ImageMagick and exiftool put into PNG text, as hexadecimal digits.
///
/// The text is a line end, a name, a line end, the number of bytes, a line end, and the digits in lines.
enum PNGTextProfile {
    /// Most bytes of text that are read: twice an EXIF block of 1 MiB, with line ends.
    private static let maximumTextBytes = (2 << 20) + (1 << 17)

    /// The bytes of an EXIF profile, from its TIFF header on; `nil` when the chunk holds none.
    /// - Parameters:
    ///   - type: The chunk's type.
    ///   - data: The chunk's data.
    static func exif(type: String, data: [UInt8]) -> [UInt8]? {
        guard let text = text(type: type, data: data), let bytes = bytes(of: text) else { return nil }
        let header = Array("Exif\0\0".utf8)
        return bytes.starts(with: header) ? Array(bytes.dropFirst(header.count)) : bytes
    }

    /// The text of a chunk without its keyword.
    private static func text(type: String, data: [UInt8]) -> ArraySlice<UInt8>? {
        guard let keywordEnd = data.firstIndex(of: 0) else { return nil }
        let rest = data[(keywordEnd + 1)...]
        switch type {
        case "tEXt": return rest.prefix(maximumTextBytes)
        case "zTXt":
            guard rest.first == 0 else { return nil }
            return inflated(Array(rest.dropFirst()))[...]
        default: return nil
        }
    }

    private static func inflated(_ stream: [UInt8]) -> [UInt8] {
        // Deflate makes at most 1032 bytes of one.
        var output = [UInt8](repeating: 0, count: min(maximumTextBytes, stream.count * 1032 + 64))
        let count = unsafe stream.withUnsafeBufferPointer { input -> Int in
            unsafe output.withUnsafeMutableBufferPointer { output -> Int in
                guard let from = input.baseAddress, let to = output.baseAddress else { return 0 }
                return unsafe snug_png_inflate(from, input.count, to, output.count)
            }
        }
        return Array(output.prefix(count))
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
