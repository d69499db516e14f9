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
}
