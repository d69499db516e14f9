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

    /// The reason not to use the profile for an image of this model; `nil` when there is none.
    func problem(for model: ColourModel) -> String? {
        guard view.count >= 132, let declared = view.u32(at: 0), let tags = view.u32(at: 128) else {
            return "it has \(view.count) bytes, less than a header"
        }
        guard declared <= view.count else { return "it says \(declared) bytes and has \(view.count)" }
        guard view.has("acsp", at: 36) else { return "its signature is missing" }
        guard tags <= (view.count - 132) / 12 else { return "its tag table goes past its end" }
        let space = view.latin1(at: 16, limit: 4)
        let wanted =
            switch model {
            case .gray, .grayAlpha: "GRAY"
            case .rgb, .rgba, .palette, .ycbcr: "RGB "
            case .cmyk, .ycck: "CMYK"
            }
        return space == wanted ? nil : "it is for \(tidy(space) ?? "nothing"), the image is \(tidy(wanted) ?? "")"
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
