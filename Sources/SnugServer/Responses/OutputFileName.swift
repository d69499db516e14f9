// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugSystem

/// A file's name that came from a client, made safe for header fields, reports and other people's disks.
struct OutputFileName: Sendable, Hashable {
    /// The name without folders and without an extension; never empty.
    let stem: String
    /// The extension that it came with, where that is a usual one; else empty.
    private let ending: String

    /// Maximum bytes of a stem: file systems take 255 for a whole name.
    private static let maximumBytes = 200

    /// Takes the last part of a path of any system, without control characters.
    init(_ given: String?) {
        let last = (given ?? "").split(omittingEmptySubsequences: true) { $0 == "/" || $0 == "\\" }.last ?? ""
        var clean = ""
        var byteCount = 0
        for scalar in last.unicodeScalars {
            byteCount += UTF8.width(scalar)
            guard byteCount <= Self.maximumBytes else { break }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: break
            default: clean.unicodeScalars.append(scalar)
            }
        }
        while clean.first == "." || clean.first == " " { clean.removeFirst() }
        var ending = ""
        if let dot = clean.lastIndex(of: "."), dot > clean.startIndex {
            let text = clean[clean.index(after: dot)...]
            // A name that ends so would be a sidecar's in a folder.
            let isUsual = (1...5).contains(text.count) && text.lowercased() != "json"
            if isUsual, text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) { ending = String(text) }
            clean = String(clean[..<dot])
        }
        self.ending = ending
        stem = clean.isEmpty ? "image" : clean
    }

    /// The whole name.
    var whole: String { ending.isEmpty ? stem : "\(stem).\(ending)" }

    /// The name of an output.
    func name(as format: ImageFormat) -> String { "\(stem).\(format.fileExtension)" }

    /// A `Content-Disposition` value, in ASCII and in UTF-8 (RFC 6266, RFC 8187).
    func disposition(as format: ImageFormat) -> String {
        let name = name(as: format)
        let isPlain = name.unicodeScalars.allSatisfy { Self.isPlain($0) }
        let ascii = String(
            String.UnicodeScalarView(name.unicodeScalars.map { Self.isPlain($0) ? $0 : "_" }))
        return "inline; filename=\"\(ascii)\"" + (isPlain ? "" : "; filename*=UTF-8''\(Self.encoded(name))")
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        (0x20...0x7E).contains(scalar.value) && scalar != "\"" && scalar != "\\" && scalar != "%"
    }

    private static func encoded(_ name: String) -> String {
        name.utf8.reduce(into: "") { text, byte in
            let scalar = Unicode.Scalar(byte)
            if byte < 0x80,
                scalar.properties.isAlphabetic || (0x30...0x39).contains(byte) || byte == 0x2E || byte == 0x2D
            {
                text.unicodeScalars.append(scalar)
            } else {
                text += "%" + [byte].hexadecimal.uppercased()
            }
        }
    }
}
