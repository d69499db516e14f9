// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A `multipart/form-data` body (RFC 7578), read strictly.
struct Multipart {
    struct Part {
        var name: String
        var filename: String?
        var contentType: String?
        var bytes: [UInt8]

        var text: String? { String(validating: bytes, as: UTF8.self) }
    }

    var parts: [Part] = []

    /// - Returns: `nil` when the content type has no boundary or the body does not keep to it.
    init?(_ request: Request) {
        guard request.contentType == "multipart/form-data",
            let boundary = Self.parameter("boundary", of: request.headers["Content-Type"] ?? ""), !boundary.isEmpty
        else { return nil }
        let body = request.body
        let delimiter = Array("\r\n--\(boundary)".utf8)
        // The first delimiter may stand at the very start, without its line break.
        guard body.starts(with: delimiter.dropFirst(2)) else { return nil }
        var position = delimiter.count - 2
        while true {
            if body[position...].starts(with: Array("--".utf8)) { return }
            guard body[position...].starts(with: Array("\r\n".utf8)),
                let headEnd = body.firstIndex(of: Array("\r\n\r\n".utf8), from: position),
                let end = body.firstIndex(of: delimiter, from: headEnd + 2),
                let part = Self.part(
                    head: body[(position + 2)..<max(headEnd, position + 2)], bytes: body[min(headEnd + 4, end)..<end])
            else { return nil }
            parts.append(part)
            position = end + delimiter.count
        }
    }

    func all(_ name: String) -> [Part] { parts.filter { $0.name == name } }

    func text(_ name: String) -> String? { all(name).first?.text }

    private static func part(head: ArraySlice<UInt8>, bytes: ArraySlice<UInt8>) -> Part? {
        guard let text = String(validating: head, as: UTF8.self) else { return nil }
        var headers = Headers()
        for line in text.split(separator: "\r\n") {
            let sides = line.split(separator: ":", maxSplits: 1).map { String($0).trimmedBlanks }
            guard sides.count == 2 else { return nil }
            headers[sides[0]] = sides[1]
        }
        guard let disposition = headers["Content-Disposition"], disposition.hasPrefix("form-data"),
            let name = parameter("name", of: disposition)
        else { return nil }
        return Part(
            name: name, filename: parameter("filename", of: disposition), contentType: headers["Content-Type"],
            bytes: Array(bytes))
    }

    /// A parameter of a header value, quoted or not; in quotes `%22` stands for a quote (WHATWG) and `\` escapes.
    static func parameter(_ name: String, of header: String) -> String? {
        var rest = header.drop { $0 != ";" }
        while rest.first == ";" {
            rest = rest.dropFirst().drop { $0.isWhitespace }
            let key = rest.prefix { $0 != "=" && $0 != ";" }
            rest = rest.dropFirst(key.count)
            guard rest.first == "=" else { continue }
            rest = rest.dropFirst()
            let value = quotedOrToken(&rest)
            if key.lowercased() == name { return value }
        }
        return nil
    }

    private static func quotedOrToken(_ rest: inout Substring) -> String {
        guard rest.first == "\"" else {
            let token = rest.prefix { $0 != ";" }
            rest = rest.dropFirst(token.count)
            return String(token).trimmedBlanks
        }
        rest = rest.dropFirst()
        var value = ""
        while let character = rest.popFirst(), character != "\"" {
            if character == "\\", let escaped = rest.popFirst() {
                value.append(escaped)
            } else {
                value.append(character)
            }
        }
        rest = rest.drop { $0 != ";" }
        return value.replacing("%22", with: "\"").replacing("%0D", with: "\r").replacing("%0A", with: "\n")
    }
}

extension [UInt8] {
    /// The first position of `needle` at or after `start`.
    func firstIndex(of needle: [UInt8], from start: Int) -> Int? {
        guard let first = needle.first, start >= 0 else { return nil }
        // `memchr` and `memcmp`, because bodies of 100 MiB pass through here in debug builds too.
        return unsafe withUnsafeBytes { haystack in
            unsafe needle.withUnsafeBytes { wanted in
                guard let base = haystack.baseAddress, let pattern = wanted.baseAddress else { return nil }
                var position = start
                while position <= haystack.count - wanted.count {
                    let candidates = haystack.count - wanted.count - position + 1
                    guard let found = unsafe memchr(base + position, CInt(first), candidates) else { return nil }
                    if unsafe memcmp(found, pattern, wanted.count) == 0 { return unsafe UnsafeRawPointer(found) - base }
                    position = unsafe UnsafeRawPointer(found) - base + 1
                }
                return nil
            }
        }
    }
}
