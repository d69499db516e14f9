// SPDX-License-Identifier: Apache-2.0

/// What bytes are, by how they begin: labels lie.
enum ContentKind: Hashable {
    /// An image of this media type.
    case image(String)
    case json, page, text, compressed, empty, unknown

    /// Bytes that are enough to tell.
    static let neededBytes = 32

    init(_ bytes: some Collection<UInt8>) {
        let start = Array(bytes.prefix(Self.neededBytes))
        if start.isEmpty {
            self = .empty
        } else if let type = Self.imageType(start) {
            self = .image(type)
        } else if start.starts(with: [0x1F, 0x8B]) {
            self = .compressed
        } else {
            self = Self.textKind(start)
        }
    }

    /// For a person: what came in place of an image.
    var description: String {
        switch self {
        case .image(let type): "an image (\(type))"
        case .json: "JSON"
        case .page: "an HTML or XML page"
        case .text: "text"
        case .compressed: "compressed data"
        case .empty: "nothing"
        case .unknown: "data of an unknown kind"
        }
    }

    private static func imageType(_ start: [UInt8]) -> String? {
        func has(_ text: String, at offset: Int = 0) -> Bool { start.dropFirst(offset).starts(with: text.utf8) }
        if start.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return "image/png" }
        if start.starts(with: [0xFF, 0xD8, 0xFF]) { return "image/jpeg" }
        if has("GIF87a") || has("GIF89a") { return "image/gif" }
        if has("RIFF"), has("WEBP", at: 8) { return "image/webp" }
        if has("ftypavif", at: 4) || has("ftypavis", at: 4) { return "image/avif" }
        if has("ftyphei", at: 4) || has("ftyphev", at: 4) || has("ftypmif1", at: 4) { return "image/heic" }
        if has("II*\0") || has("MM\0*") { return "image/tiff" }
        // A BMP says its own header's size, which no text that begins with BM does.
        if has("BM"), start.count > 17, start[14...17] == [40, 0, 0, 0] || start[14...17] == [124, 0, 0, 0] {
            return "image/bmp"
        }
        return nil
    }

    private static func textKind(_ start: [UInt8]) -> ContentKind {
        let bare = start.starts(with: [0xEF, 0xBB, 0xBF]) ? start[3...] : start[...]
        switch bare.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) {
        case UInt8(ascii: "{"), UInt8(ascii: "["): return .json
        case UInt8(ascii: "<"): return .page
        case nil: return .text
        default:
            return start.allSatisfy { $0 >= 0x20 || [0x09, 0x0A, 0x0D].contains($0) } ? .text : .unknown
        }
    }
}
