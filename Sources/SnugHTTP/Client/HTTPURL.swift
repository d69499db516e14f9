// SPDX-License-Identifier: Apache-2.0
internal import CCurl

/// An `http` or `https` address, parsed by the library that sends the request.
///
/// If two parsers disagreed about the end of the host, credentials could reach the wrong server: libcurl's is the only
/// one here. The description leaves out the query, in which signed addresses carry their secret.
public struct HTTPURL: Sendable, Hashable, CustomStringConvertible {
    /// The whole address as it goes to the server.
    public let text: String
    /// `http` or `https`.
    public let scheme: String
    /// The host as written, IPv6 literals in brackets.
    public let host: String
    /// The port, by default that of the scheme.
    public let port: Int
    /// The path, percent-encoded as written, at least `/`.
    public let path: String
    /// The part after the question mark, percent-encoded as written.
    public let query: String?

    /// Parses an absolute address.
    /// - Throws: `invalid_url` for a text that is no address, another scheme, or a user name (credentials belong in a
    ///   header).
    public init(_ text: String) throws(HTTPError) {
        try self.init(text, relativeTo: nil)
    }

    /// The address that a reference in a response (such as `Location`) means, relative to this one.
    public func resolving(_ reference: String) throws(HTTPError) -> HTTPURL {
        try HTTPURL(reference, relativeTo: self)
    }

    /// The address with further query items, which are percent-encoded and come without a separator.
    public func appending(query more: String) throws(HTTPError) -> HTTPURL {
        let base = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)[0]
        let joint = query?.isEmpty == false ? "&" : base.hasSuffix("?") ? "" : "?"
        return try HTTPURL(base + joint + more)
    }

    /// Scheme, host and port, to which credentials are bound. RFC 6454 §4
    public var origin: String { "\(scheme)://\(host.lowercased()):\(port)" }

    /// The value for the `Host` field: with the port unless it is the scheme's default.
    public var authority: String {
        (scheme == "https" ? 443 : 80) == port ? host : "\(host):\(port)"
    }

    /// True when the host is written as a loopback name or address.
    public var isLoopback: Bool {
        host.lowercased() == "localhost" || host == "[::1]"
            || (host.hasPrefix("127.") && host.utf8.allSatisfy { $0 == 46 || (48...57).contains($0) })
    }

    /// The address without its query.
    public var description: String { "\(scheme)://\(authority)\(path)" + (query == nil ? "" : "?***") }

    private init(_ text: String, relativeTo base: HTTPURL?) throws(HTTPError) {
        try CurlLibrary.load()
        guard let parts = Self.parse(text, base: base?.text) else {
            let remedy =
                Self.hasUser(text)
                ? "it holds a user name; credentials belong in a header" : "write https://host/path"
            throw HTTPError(.invalidURL, "cannot read \(Self.shown(text)) as an http or https address; \(remedy)")
        }
        self = parts
    }

    private init(text: String, scheme: String, host: String, port: Int, path: String, query: String?) {
        self.text = text
        self.scheme = scheme
        self.host = host
        self.port = port
        self.path = path
        self.query = query
    }

    /// The start of a text that is no address, cut before anything that could be a secret.
    private static func shown(_ text: String) -> String {
        var safe = text.prefix { $0 != "?" && $0 != "@" && $0 != "#" }
        // What stands before the at sign may be a name and a password.
        if safe.count < text.count, text.dropFirst(safe.count).first == "@", let end = safe.firstRange(of: "://") {
            safe = safe[..<end.upperBound]
        }
        safe = safe.prefix(60)
        return safe.count == text.count ? "\"\(safe)\"" : "\"\(safe)…\""
    }

    /// True for a user name, and perhaps a password, before the host.
    private static func hasUser(_ text: String) -> Bool {
        guard let start = text.firstRange(of: "//")?.upperBound else { return false }
        return text[start...].prefix { !"/?#".contains($0) }.contains("@")
    }

    /// libcurl reads `http:/h` and `http:///h` as `http://h`, other parsers do not. Both are refused.
    private static func hasOddSlashes(_ text: String) -> Bool {
        guard let colon = text.firstIndex(of: ":"), ["http", "https"].contains(text[..<colon].lowercased()) else {
            return false
        }
        let rest = text[text.index(after: colon)...]
        return !rest.hasPrefix("//") || rest.hasPrefix("///")
    }

    private static func parse(_ text: String, base: String?) -> HTTPURL? {
        guard !text.utf8.contains(where: { $0 <= 32 || $0 == 127 }), !hasOddSlashes(text),
            let handle = unsafe snug_curl_url()
        else { return nil }
        defer { unsafe snug_curl_url_cleanup(handle) }
        let flags = UInt32(CURLU_DISALLOW_USER)
        if let base {
            guard unsafe snug_curl_url_set(handle, CURLUPART_URL, base, flags) == CURLUE_OK else { return nil }
        }
        // Dot segments of an absolute address stay as they are: a signature covers the path as it is sent.
        let pathFlag = base == nil ? UInt32(CURLU_PATH_AS_IS) : 0
        guard unsafe snug_curl_url_set(handle, CURLUPART_URL, text, flags | pathFlag) == CURLUE_OK else { return nil }
        func part(_ which: CURLUPart, _ flags: UInt32 = 0) -> String? {
            var value: UnsafeMutablePointer<CChar>?
            guard unsafe snug_curl_url_get(handle, which, &value, flags) == CURLUE_OK, let value = unsafe value else {
                return nil
            }
            defer { unsafe snug_curl_free(value) }
            return unsafe String(cString: value)
        }
        guard let scheme = part(CURLUPART_SCHEME), scheme == "http" || scheme == "https",
            let host = part(CURLUPART_HOST), !host.isEmpty,
            let port = part(CURLUPART_PORT, UInt32(CURLU_DEFAULT_PORT)).flatMap({ Int($0) }),
            let path = part(CURLUPART_PATH), let whole = part(CURLUPART_URL)
        else { return nil }
        let plain = whole.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)[0]
        return HTTPURL(
            text: String(plain), scheme: scheme, host: host, port: port, path: path, query: part(CURLUPART_QUERY))
    }
}
