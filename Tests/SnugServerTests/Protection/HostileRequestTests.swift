// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugServer

/// Requests of people who mean no good: each is refused, and the service still answers.
@Suite struct HostileRequestTests {
    private static func answers(_ server: TestServer) async throws {
        #expect(try await server.send("/livez").status == 200)
        #expect(try await server.fit(TestImage.small, "copy-compliant").body == TestImage.small)
    }

    /// Waits until requests of a kind are counted so often.
    private static func counted(
        _ server: TestServer, _ method: String, _ route: String, _ status: Int, times: Int = 1
    ) async throws {
        let line = "snug_http_requests_total{method=\"\(method)\",route=\"\(route)\",status=\"\(status)\"} \(times)\n"
        while try await !server.send("/metrics").text.contains(line) { try await Task.sleep(for: .milliseconds(5)) }
    }

    @Test(
        "A name that a stranger chose for this machine is refused",
        arguments: ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.", "a b", "[::1", "\u{e4}"])
    func rebinding(host: String) async throws {
        try await withServer { server in
            let response = try await server.send("/livez", [("Host", host)])
            #expect(response.status == 421 || response.status == 400)
            if response.status == 421 { #expect(response.code == "unknown_host") }
            try await Self.answers(server)
        }
    }

    @Test(
        "Addresses, localhost and names that were allowed are this server's",
        arguments: ["127.0.0.1:1", "[::1]:8080", "localhost", "LocalHost:99", "images.example.org"])
    func hosts(host: String) async throws {
        try await withServer({ $0.hosts = ["Images.Example.org"] }) { server in
            let response = try await server.send("/livez", [("Host", host)])
            #expect(response.status == 200)
        }
    }

    @Test("A request that names two hosts is refused, whichever comes first", arguments: [false, true])
    func twoHosts(isReversed: Bool) async throws {
        try await withServer { server in
            let hosts = [("Host", "127.0.0.1:\(server.port)"), ("Host", "evil.example")]
            let response = try await server.send("/livez", isReversed ? hosts.reversed() : hosts)
            #expect(response.status == 400 && response.code == "bad_request")
        }
    }

    @Test("A request without a host is refused")
    func noHost() async throws {
        try await withServer { server in
            let response = try await onThread {
                let connection = try RawConnection(port: server.port)
                try connection.send("GET /livez HTTP/1.1\r\n\r\n")
                return try connection.readResponse()
            }
            #expect([400, 421].contains(response.status))
        }
    }

    @Test(
        "A page of another origin cannot send requests",
        arguments: [
            [("Origin", "http://evil.example")], [("Origin", "null")], [("Origin", "http://127.0.0.1:1")],
            [("Origin", "file://")], [("Origin", "http://127.0.0.1")], [("Sec-Fetch-Site", "cross-site")],
        ])
    func foreignOrigin(fields: [(String, String)]) async throws {
        try await withServer { server in
            let response = try await server.fit(TestImage.small, "", fields)
            #expect(response.status == 403)
            #expect(response.code == "foreign_origin")
            #expect(response["access-control-allow-origin"] == nil)
            let own = try await server.fit(TestImage.small, "", [("Origin", "http://127.0.0.1:\(server.port)")])
            #expect(own.status == 200)
        }
    }

    @Test("With a token nothing but probes is answered without it")
    func token() async throws {
        let token = try BearerToken("0123456789abcdef")
        try await withServer({ $0.token = token }) { server in
            for (method, path) in [
                ("POST", "/v1/fit"), ("POST", "/v1/inspect"), ("GET", "/metrics"), ("GET", "/v1/profiles"),
                ("GET", "/none"),
            ] {
                let response = try await server.send(method, path, body: method == "POST" ? TestImage.small : nil)
                #expect(response.status == 401, "\(path)")
                #expect(response.code == "token_missing")
                #expect(response["www-authenticate"] != nil)
            }
            let wrong = try await server.send("/metrics", [("Authorization", "Bearer 0123456789abcdeX")])
            #expect(wrong.code == "token_wrong")
            let right = [("Authorization", "Bearer 0123456789abcdef")]
            #expect(try await server.send("/metrics", right).status == 200)
            #expect(try await server.fit(TestImage.small, "", right).status == 200)
            #expect(try await server.send("/livez").status == 200)
            #expect(try await server.send("/readyz").status == 200)
        }
    }

    @Test(
        "Paths lead nowhere but to what there is",
        arguments: [
            "/../../etc/passwd", "/v1/../livez", "/%2e%2e/%2e%2e/etc/passwd", "/v1/fit/..", "//livez", "/livez/",
            "/v1/fit%00",
            "/V1/FIT", "/.git/config", "/v1",
        ])
    func paths(path: String) async throws {
        try await withServer { server in
            let response = try await server.send(path)
            #expect([404, 405, 400].contains(response.status) || path.hasSuffix("livez") || path == "/livez/")
            #expect(!response.text.contains("root:"))
        }
    }

    @Test("Another method of an address is told which ones there are")
    func methods() async throws {
        try await withServer { server in
            let response = try await server.send("DELETE", "/v1/fit")
            #expect(response.status == 405)
            #expect(response["allow"] == "POST")
            #expect(try await server.send("HEAD", "/livez").status == 200)
        }
    }

    @Test("Every response forbids browsers what was not meant")
    func securityFields() async throws {
        try await withServer { server in
            for response in [
                try await server.send("/livez"), try await server.send("/none"), try await server.fit(TestImage.small),
                try await server.send("/livez", [("Host", "evil.example")]),
            ] {
                #expect(response["x-content-type-options"] == "nosniff")
                #expect(response["x-frame-options"] == "DENY")
                #expect(response["content-security-policy"]?.contains("default-src 'none'") == true)
                #expect(response["referrer-policy"] == "no-referrer")
                #expect(response["cross-origin-resource-policy"] == "same-origin")
                #expect(response["cache-control"] == "no-store")
            }
        }
    }

    @Test(
        "A client's text cannot become a field of the response, or markup",
        arguments: [
            "name=\"image\"; filename=\"a\rX-Evil: 1\"", "name=\"image\"; filename=\"<script>alert(1)</script>.png\"",
            "name=\"image\"; filename=\"%0d%0aX-Evil: 1\"",
        ])
    func injection(disposition: String) async throws {
        try await withServer { server in
            let response = try await server.send(
                "POST", "/v1/fit", [("Content-Type", "multipart/form-data; boundary=xXx")],
                body: TestServer.form([(disposition, TestImage.small)]))
            #expect(response["x-evil"] == nil)
            let query = try await server.fit(TestImage.small, "%0d%0aX-Evil:1=1")
            #expect(query.status == 400)
            #expect(query["x-evil"] == nil)
            let markup = try await server.fit(TestImage.small, "%3Cscript%3E=1")
            #expect(markup["content-type"] == "application/json")
            #expect(markup["x-content-type-options"] == "nosniff")
        }
    }

    @Test("A body that is too long is refused by its announced length, and while it comes")
    func longBody() async throws {
        try await withServer({ $0.maximumBodyBytes = 10_000 }) { server in
            let announced = try await onThread {
                let connection = try RawConnection(port: server.port)
                try connection.send(server.head("POST", "/v1/fit", length: 1 << 40))
                return (try connection.readResponse(), try connection.readToEnd())
            }
            #expect(announced.0.status == 413)
            #expect(announced.0.code == "body_too_large")
            #expect(announced.1.isEmpty)
            let chunked = try await onThread {
                let connection = try RawConnection(port: server.port)
                try connection.send(server.head("POST", "/v1/fit", [("Transfer-Encoding", "chunked")]))
                let chunk = Array("1000\r\n".utf8) + [UInt8](repeating: 0, count: 4096) + [13, 10]
                for _ in 0..<3 { try connection.send(chunk) }
                return try connection.readResponse()
            }
            #expect(chunked.status == 413)
            try await Self.answers(server)
        }
    }

    @Test(
        "Lengths that contradict each other, and what is no HTTP, end the connection, and are counted",
        arguments: [
            "POST /v1/fit HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
            "POST /v1/fit HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
            "POST /v1/fit HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "POST /v1/fit HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
            "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nBad Header\r\n\r\n",
            "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\r\n\r\n",
            "GET /livez HTTP/3.0\r\nHost: 127.0.0.1\r\n\r\n",
            "GET /" + String(repeating: "a", count: 200_000) + " HTTP/1.1\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + String(repeating: "a", count: 200_000) + "\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n" + (0..<200).map { "X\($0): 1\r\n" }.joined() + "\r\n",
        ])
    func malformed(request: String) async throws {
        try await withServer { server in
            let response = try await onThread { () -> [UInt8] in
                let connection = try RawConnection(port: server.port)
                try? connection.send(request)
                return try connection.readToEnd()
            }
            if let (first, _) = RawResponse.parse(response, hasBody: false) {
                #expect((400..<500).contains(first.status) || first.status == 505)
                #expect(first["snug-error"] == (first.status == 431 ? "header_too_large" : "bad_request"))
                #expect(first["content-type"] == "application/json" && first["connection"] == "close")
                try await Self.counted(server, "other", "none", first.status)
            }
            try await Self.answers(server)
        }
    }

    @Test("A body that breaks off holds nothing up, and is counted")
    func shortBody() async throws {
        try await withServer(threads: 1) { server in
            let chunked =
                server.head("POST", "/v1/fit", [("Transfer-Encoding", "chunked")]) + Array("3\r\nabc\r\n".utf8)
            for request in [server.head("POST", "/v1/fit", length: 1000) + [1, 2, 3], chunked, chunked] {
                try await onThread {
                    let connection = try RawConnection(port: server.port)
                    try connection.send(request)
                    connection.finishSending()
                    _ = try connection.readToEnd()
                }
            }
            try await Self.counted(server, "POST", "/v1/fit", 499, times: 3)
            try await Self.answers(server)
        }
    }

    @Test("A slow drip is told to go, and keeps no worker meanwhile")
    func drip() async throws {
        try await withServer(
            {
                $0.ratePeriod = .milliseconds(100)
                $0.minimumRate = 10_000
            }, threads: 1
        ) { server in
            let (response, rest) = try await onThread {
                let connection = try RawConnection(port: server.port)
                try connection.send(server.head("POST", "/v1/fit", length: 1 << 20) + [1, 2, 3])
                return (try connection.readResponse(), try connection.readToEnd())
            }
            #expect(response.status == 408)
            #expect(response.code == "too_slow")
            #expect(rest.isEmpty)
            try await Self.counted(server, "POST", "/v1/fit", 408)
            try await Self.answers(server)
        }
    }

    @Test("Connections that bring no request end, and others get their place")
    func halfOpen() async throws {
        try await withServer({
            $0.maximumConnections = 32
            $0.headTimeout = .milliseconds(200)
        }) { server in
            let ended = try await onThread { () -> Int in
                let idle = try (0..<100).map { _ in try RawConnection(port: server.port) }
                for (index, connection) in idle.enumerated() where index.isMultiple(of: 2) {
                    try? connection.send("GET /livez HT")
                }
                return try idle.count { try $0.readToEnd().isEmpty }
            }
            #expect(ended == 100)
            try await Self.answers(server)
        }
    }

    @Test("An image that is small on the line and huge in memory is refused by its header")
    func bomb() async throws {
        try await withServer { server in
            let header = PNGBuilder.signature + PNGBuilder.header(width: 60_000, height: 60_000)
            let bomb = header + PNGBuilder.chunk("IDAT", PNGBuilder.zlib([0])) + PNGBuilder.chunk("IEND")
            let response = try await server.fit(bomb)
            #expect(response.status == 413)
            #expect(response.code == "limit_exceeded")
            try await Self.answers(server)
        }
    }
}
