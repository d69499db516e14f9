// SPDX-License-Identifier: Apache-2.0

/// The name and the frame of an ICC profile, read without a colour engine (ICC.1:2022 §7).
struct ICCProfile {
    private let view: ByteView

    init(_ bytes: [UInt8]) { view = ByteView(bytes) }

    /// The `desc` tag's text: ASCII in version 2, the first language of a `mluc` in version 4.
    var name: String? {
        guard let tag = tag("desc") else { return nil }
        if view.has("desc", at: tag.lowerBound), let count = view.u32(at: tag.lowerBound + 8) {
            return tidy(view.latin1(at: tag.lowerBound + 12, limit: min(count, tag.count - 12)))
        }
        guard view.has("mluc", at: tag.lowerBound), let length = view.u32(at: tag.lowerBound + 20),
            let offset = view.u32(at: tag.lowerBound + 24),
            let text = view.slice(at: tag.lowerBound + offset, count: min(length, 512))
        else { return nil }
        let units = stride(from: 0, to: text.count - 1, by: 2).map { UInt16(text[$0]) << 8 | UInt16(text[$0 + 1]) }
        return tidy(String(decoding: units.prefix { $0 != 0 }, as: UTF16.self))
    }

    /// The colour spaces of images, by their signatures.
    enum Space: String {
        case gray = "GRAY", rgb = "RGB ", cmyk = "CMYK"
    }

    /// Bytes of the header and of the tag count that follows it.
    static let minimumByteCount = 132

    /// Bytes that the header claims.
    var declaredByteCount: Int { view.u32(at: 0) ?? 0 }

    /// The reason not to use the profile for an image of this space, in words that complete "the colour profile …";
    /// `nil` when there is none.
    func defect(for space: Space) -> String? {
        guard view.count >= Self.minimumByteCount else { return "is cut short at \(view.count) bytes" }
        guard declaredByteCount <= view.count else {
            return "says it has \(declaredByteCount) bytes, of which \(view.count) are there"
        }
        guard declaredByteCount >= Self.minimumByteCount else { return "says it has only \(declaredByteCount) bytes" }
        guard view.has("acsp", at: 36) else { return "lacks the signature of one" }
        let own = signature(at: 16)
        return own == space.rawValue ? nil : "is for '\(own)' and the image is '\(space.rawValue)'"
    }

    /// Four characters; those that are unsafe on a terminal become dots.
    func signature(at offset: Int) -> String {
        let bytes = view.slice(at: offset, count: 4) ?? []
        return String(decoding: bytes.map { (0x20..<0x7F).contains($0) ? $0 : 0x2E }, as: UTF8.self)
    }

    private func tag(_ signature: StaticString) -> Range<Int>? {
        guard let count = view.u32(at: 128) else { return nil }
        for index in 0..<min(count, 200) {
            let place = 132 + 12 * index
            guard view.has(signature, at: place) else { continue }
            guard let offset = view.u32(at: place + 4), let size = view.u32(at: place + 8), size >= 12,
                size <= view.count, offset <= view.count - size
            else { return nil }
            return offset..<offset + size
        }
        return nil
    }

    /// One line without control characters, which a stranger's text must not bring to a terminal.
    private func tidy(_ text: String) -> String? {
        let printable = text.unicodeScalars.filter { $0.properties.generalCategory != .control }
        let words = String(String.UnicodeScalarView(printable)).split(separator: " ").joined(separator: " ")
        return words.isEmpty ? nil : String(words.prefix(120))
    }
}

extension ColourModel {
    /// The colour space that a profile for such an image has.
    var profileSpace: ICCProfile.Space {
        switch self {
        case .gray, .grayAlpha: .gray
        case .rgb, .rgba, .palette, .ycbcr: .rgb
        case .cmyk, .ycck: .cmyk
        }
    }
}
