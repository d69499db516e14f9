// SPDX-License-Identifier: Apache-2.0
import CPNG

/// The content of a text chunk: tEXt, zTXt or iTXt (PNG third edition §11.3.3).
struct PNGText {
    /// Most bytes of text that are read: twice an EXIF block of 1 MiB, with line ends.
    private static let maximumTextBytes = (2 << 20) + (1 << 17)

    var keyword: String
    /// The text, inflated.
    var bytes: [UInt8]
    private var isUTF8 = false

    /// `nil` for a chunk that cannot be read.
    init?(type: String, data: [UInt8]) {
        guard let keywordEnd = data.firstIndex(of: 0) else { return nil }
        keyword = MetadataText.latin1(data[..<keywordEnd])
        let rest = data[(keywordEnd + 1)...]
        switch type {
        case "tEXt": bytes = Array(rest.prefix(Self.maximumTextBytes))
        case "zTXt":
            guard rest.first == 0 else { return nil }
            bytes = Self.inflated(Array(rest.dropFirst()))
        case "iTXt":
            // Two flags, then language and translated keyword.
            guard rest.count > 2, let languageEnd = rest.dropFirst(2).firstIndex(of: 0),
                let translationEnd = rest[(languageEnd + 1)...].firstIndex(of: 0)
            else { return nil }
            let text = rest[(translationEnd + 1)...]
            switch (rest[rest.startIndex], rest[rest.startIndex + 1]) {
            case (0, _): bytes = Array(text.prefix(Self.maximumTextBytes))
            case (1, 0): bytes = Self.inflated(Array(text))
            default: return nil
            }
            isUTF8 = true
        default: return nil
        }
    }

    /// The text with its keyword.
    var text: MetadataText {
        MetadataText(
            keyword: keyword, text: isUTF8 ? String(decoding: bytes, as: UTF8.self) : MetadataText.latin1(bytes))
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
}
