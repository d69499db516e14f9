// SPDX-License-Identifier: Apache-2.0

/// A complete request, as a service gets it.
struct Request: Sendable {
    /// ``RecordedRequest/number``.
    var number: Int
    var method: String
    /// Percent-encoded, without the query.
    var path: String
    var query: [(name: String, value: String)]
    var rawQuery: String
    var headers: Headers
    var body: [UInt8]
    /// The address of the listener, `127.0.0.1:40001`.
    var authority: String

    /// The path's segments, decoded.
    var segments: [String] {
        path.split(separator: "/", omittingEmptySubsequences: true).map { String($0).percentDecoded ?? String($0) }
    }

    func value(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// The token of `Authorization: Bearer`, or `nil`.
    var bearer: String? {
        guard let value = headers["Authorization"], value.hasPrefix("Bearer ") else { return nil }
        return String(value.dropFirst("Bearer ".count))
    }

    var contentType: String {
        (headers["Content-Type"] ?? "").split(separator: ";").first?.lowercased().trimmedBlanks ?? ""
    }

    /// The identity of a request to a provider that compares requests: all but headers.
    var digest: String {
        Digest.hexadecimal(Array("\(method) \(path)?\(rawQuery)\n".utf8) + body)
    }

    init(number: Int, method: String, target: String, headers: Headers, body: [UInt8]) {
        self.number = number
        self.method = method
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(parts.first ?? "")
        rawQuery = parts.count > 1 ? String(parts[1]) : ""
        query = rawQuery.formDecoded
        self.headers = headers
        self.body = body
        authority = headers["Host"] ?? ""
    }
}

extension String {
    /// `a=1&b=2`, decoded (WHATWG URL, application/x-www-form-urlencoded).
    var formDecoded: [(name: String, value: String)] {
        split(separator: "&").map { pair in
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                .map { String($0).replacing("+", with: " ").percentDecodedOrSame }
            return (sides.first ?? "", sides.count > 1 ? sides[1] : "")
        }
    }

    private var percentDecodedOrSame: String { percentDecoded ?? self }

    /// RFC 3986 §2.1, or `nil` when the escapes are broken or the bytes are not UTF-8.
    var percentDecoded: String? {
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let digits = String(rest.prefix(2)), digits.utf8.count == 2, digits.allSatisfy(\.isHexDigit),
                let value = UInt8(digits, radix: 16)
            else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    var trimmedBlanks: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
