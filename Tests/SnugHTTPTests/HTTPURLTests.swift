// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import Testing

@Suite struct HTTPURLTests {
    @Test(
        "Only complete http and https addresses without a user are taken",
        arguments: [
            "", "files", "/files", "ftp://h/x", "file:///etc/passwd", "http://", "http://u:p@h/", "http://h/a b",
            "http://h/\r\nX: y", "gopher://h/", "http:///x", "http:/x", "HTTP:x",
        ])
    func refuses(text: String) {
        let error = #expect(throws: HTTPError.self) { try HTTPURL(text) }
        #expect(error?.code == .invalidURL)
    }

    @Test func anAddressIsTakenApart() throws {
        let url = try HTTPURL("https://Example.com:8443/a%20b/../c?x=1&y=%2F#frag")
        #expect(url.scheme == "https" && url.port == 8443 && url.query == "x=1&y=%2F")
        #expect(url.path == "/a%20b/../c")
        #expect(url.origin == "https://example.com:8443")
        #expect(try HTTPURL("http://h").path == "/")
        #expect(try HTTPURL("http://h:80/x").authority == "h")
        #expect(try HTTPURL("http://[::1]:81/x").isLoopback)
        #expect(try !HTTPURL("http://127.evil.example/").isLoopback)
    }

    @Test(
        "A Location is resolved as the server meant it",
        arguments: [
            ("https://o.example/x", "https://o.example/x"), ("/files/1", "http://h:81/files/1"),
            ("1", "http://h:81/a/1"), ("../1", "http://h:81/1"), ("//o/x", "http://o/x"),
            ("?q=1", "http://h:81/a/b?q=1"),
        ])
    func resolves(reference: String, expected: String) throws {
        #expect(try HTTPURL("http://h:81/a/b").resolving(reference).text == expected)
    }

    @Test func printingLeavesTheQueryOut() throws {
        let url = try HTTPURL("https://h/k?X-Amz-Signature=hunter2")
        #expect("\(url)" == "https://h/k?***")
        let error = #expect(throws: HTTPError.self) { try HTTPURL("ftp://h/k?sig=hunter2") }
        #expect(error?.message.contains("hunter2") == false)
    }

    /// A text, and scheme, host, port, path and query as RFC 3986 has them.
    static let forms: [(text: String, parts: [String])] = [
        ("http://h", ["http", "h", "80", "/", "-"]), ("HTTPS://h", ["https", "h", "443", "/", "-"]),
        ("http://h?q", ["http", "h", "80", "/", "q"]),
        ("http://h/?a=b?c", ["http", "h", "80", "/", "a=b?c"]), ("http://h:8080/a", ["http", "h", "8080", "/a", "-"]),
        ("http://h:1", ["http", "h", "1", "/", "-"]), ("http://h:65535/", ["http", "h", "65535", "/", "-"]),
        ("http://h/a#f?x", ["http", "h", "80", "/a", "-"]), ("http://[::1]/", ["http", "[::1]", "80", "/", "-"]),
        ("http://[fe80::1]:81/x", ["http", "[fe80::1]", "81", "/x", "-"]),
        ("http://a.b.example./x", ["http", "a.b.example.", "80", "/x", "-"]),
        ("http://h//a//b", ["http", "h", "80", "//a//b", "-"]),
        ("http://h/a/./b/../c", ["http", "h", "80", "/a/./b/../c", "-"]),
        ("http://h/%2e%2e/%00", ["http", "h", "80", "/%2e%2e/%00", "-"]),
        ("http://xn--mnchen-3ya.example/", ["http", "xn--mnchen-3ya.example", "80", "/", "-"]),
        ("http://h/a;b=c,d!$'()*+:@", ["http", "h", "80", "/a;b=c,d!$'()*+:@", "-"]),
    ]

    @Test("Each part of an address is where the standard has it", arguments: forms.indices)
    func parts(row: Int) throws {
        let (text, parts) = Self.forms[row]
        let url = try HTTPURL(text)
        #expect([url.scheme, url.host, "\(url.port)", url.path, url.query ?? "-"] == parts, "\(text)")
        #expect(!url.text.contains("#"))
    }

    @Test(
        "What two parsers could read in two ways is refused",
        arguments: [
            "http://h:65536/", "http://h:-1/", "http://h:80a/", "http://h:80:81/", "http://[::1/", "http://::1/",
            "http://[::g]/", "http://h\u{0}.example/", "http://h /", " http://h/", "http://h/ ", "http://h/\ta",
            "http://@h/", "http://u@h/", "http://u:@h/", "http://a@b@c/", "http://h/\u{7F}", "http:////h/",
            "http:\\\\h/", "//h/", "h:80", "localhost:8080/x", "javascript:alert(1)", "data:text/plain,x",
            "https:/h", "https:///h", "http://h%00.example/",
        ])
    func ambiguous(text: String) {
        let error = #expect(throws: HTTPError.self) { try HTTPURL(text) }
        #expect(error?.code == .invalidURL)
    }

    @Test(
        "Numbers and names that mean this machine are known as such, and look-alikes are not",
        arguments: [
            ("http://localhost/", true), ("http://LOCALHOST:1/", true), ("http://127.0.0.1/", true),
            ("http://127.255.255.254/", true), ("http://[::1]/", true), ("http://128.0.0.1/", false),
            ("http://localhost.example/", false), ("http://127.0.0.1.example/", false), ("http://[::2]/", false),
            ("http://0.0.0.0/", false), ("http://10.0.0.1/", false), ("http://notlocalhost/", false),
        ])
    func loopback(text: String, expected: Bool) throws {
        #expect(try HTTPURL(text).isLoopback == expected)
    }

    @Test(
        "Origins are equal when scheme, host and port are, in any spelling",
        arguments: [
            ("http://h/", "HTTP://H:80/x", true), ("https://h/", "https://h:443/?q", true),
            ("http://h/", "https://h/", false),
            ("http://h/", "http://h:81/", false), ("http://h/", "http://h.example/", false),
            ("http://h:443/", "https://h/", false),
        ])
    func origins(one: String, other: String, isSame: Bool) throws {
        #expect(try (HTTPURL(one).origin == HTTPURL(other).origin) == isSame)
    }

    @Test(
        "Query items are put where a query is, before any fragment",
        arguments: [
            ("http://h", "http://h/?a=1"), ("http://h/?", "http://h/?a=1"), ("http://h/x?y=2", "http://h/x?y=2&a=1"),
            ("http://h/x#f", "http://h/x?a=1"), ("http://h/x?y#f?g", "http://h/x?y&a=1"),
        ])
    func appending(text: String, expected: String) throws {
        #expect(try HTTPURL(text).appending(query: "a=1").text == expected)
    }

    @Test(
        "Values that grant access become stars, by the names that services use; others stay",
        arguments: [
            ("https://h/o?X-Amz-Signature=s3cret&X-Amz-Date=d", "https://h/o?X-Amz-Signature=***&X-Amz-Date=d", 1),
            ("https://h/o?X-Goog-Credential=s3cret", "https://h/o?X-Goog-Credential=***", 1),
            ("https://h/o?se=2026&sig=s3cret", "https://h/o?se=2026&sig=***", 1),
            ("https://h/o?Policy=s3cret&Key-Pair-Id=K", "https://h/o?Policy=***&Key-Pair-Id=K", 1),
            ("https://h/o?API_KEY=s3cret&token=s3cret2", "https://h/o?API_KEY=***&token=***", 2),
            ("https://h/o?key", "https://h/o?key", 0), ("https://h/o?key=", "https://h/o?key=***", 1),
            ("https://h/o?keyboard=qwerty", "https://h/o?keyboard=qwerty", 0), ("https://h/o", "https://h/o", 0),
            ("https://h/o?a=1&&b=2", "https://h/o?a=1&&b=2", 0), ("https://h/o?sig=a=b=c", "https://h/o?sig=***", 1),
        ])
    func redacted(text: String, expected: String, secrets: Int) throws {
        let url = try HTTPURL(text)
        #expect(url.redacted == expected && url.secrets.count == secrets)
        #expect(url.secrets.allSatisfy { $0.reveal().isEmpty || text.contains($0.reveal()) })
    }

    @Test(
        "An error shows the beginning of what it could not read, never a password or a query",
        arguments: [
            ("http://user:hunter2@h/", "http://…"), ("ftp://h/?k=hunter2", "ftp://h/…"),
            ("nonsense#hunter2", "nonsense…"),
            ("a@hunter2", "a…"),
        ])
    func errors(text: String, shown: String) {
        let error = #expect(throws: HTTPError.self) { try HTTPURL(text) }
        #expect(error?.message.contains("\"\(shown)\"") == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("hunter2") == false)
        #expect(error?.message.contains("it holds a user name") == text.hasPrefix("http://user"))
    }
}
