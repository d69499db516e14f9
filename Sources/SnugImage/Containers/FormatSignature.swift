// SPDX-License-Identifier: Apache-2.0

/// Tells a format by its first bytes, against a list compiled in: never by name, never by trying decoders.
enum FormatSignature {
    /// Bytes that are looked at. SVG may begin with a long comment.
    static let byteCount = 4096

    /// The format, `nil` for anything else.
    static func format(of start: ByteView) -> ImageFormat? {
        if start.u16(at: 0) == 0xFFD8 { return .jpeg }
        if start.bytes.starts(with: PNGChunkReader.signature) { return .png }
        if start.has("GIF87a") || start.has("GIF89a") { return .gif }
        if start.has("RIFF") && start.has("WEBP", at: 8) { return .webp }
        if ["II*\0", "MM\0*", "II+\0", "MM\0+"].contains(where: { start.has($0) }) { return .tiff }
        if start.u16(at: 0) == 0xFF0A || start.has("\0\0\0\u{0C}JXL ") { return .jpegXL }
        if start.has("ftyp", at: 4) { return isoMediaFormat(start) }
        if start.has("%PDF-") { return .pdf }
        if start.has("BM"), let header = start.bytes.count > 17 ? start.bytes[14] : nil,
            [12, 16, 40, 52, 56, 64, 108, 124].contains(header), start.bytes[15] == 0
        {
            return .bmp
        }
        return isSVG(start) ? .svg : nil
    }

    /// HEIF and AVIF by their brands (ISO/IEC 23008-12 §10, AV1 Image File Format §8).
    private static func isoMediaFormat(_ start: ByteView) -> ImageFormat? {
        let length = min(start.u32(at: 0) ?? 0, start.count, 256)
        let brands = stride(from: 8, to: length - 3, by: 4).filter { $0 != 12 }.map { start.latin1(at: $0, limit: 4) }
        if brands.contains(where: { ["avif", "avis"].contains($0) }) { return .avif }
        let heif = ["heic", "heix", "hevc", "hevx", "heim", "heis", "hevm", "hevs", "mif1", "msf1", "mif2"]
        return brands.contains(where: heif.contains) ? .heif : nil
    }

    /// An `<svg` element after nothing but a byte order mark, a declaration, comments and a document type.
    private static func isSVG(_ start: ByteView) -> Bool {
        var text = Substring(String(decoding: start.bytes, as: UTF8.self).trimmingPrefix("\u{FEFF}"))
        for _ in 0..<16 {
            text = text.drop(while: \.isWhitespace)
            if text.hasPrefix("<svg") || text.hasPrefix("<svg:svg") { return true }
            let close: String
            if text.hasPrefix("<?xml") {
                close = "?>"
            } else if text.hasPrefix("<!--") {
                close = "-->"
            } else if text.hasPrefix("<!DOCTYPE svg") {
                return true
            } else {
                return false
            }
            guard let end = text.firstRange(of: close) else { return false }
            text = text[end.upperBound...]
        }
        return false
    }

    /// The error for content of no image format, with a guess at what it is instead.
    static func refusal(of start: ByteView, byteCount: Int) -> ImageError {
        if byteCount == 0 {
            return ImageError(.emptyInput, "is empty (0 bytes): the upload or copy that made it may have failed")
        }
        if start.bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
            return byteCount < 8
                ? InputFault.truncated("PNG signature is cut off", at: byteCount)
                : InputFault.corrupt("PNG signature was changed by a transfer in text mode", at: 4)
        }
        let kind = self.kind(of: start)
        return ImageError(
            .notAnImage, "is \(kind), not an image; give a JPEG or PNG file", details: ["content": .text(kind)])
    }

    private static func kind(of start: ByteView) -> String {
        if start.has("%!PS") { return "PostScript" }
        if start.has("PK\u{03}\u{04}") { return "a ZIP archive or an office document" }
        if start.has("\u{1F}") && start.u8(at: 1) == 0x8B { return "a gzip archive" }
        if start.has("ftyp", at: 4) { return "a video or another ISO media file" }
        if start.has("8BPS") { return "a Photoshop document" }
        if start.has("\u{7F}ELF") || start.has("#!") { return "a program" }
        if start.has("RIFF") || start.has("OggS") || start.has("ID3") { return "sound or video" }
        let text = start.bytes.prefix(512)
        if text.allSatisfy({ $0 == 0 }) { return "nothing but zero bytes" }
        guard text.allSatisfy({ $0 >= 0x20 || 0x09...0x0D ~= $0 || $0 == 0x1B }) else { return "unknown binary data" }
        let lower = String(decoding: text, as: UTF8.self).lowercased()
        if lower.contains("<html") || lower.contains("<!doctype html") { return "an HTML page" }
        if lower.drop(while: \.isWhitespace).hasPrefix("{") { return "JSON text" }
        return "text"
    }
}
