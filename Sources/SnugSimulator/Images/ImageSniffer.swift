// SPDX-License-Identifier: Apache-2.0

/// Tells what an uploaded file is by its first bytes, as the providers do.
struct ImageSniffer {
    let bytes: [UInt8]

    /// `png`, `jpeg`, `webp`, `gif` or `bmp`; `nil` for anything else.
    var format: String? {
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return "png" }
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) { return "jpeg" }
        if bytes.starts(with: Array("RIFF".utf8)), bytes.dropFirst(8).starts(with: Array("WEBP".utf8)) { return "webp" }
        if bytes.starts(with: Array("GIF8".utf8)) { return "gif" }
        if bytes.starts(with: Array("BM".utf8)) { return "bmp" }
        return nil
    }

    /// Width and height of a PNG or JPEG.
    var size: (width: Int, height: Int)? {
        switch format {
        case "png": bytes.count >= 24 ? (number(at: 16, length: 4), number(at: 20, length: 4)) : nil
        case "jpeg": jpegSize
        default: nil
        }
    }

    /// True when a PNG's colour type has an alpha channel.
    var hasAlpha: Bool {
        format == "png" && bytes.count > 25
            && (bytes[25] & 4 != 0 || bytes.firstIndex(of: Array("tRNS".utf8), from: 8) != nil)
    }

    private var jpegSize: (width: Int, height: Int)? {
        var position = 2
        while position + 9 < bytes.count, bytes[position] == 0xFF {
            let marker = bytes[position + 1]
            if (0xC0...0xCF).contains(marker), ![0xC4, 0xC8, 0xCC].contains(marker) {
                return (number(at: position + 7, length: 2), number(at: position + 5, length: 2))
            }
            position += 2 + number(at: position + 2, length: 2)
        }
        return nil
    }

    private func number(at position: Int, length: Int) -> Int {
        bytes[position..<position + length].reduce(0) { $0 << 8 | Int($1) }
    }
}
