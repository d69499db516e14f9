// SPDX-License-Identifier: Apache-2.0

/// The kind of content that bytes begin with, against a list compiled in: never by name, never by trying decoders.
package enum ContentSignature: String, Sendable, Hashable, CaseIterable {
    case jpeg, png, gif, webp, tiff, bmp, ico, heif, avif, jpegXL, svg, pdf
    case postScript, zip, gzip, isoMedia, photoshop, program, soundOrVideo, zeroes, html, json, text, binary, empty

    /// Bytes that are enough to tell. SVG may begin with a long comment.
    package static let byteCount = 4096

    /// Looks at the first ``byteCount`` bytes; fewer only where there are no more.
    package init(_ bytes: some Collection<UInt8>) {
        let start = SignatureReader(Array(bytes.prefix(Self.byteCount)))
        self = Self.image(start) ?? Self.other(start)
    }

    /// The media type of an image that APIs exchange; `nil` for everything else.
    package var imageMediaType: String? {
        switch self {
        case .jpeg: "image/jpeg"
        case .png: "image/png"
        case .gif: "image/gif"
        case .webp: "image/webp"
        case .tiff: "image/tiff"
        case .bmp: "image/bmp"
        case .heif: "image/heic"
        case .avif: "image/avif"
        case .jpegXL: "image/jxl"
        default: nil
        }
    }

    /// The media type for an upload; `nil` where the bytes do not tell.
    package var mediaType: String? {
        switch self {
        case .svg: "image/svg+xml"
        case .pdf: "application/pdf"
        case .ico: "image/vnd.microsoft.icon"
        case .gzip: "application/gzip"
        case .photoshop: "image/vnd.adobe.photoshop"
        case .postScript: "application/postscript"
        case .html: "text/html"
        case .json: "application/json"
        case .text: "text/plain"
        default: imageMediaType
        }
    }

    /// For a person, with an article.
    package var description: String {
        switch self {
        case .jpeg, .png, .gif, .webp, .tiff, .bmp, .ico, .heif, .avif, .jpegXL, .svg: "an image (\(rawValue))"
        case .pdf: "a PDF document"
        case .postScript: "PostScript"
        case .zip: "a ZIP archive or an office document"
        case .gzip: "a gzip archive"
        case .isoMedia: "a video or another ISO media file"
        case .photoshop: "a Photoshop document"
        case .program: "a program"
        case .soundOrVideo: "sound or video"
        case .zeroes: "nothing but zero bytes"
        case .html: "an HTML page"
        case .json: "JSON text"
        case .text: "text"
        case .binary: "unknown binary data"
        case .empty: "nothing (0 bytes)"
        }
    }

    private static func image(_ start: SignatureReader) -> ContentSignature? {
        if start.has([0xFF, 0xD8]) { return .jpeg }
        if start.has([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
        if start.has("GIF87a") || start.has("GIF89a") { return .gif }
        if start.has("RIFF") && start.has("WEBP", at: 8) { return .webp }
        if ["II*\0", "MM\0*", "II+\0", "MM\0+"].contains(where: { start.has($0) }) { return .tiff }
        if start.has([0xFF, 0x0A]) || start.has("\0\0\0\u{0C}JXL ") { return .jpegXL }
        if start.has("ftyp", at: 4) { return isoMediaFormat(start) }
        if start.has("%PDF-") { return .pdf }
        // A BMP states the size of its own header, which no text that begins with BM does.
        if start.has("BM"), let header = start.byte(at: 14), start.byte(at: 15) == 0, start.bytes.count > 17,
            [12, 16, 40, 52, 56, 64, 108, 124].contains(header)
        {
            return .bmp
        }
        if isIcon(start) { return .ico }
        return start.isSVG ? .svg : nil
    }

    /// An icon has no signature of its own: its first entry has to be one, with data behind the directory.
    private static func isIcon(_ start: SignatureReader) -> Bool {
        guard start.has([0, 0, 1, 0]), let count = start.byte(at: 4), count > 0, start.byte(at: 5) == 0,
            start.byte(at: 9) == 0, start.bytes.count >= 22
        else { return false }
        func number(_ offset: Int) -> Int { (0..<4).reduce(0) { $0 | Int(start.bytes[offset + $1]) << (8 * $1) } }
        return number(14) > 0 && number(18) >= 6 + 16 * Int(count)
    }

    /// HEIF and AVIF by their brands (ISO/IEC 23008-12 §10, AV1 Image File Format §8).
    private static func isoMediaFormat(_ start: SignatureReader) -> ContentSignature? {
        let length = min(start.bigEndian32(at: 0) ?? 0, start.bytes.count, 256)
        let brands = stride(from: 8, to: length - 3, by: 4).filter { $0 != 12 }.map { start.latin1(at: $0, count: 4) }
        if brands.contains(where: { ["avif", "avis"].contains($0) }) { return .avif }
        let heif = ["heic", "heix", "hevc", "hevx", "heim", "heis", "hevm", "hevs", "mif1", "msf1", "mif2"]
        return brands.contains(where: heif.contains) ? .heif : nil
    }

    private static func other(_ start: SignatureReader) -> ContentSignature {
        if start.bytes.isEmpty { return .empty }
        if start.has("%!PS") { return .postScript }
        if start.has("PK\u{03}\u{04}") { return .zip }
        if start.has([0x1F, 0x8B]) { return .gzip }
        if start.has("ftyp", at: 4) { return .isoMedia }
        if start.has("8BPS") { return .photoshop }
        if start.has("\u{7F}ELF") || start.has("#!") { return .program }
        if start.has("RIFF") || start.has("OggS") || start.has("ID3") { return .soundOrVideo }
        let text = start.bytes.prefix(512)
        if text.allSatisfy({ $0 == 0 }) { return .zeroes }
        let bare = text.starts(with: [0xEF, 0xBB, 0xBF]) ? text.dropFirst(3) : text
        guard bare.allSatisfy({ $0 >= 0x20 || 0x09...0x0D ~= $0 || $0 == 0x1B }) else { return .binary }
        let first = bare.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") { return .json }
        let lower = String(decoding: bare, as: UTF8.self).lowercased()
        if first == UInt8(ascii: "<") || lower.contains("<html") || lower.contains("<!doctype html") { return .html }
        return .text
    }
}
