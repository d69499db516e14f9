// SPDX-License-Identifier: Apache-2.0

/// Reads the beginning of a file without ever reading outside it.
struct SignatureReader {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func byte(at offset: Int) -> UInt8? { bytes.indices.contains(offset) ? bytes[offset] : nil }

    func has(_ text: String, at offset: Int = 0) -> Bool { bytes.dropFirst(offset).starts(with: text.utf8) }

    func has(_ start: [UInt8]) -> Bool { bytes.starts(with: start) }

    func bigEndian32(at offset: Int) -> Int? {
        guard offset >= 0, offset <= bytes.count - 4 else { return nil }
        return bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
    }

    func latin1(at offset: Int, count: Int) -> String {
        String(String.UnicodeScalarView(bytes.dropFirst(offset).prefix(count).map { Unicode.Scalar($0) }))
    }

    /// True for an `<svg` element after nothing but a byte order mark, a declaration, comments and a document type.
    var isSVG: Bool {
        var text = Substring(String(decoding: bytes, as: UTF8.self).trimmingPrefix("\u{FEFF}"))
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
}
