// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugServer

/// The life of connections, over real ones: how long they stay, and who ends them.
@Suite struct ConnectionLifeTests {
    @Test("A connection stays open between requests, and is closed once it has been idle for its time")
    func idle() async throws {
        try await withServer({ $0.keepAlive = .seconds(1) }) { server in
            let (texts, rest) = try await onThread {
                let connection = try RawConnection(port: server.port)
                // At once: however busy the machine is, none of them comes too late.
                try connection.send(Array(repeating: server.head("GET", "/livez"), count: 3).flatMap { $0 })
                let texts = try (0..<3).map { _ in try connection.readResponse().text }
                return (texts, try connection.readToEnd())
            }
            #expect(texts == ["ok\n", "ok\n", "ok\n"])
            #expect(rest.isEmpty, "nothing is sent that nobody asked for")
        }
    }

    @Test(
        "A client that wants no other response gets its connection closed after the one",
        arguments: ["close", "Close", "foo, Close", "close ,foo", "keep-alive,\tCLOSE\r\nConnection: foo"])
    func lastRequest(connection value: String) async throws {
        try await withServer { server in
            let (response, rest) = try await onThread {
                let connection = try RawConnection(port: server.port)
                try connection.send(server.head("GET", "/livez", [("Connection", value)]))
                return (try connection.readResponse(), try connection.readToEnd())
            }
            #expect(response.status == 200)
            #expect(response.text == "ok\n")
            #expect(rest.isEmpty)
        }
    }

    @Test("Requests that come at once on one connection are answered in their order, errors among them")
    func pipelining() async throws {
        try await withServer { server in
            let image = TestImage.small
            let requests =
                server.head("GET", "/livez") + server.head("POST", "/v1/fit?copy-compliant", length: image.count)
                + image
                + server.head("GET", "/none") + server.head("POST", "/v1/fit?limt=1", length: image.count) + image
                + server.head("HEAD", "/none") + server.head("GET", "/v1/profiles?a=1&a=2")
                + server.head("GET", "/livez")
            let responses = try await onThread {
                let connection = try RawConnection(port: server.port)
                try connection.send(requests)
                return try [true, true, true, true, false, true, true].map { hasBody in
                    try connection.readResponse(hasBody: hasBody)
                }
            }
            #expect(responses.map(\.status) == [200, 200, 404, 400, 404, 200, 200])
            #expect(responses[1].body == image)
            #expect(responses[2].code == "no_such_route")
            #expect(responses[3].code == "unknown_parameter")
            #expect(responses[4]["snug-error"] == "no_such_route")
            #expect(responses[6].text == "ok\n")
        }
    }

    @Test("A request of HTTP/1.0 is answered in its version, without chunks, and its connection ends")
    func oldVersion() async throws {
        let ledger = InMemoryLedger()
        try await withServer(ledger: ledger) { server in
            let host = "Host: 127.0.0.1:\(server.port)\r\n"
            let texts = try await onThread {
                try ["GET /livez", "GET /nothing"].map { line in
                    let connection = try RawConnection(port: server.port)
                    try connection.send("\(line) HTTP/1.0\r\n\(host)Connection: keep-alive\r\n\r\n")
                    return String(decoding: try connection.readToEnd(), as: UTF8.self)
                }
            }
            #expect(texts[0].hasPrefix("HTTP/1.0 200 OK\r\n") && texts[0].hasSuffix("\r\n\r\nok\n"))
            #expect(texts[1].hasPrefix("HTTP/1.0 404 ") && texts[1].contains("Snug-Error: no_such_route"))
            let stream = try await onThread {
                let connection = try RawConnection(port: server.port)
                try connection.send("GET /v1/events HTTP/1.0\r\n\(host)\r\n")
                return try connection.readResponse(hasBody: false)
            }
            #expect(stream.status == 200 && stream["transfer-encoding"] == nil)
        }
    }

    @Test("A server that stops ends requests that take longer than the time for it, and that is no failure")
    func stop() async throws {
        let sender = try await withServer({ $0.drainTime = .milliseconds(20) }) { server in
            try await onThread {
                let connection = try RawConnection(port: server.port)
                try connection.send(server.head("POST", "/v1/fit", length: 1000))
                try connection.send("half of it")
                return connection
            }
        }
        let rest = try await onThread { try sender.readToEnd() }
        #expect(!String(decoding: rest, as: UTF8.self).contains(" 200 "))
    }

    @Test(
        "A client that reads none of its responses loses its connection, and another gets its place",
        .timeLimit(.minutes(5)))
    func deafClient() async throws {
        try await withServer({
            ($0.maximumConnections, $0.ratePeriod, $0.minimumRate) = (1, .milliseconds(200), 100_000)
        }) { server in
            // Far more than the buffers of a connection hold: 2,000 times the description.
            let count = 2000
            let requests = (0..<count).flatMap { _ in server.head("GET", "/openapi.yaml") }
            let whole = try await server.send("/openapi.yaml").body.count
            let deaf = try await onThread {
                let connection = try RawConnection(port: server.port)
                // It has the place before it turns deaf.
                try connection.send(server.head("GET", "/livez"))
                _ = try connection.readResponse()
                try connection.send(requests)
                return connection
            }
            // There is no second place until it is closed, however long a busy machine takes for that.
            while (try? await server.send("/livez").status) != 200 {}
            let received = try await onThread { try deaf.readToEnd().count }
            #expect(received < whole * count)
        }
    }
}
