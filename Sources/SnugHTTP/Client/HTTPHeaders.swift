// SPDX-License-Identifier: Apache-2.0

/// Header fields in order, found without regard to case.
///
/// Printing shows values only of fields that are known to be harmless; a deny-list would fail as soon as somebody
/// invents another name for a key.
public struct HTTPHeaders: Sendable, Hashable, CustomStringConvertible, ExpressibleByDictionaryLiteral {
    /// One field line.
    public struct Field: Sendable, Hashable {
        /// The name as it was given or received.
        public let name: String
        /// The value without surrounding blanks.
        public let value: String
        /// Whether the value came as a ``Secret``: never printed, never taken to another origin.
        public let isSecret: Bool
    }

    /// All fields in order.
    public private(set) var fields: [Field] = []

    /// No fields.
    public init() {}

    /// Fields from a literal, in its order.
    public init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { add(name, value) }
    }

    /// The first value of a field; setting replaces all of that name, `nil` removes them.
    public subscript(name: String) -> String? {
        get { fields.first { Self.equal($0.name, name) }?.value }
        set {
            remove(name)
            if let newValue { add(name, newValue) }
        }
    }

    /// Every value of a field, in order.
    public func values(of name: String) -> [String] {
        fields.filter { Self.equal($0.name, name) }.map(\.value)
    }

    /// Adds a field line, keeping others of the same name.
    public mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value, isSecret: false))
    }

    /// Sets a field whose value must not be printed.
    public mutating func set(_ name: String, secret: Secret, prefix: String = "") {
        remove(name)
        fields.append(Field(name: name, value: prefix + secret.reveal(), isSecret: true))
    }

    /// Removes every field of a name.
    public mutating func remove(_ name: String) {
        fields.removeAll { Self.equal($0.name, name) }
    }

    /// The fields with harmless values shown and all others as `***`.
    public var redacted: [(name: String, value: String)] {
        fields.map { ($0.name, !$0.isSecret && Self.isPrintable($0.name) ? $0.value : "***") }
    }

    /// All fields, values of unknown ones as `***`.
    public var description: String {
        redacted.map { "\($0.name): \($0.value)" }.joined(separator: "; ")
    }

    /// Whether a field's value may be shown in logs and error messages.
    public static func isPrintable(_ name: String) -> Bool { printable.contains(name.lowercased()) }

    /// The fields that a request to another origin may keep: what describes the wish, nothing that identifies the asker.
    func keptAcrossOrigins() -> HTTPHeaders {
        var kept = HTTPHeaders()
        kept.fields = fields.filter { !$0.isSecret && Self.portable.contains($0.name.lowercased()) }
        return kept
    }

    /// The first field that could not be sent as it is, if any: a line break in a value would smuggle in another field.
    var firstMalformedName: String? {
        fields.first { field in
            field.name.isEmpty || !field.name.utf8.allSatisfy(Self.isTokenByte)
                || field.value.utf8.contains { $0 == 13 || $0 == 10 || $0 == 0 }
        }?.name
    }

    // RFC 9110 §5.6.2 (token)
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    private static func equal(_ a: String, _ b: String) -> Bool {
        a.utf8.count == b.utf8.count && a.lowercased() == b.lowercased()
    }

    private static let portable: Set<String> = [
        "accept", "accept-encoding", "accept-language", "if-range", "range", "user-agent",
    ]

    private static let printable: Set<String> = [
        "accept", "accept-encoding", "accept-language", "accept-ranges", "age", "allow", "cache-control", "connection",
        "content-digest", "content-encoding", "content-length", "content-md5", "content-range", "content-type", "date",
        "etag", "expect", "expires", "host", "if-match", "if-none-match", "last-modified", "range", "ratelimit-limit",
        "ratelimit-remaining", "ratelimit-reset", "repr-digest", "request-id", "retry-after", "retry-after-ms",
        "server",
        "transfer-encoding", "tus-checksum-algorithm", "tus-extension", "tus-max-size", "tus-resumable", "tus-version",
        "upload-checksum", "upload-complete", "upload-defer-length", "upload-draft-interop-version", "upload-expires",
        "upload-incomplete", "upload-length", "upload-limit", "upload-offset", "user-agent", "vary", "via",
        "x-amz-bucket-region", "x-amz-checksum-crc32", "x-amz-checksum-crc64nvme", "x-amz-checksum-sha256",
        "x-amz-content-sha256", "x-amz-date", "x-amz-id-2", "x-amz-request-id", "x-goog-hash", "x-ratelimit-limit",
        "x-ratelimit-limit-day", "x-ratelimit-limit-hour", "x-ratelimit-limit-requests", "x-ratelimit-limit-tokens",
        "x-ratelimit-remaining", "x-ratelimit-remaining-day", "x-ratelimit-remaining-hour",
        "x-ratelimit-remaining-requests", "x-ratelimit-remaining-tokens", "x-ratelimit-reset", "x-ratelimit-reset-hour",
        "x-ratelimit-reset-requests", "x-ratelimit-reset-tokens", "x-request-id", "x-should-retry",
    ]
}
