// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugServer

@Suite struct HostNameTests {
    @Test(
        "Host and port are told apart",
        arguments: [
            ("a", "a", nil), ("a:80", "a", 80), ("127.0.0.1:8080", "127.0.0.1", 8080), ("[::1]", "::1", nil),
            ("[::1]:65535", "::1", 65_535), ("", "", nil), (":0", "", 0),
        ] as [(String, String, Int?)])
    func split(text: String, host: String, port: Int?) throws {
        let parts = try #require(HostName.split(text))
        #expect(parts.host == host)
        #expect(parts.port == port)
    }

    @Test(
        "What is no host with a port is refused",
        arguments: ["a:", "a:x", "a:65536", "a:-1", "[::1", "[::1]x", "[a]", "a:1:2", "[]:1", "a:+1"])
    func malformed(text: String) {
        #expect(HostName.split(text) == nil)
    }

    @Test(
        "Addresses of this machine are told from others and from names",
        arguments: [
            ("127.0.0.1", true, true), ("127.255.255.255", true, true), ("::1", true, true), ("localhost", true, false),
            ("LOCALHOST", true, false), ("0.0.0.0", false, true), ("10.0.0.1", false, true), ("::", false, true),
            ("fe80::1", false, true), ("127.0.0.1.evil.example", false, false), ("127.evil.example", false, false),
            ("127.0.0.256", false, false), ("localhost.evil.example", false, false), ("", false, false),
            ("2130706433", false, false), ("0x7f.1", false, false),
        ])
    func loopback(host: String, isLoopback: Bool, isAddress: Bool) {
        #expect(HostName.isLoopback(host) == isLoopback)
        #expect(HostName.isAddress(host) == isAddress)
    }

    @Test(
        "An address to listen on is read with its port, or a port alone",
        arguments: [
            ("127.0.0.1:8080", "127.0.0.1:8080"), ("8080", "127.0.0.1:8080"), (":0", "127.0.0.1:0"),
            ("[::1]:1", "[::1]:1"),
            ("0.0.0.0:80", "0.0.0.0:80"), ("localhost:9", "localhost:9"),
        ])
    func listen(text: String, shown: String) throws {
        #expect(try ListenAddress(parsing: text).description == shown)
    }

    @Test(
        "What is no address to listen on is refused",
        arguments: ["", "localhost", "a:b", "http://a:80", "a/b:80", "::1:80", "a b:80"])
    func badListen(text: String) {
        #expect(throws: ServerConfigurationError.self) { try ListenAddress(parsing: text) }
    }

    @Test(
        "Names that no request can have are refused at the start",
        arguments: ["x.org:80", "cafe.de:80", "http://y.org", "*", "*.x.org", "", "a b", "x.org/", "[::1]:80"])
    func unusableHosts(name: String) throws {
        let error = try #require(throws: ServerConfigurationError.self) {
            try ServerConfiguration(hosts: ["right.example", name]).validate()
        }
        #expect(error.message.contains("--allow-host; write the name"))
        try ServerConfiguration(hosts: ["x.org", "X.ORG", "my_host", "10.0.0.1", "::1", "fe80::1"]).validate()
    }

    @Test("An address that others reach needs a token")
    func exposure() throws {
        for host in ["0.0.0.0", "::", "10.1.2.3", "example.org"] {
            var configuration = ServerConfiguration(listen: ListenAddress(host: host))
            #expect(throws: ServerConfigurationError.self) { try configuration.validate() }
            configuration.token = try BearerToken("0123456789abcdef")
            try configuration.validate()
        }
        for host in ["127.0.0.1", "::1", "localhost"] {
            try ServerConfiguration(listen: ListenAddress(host: host)).validate()
        }
    }
}
