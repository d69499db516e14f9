// SPDX-License-Identifier: Apache-2.0
public import HTTPTypes

extension HTTPField {
    /// A field from untrusted text, checked instead of adjusted: `HTTPField(name:value:)` replaces a line break by a
    /// space.
    /// - Throws: `invalid_request` when the name or the value has characters that HTTP does not allow there.
    public init(checked name: String, _ value: String) throws(HTTPError) {
        guard let valid = Name(name), !name.hasPrefix(":"), HTTPField.isValidValue(value) else {
            throw HTTPError(
                .invalidRequest,
                "the header \"\(name)\" has characters that cannot be sent; remove line breaks and control characters")
        }
        self.init(name: valid, value: value)
    }

    /// True for a value that is never logged, printed, or sent to another origin.
    ///
    /// RFC 7541 §7.1.3 has the same mark for the same purpose: a field that no intermediary may index.
    public var isSecret: Bool { indexingStrategy == .disallow }
}

extension HTTPFields {
    /// Sets a field to a value from outside.
    /// - Throws: `invalid_request` when the value has characters that cannot be sent, such as a line break.
    public mutating func set(_ name: HTTPField.Name, checked value: String) throws(HTTPError) {
        self[fields: name] = [try HTTPField(checked: name.rawName, value)]
    }

    /// Sets a field to a value that is never logged, printed, or sent to another origin.
    /// - Throws: `invalid_request` when the secret has characters that cannot be sent, such as a line break.
    public mutating func set(_ name: HTTPField.Name, secret: Secret, prefix: String = "") throws(HTTPError) {
        var field = try HTTPField(checked: name.rawName, prefix + secret.reveal())
        field.indexingStrategy = .disallow
        self[fields: name] = [field]
    }

    /// The fields on one line, with `***` for every value that is not known to be harmless.
    ///
    /// A list of harmful names would fail as soon as somebody invents another name for a key.
    public var redactedDescription: String {
        lazy.map { "\($0.name.rawName): \(!$0.isSecret && $0.name.isPrintable ? $0.value : "***")" }
            .joined(separator: "; ")
    }

    /// The fields that a redirect to another origin may keep: those that describe the request and identify nobody.
    var keptAcrossOrigins: HTTPFields {
        HTTPFields(filter { !$0.isSecret && HTTPField.Name.portable.contains($0.name) })
    }

    /// The first value of a field, read as a whole number.
    package func integer(_ name: HTTPField.Name) -> Int? { self[values: name].first.flatMap { Int($0) } }

    /// The value of a field whose name is put together at run time.
    package subscript(named name: String) -> String? { HTTPField.Name(name).flatMap { self[$0] } }
}

extension HTTPField.Name {
    /// True when the field's values may be shown in logs and error messages.
    public var isPrintable: Bool { Self.printable.contains(canonicalName) }

    fileprivate static let portable: Set<HTTPField.Name> = [
        .accept, .acceptEncoding, .acceptLanguage, .ifRange, .range, .userAgent,
    ]

    private static let printable: Set<String> = [
        "accept", "accept-encoding", "accept-language", "accept-ranges", "age", "allow", "cache-control", "connection",
        "content-digest", "content-encoding", "content-length", "content-md5", "content-range", "content-type", "date",
        "etag", "expect", "expires", "host", "if-match", "if-none-match", "last-modified", "range", "ratelimit",
        "ratelimit-limit", "ratelimit-policy", "ratelimit-remaining", "ratelimit-reset", "repr-digest", "request-id",
        "retry-after", "retry-after-ms", "server", "transfer-encoding", "tus-checksum-algorithm", "tus-extension",
        "tus-max-size", "tus-resumable", "tus-version", "upload-checksum", "upload-complete", "upload-defer-length",
        "upload-draft-interop-version", "upload-expires", "upload-incomplete", "upload-length", "upload-limit",
        "upload-offset", "user-agent", "vary", "via", "x-amz-bucket-region", "x-amz-checksum-crc32",
        "x-amz-checksum-crc64nvme", "x-amz-checksum-sha256", "x-amz-content-sha256", "x-amz-date", "x-amz-id-2",
        "x-amz-request-id", "x-goog-hash", "x-ratelimit-limit", "x-ratelimit-limit-day", "x-ratelimit-limit-hour",
        "x-ratelimit-limit-requests", "x-ratelimit-limit-tokens", "x-ratelimit-remaining", "x-ratelimit-remaining-day",
        "x-ratelimit-remaining-hour", "x-ratelimit-remaining-requests", "x-ratelimit-remaining-tokens",
        "x-ratelimit-reset", "x-ratelimit-reset-hour", "x-ratelimit-reset-requests", "x-ratelimit-reset-tokens",
        "x-request-id", "x-should-retry",
    ]
}
