// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP
internal import SnugSystem

/// Signs S3 requests (AWS Signature Version 4).
///
/// libcurl's signer does not sort query strings, and supports neither session tokens nor presigned addresses.
struct SigV4 {
    let settings: S3Settings

    /// The payload hash for bodies that are not signed.
    static let unsigned = "UNSIGNED-PAYLOAD"

    /// Adds date, payload hash, token and signature to the headers of a request.
    /// - Parameters:
    ///   - headers: The fields of the request; `x-amz-*`, `content-md5` and `content-type` are signed.
    ///   - payloadHash: Hexadecimal SHA-256 of the body, or ``unsigned``.
    ///   - now: Seconds since 1970; a signature is good for 15 minutes, so each attempt is signed again.
    /// - Throws: `invalid_request` when the session token cannot be sent.
    func sign(
        _ method: HTTPRequest.Method, _ url: HTTPURL, headers: HTTPFields, payloadHash: String, now: Int
    ) throws(HTTPError) -> HTTPFields {
        var signed = headers
        let date = AmazonDate(now)
        signed[.amazonDate] = date.time
        signed[.amazonContentSHA256] = payloadHash
        if let token = settings.sessionToken { try signed.set(.amazonSecurityToken, secret: token) }
        var fields = signed.map { (name: $0.name.canonicalName, value: Self.trimmed($0.value)) }
        fields = fields.filter { $0.name.hasPrefix("x-amz-") || $0.name == "content-md5" || $0.name == "content-type" }
        fields.append(("host", url.authority))
        fields.sort { $0.name < $1.name }
        let names = fields.map(\.name).joined(separator: ";")
        let canonical = [
            method.rawValue, url.path, Self.canonicalQuery(url.query),
            fields.map { "\($0.name):\($0.value)\n" }.joined(), names,
            payloadHash,
        ].joined(separator: "\n")
        let credential = "\(settings.accessKeyID)/\(scope(date))"
        try signed.set(
            .authorization,
            secret: Secret(
                "AWS4-HMAC-SHA256 Credential=\(credential), SignedHeaders=\(names), Signature=\(signature(canonical, date))"
            ))
        return signed
    }

    /// An address that lets anybody make one kind of request for a while.
    func presign(
        _ method: HTTPRequest.Method, _ url: HTTPURL, expires seconds: Int, now: Int
    ) throws(HTTPError) -> HTTPURL {
        let date = AmazonDate(now)
        var items = [
            "X-Amz-Algorithm=AWS4-HMAC-SHA256",
            "X-Amz-Credential=\(Self.encoded("\(settings.accessKeyID)/\(scope(date))"))",
            "X-Amz-Date=\(date.time)", "X-Amz-Expires=\(min(max(seconds, 1), 604_800))", "X-Amz-SignedHeaders=host",
        ]
        if let token = settings.sessionToken { items.append("X-Amz-Security-Token=\(Self.encoded(token.reveal()))") }
        let unsignedURL = try url.appending(query: items.joined(separator: "&"))
        let canonical = [
            method.rawValue, url.path, Self.canonicalQuery(unsignedURL.query), "host:\(url.authority)\n", "host",
            Self.unsigned,
        ].joined(separator: "\n")
        return try unsignedURL.appending(query: "X-Amz-Signature=\(signature(canonical, date))")
    }

    private func scope(_ date: AmazonDate) -> String { "\(date.day)/\(settings.region)/s3/aws4_request" }

    private func signature(_ canonical: String, _ date: AmazonDate) -> String {
        let digest = MessageDigest.sha256(Array(canonical.utf8)).hexadecimal
        let text = "AWS4-HMAC-SHA256\n\(date.time)\n\(scope(date))\n\(digest)"
        var key = Array("AWS4\(settings.secretKey.reveal())".utf8)
        for part in [date.day, settings.region, "s3", "aws4_request", text] {
            key = MessageDigest.hmacSHA256(Array(part.utf8), key: key)
        }
        return key.hexadecimal
    }

    /// Items sorted by name, then value; a name without a value has an empty one.
    static func canonicalQuery(_ query: String?) -> String {
        let items = (query ?? "").split(separator: "&").map { item -> (String, String) in
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (encoded(decoded(parts[0])), parts.count > 1 ? encoded(decoded(parts[1])) : "")
        }
        return items.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    /// Percent-encodes everything but unreserved characters, and slashes where asked. RFC 3986 §2.3
    static func encoded(_ text: String, keepingSlashes: Bool = false) -> String {
        var result: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                result.append(byte)
            case UInt8(ascii: "/") where keepingSlashes: result.append(byte)
            default: result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    static func decoded(_ text: some StringProtocol) -> String {
        var result: [UInt8] = []
        var bytes = Array(text.utf8)[...]
        while let byte = bytes.popFirst() {
            let digits = bytes.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                result.append(value)
                bytes = bytes.dropFirst(2)
            } else {
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func trimmed(_ value: String) -> String {
        value.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
    }
}

/// A moment as Amazon writes it: `20261120T120000Z`.
struct AmazonDate {
    let time: String
    var day: String { String(time.prefix(8)) }

    init(_ seconds: Int) {
        // Days to date as in Howard Hinnant's chrono-compatible algorithms: years begin in March.
        let days = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400
        let second = seconds - days * 86400
        let z = days + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        time =
            "\(year)\(two(month))\(two(dayOfYear - (153 * shifted + 2) / 5 + 1))"
            + "T\(two(second / 3600))\(two(second / 60 % 60))\(two(second % 60))Z"
    }
}
