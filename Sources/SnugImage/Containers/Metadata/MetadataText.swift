// SPDX-License-Identifier: Apache-2.0

/// A text about an image under a keyword, as PNG has them (PNG third edition §11.3.3).
struct MetadataText: Sendable, Hashable {
    static let comment = "Comment", author = "Author", copyright = "Copyright"

    /// At most 79 characters of Latin-1.
    var keyword: String
    var text: String

    /// The keyword as far as it is legal, and the text without characters that end it.
    init(keyword: String, text: String) {
        let legal = keyword.unicodeScalars.prefix(79).filter { (0x20...0x7E).contains($0.value) || $0.value > 0xA0 }
        self.keyword = String(String.UnicodeScalarView(legal.filter { $0.value <= 0xFF }))
        self.text = String(text.unicodeScalars.filter { $0.value != 0 })
    }

    /// The text of a comment, which JPEG and GIF have no encoding for: UTF-8 where it is that, else Latin-1.
    init(comment bytes: [UInt8]) {
        self.init(keyword: Self.comment, text: String(validating: bytes, as: UTF8.self) ?? Self.latin1(bytes))
    }

    var namesRights: Bool { keyword == Self.author || keyword == Self.copyright }

    func isKept(by selection: FitPolicy.Metadata) -> Bool {
        if namesRights, selection.keeps(.copyright) { return true }
        return selection.keeps(.comment) && (selection.keeps(.gps) || !keyword.lowercased().contains("gps"))
    }

    /// Comments of a JPEG with the text, and with its keyword where that says anything.
    var segments: [MetadataSegment] {
        let bytes = Array((keyword == Self.comment ? text : "\(keyword): \(text)").utf8)
        return stride(from: 0, to: bytes.count, by: MetadataSegments.maximumPayload).map {
            let end = min($0 + MetadataSegments.maximumPayload, bytes.count)
            return MetadataSegment(marker: JPEGMarker.comment, payload: Array(bytes[$0..<end]))
        }
    }

    /// The data of a tEXt chunk; `nil` for text that Latin-1 does not have.
    var plainChunk: [UInt8]? {
        guard text.unicodeScalars.allSatisfy({ $0.value <= 0xFF }) else { return nil }
        return (keyword + "\0" + text).unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
    }

    /// The data of an iTXt chunk: keyword, no compression, no language and no translation.
    var internationalChunk: [UInt8] {
        keyword.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } + [0, 0, 0, 0, 0] + Array(text.utf8)
    }

    static func latin1(_ bytes: some Sequence<UInt8>) -> String {
        String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }
}
