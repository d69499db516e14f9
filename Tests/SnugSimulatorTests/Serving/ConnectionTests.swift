// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugSimulator

/// HTTP/1.1 on a bare socket: what is read, what is answered, and when the connection ends.
@Suite(.timeLimit(.minutes(5))) struct ConnectionTests {
    /// Runs `body` on a thread of its own with a connection to a service, and gives the simulator's records besides.
    private func connected<Value: Sendable>(
        to service: ServiceName = .pollinations, _ rules: [Rule] = [],
        _ body: @escaping @Sendable (RawConnection) throws -> Value
    ) async throws -> (value: Value, records: [RecordedRequest]) {
        try await withSimulator { simulator async throws in
            for rule in rules { simulator.script(rule) }
            let text = simulator.addresses[service].split(separator: ":").last?.prefix { $0.isNumber } ?? ""
            let port = try #require(Int(text))
            let value = try await onThread { try body(RawConnection(port: port)) }
            try await simulator.wait { !$0.isEmpty && $0.allSatisfy(\.isFinished) }
            return (value, simulator.requests)
        }
    }

    private static func get(_ path: String, _ extra: String = "") -> String {
        "GET \(path) HTTP/1.1\r\nHost: a\r\n\(extra)\r\n"
    }

    /// The bytes of a response before and after the empty line.
    private func halves(_ bytes: [UInt8]) -> (head: String, body: [UInt8]) {
        guard let end = bytes.firstIndex(of: Array("\r\n\r\n".utf8), from: 0) else {
            return (String(decoding: bytes, as: UTF8.self), [])
        }
        return (String(decoding: bytes[..<end], as: UTF8.self), Array(bytes[(end + 4)...]))
    }

    // MARK: Several requests

    @Test("One connection carries request after request, numbered on it")
    func keepAlive() async throws {
        let (statuses, records) = try await connected { connection in
            try (0..<4).map { index in
                try connection.send(Self.get(index == 2 ? "/none" : "/models"))
                return try connection.readResponse().status
            }
        }
        #expect(statuses == [200, 200, 404, 200])
        #expect(records.map(\.positionOnConnection) == [1, 2, 3, 4] && Set(records.map(\.connection)).count == 1)
    }

    @Test("Requests sent at once are answered in their order")
    func pipelining() async throws {
        let (statuses, records) = try await connected { connection in
            try connection.send(
                Self.get("/models") + Self.get("/none") + Self.get("/account/key") + Self.get("/v1/models"))
            return try (0..<4).map { _ in try connection.readResponse().status }
        }
        #expect(statuses == [200, 404, 401, 200])
        #expect(records.map(\.path) == ["/models", "/none", "/account/key", "/v1/models"])
    }

    @Test("HEAD has the length of GET and no body, and the connection goes on")
    func head() async throws {
        let ((get, head, after), _) = try await connected { connection in
            try connection.send(Self.get("/models"))
            let get = try connection.readResponse()
            try connection.send("HEAD /models HTTP/1.1\r\nHost: a\r\n\r\n")
            let head = try connection.readResponse(hasBody: false)
            try connection.send(Self.get("/models"))
            return (get, head, try connection.readResponse())
        }
        #expect(get["content-length"] == "\(get.body.count)" && get.body == after.body)
        #expect(head["content-length"] != nil && head.body.isEmpty && after.status == 200)
    }

    static let endingTable: [(String, Bool)] = [
        ("GET /models HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", true), ("GET /models HTTP/1.0\r\n\r\n", true),
        ("GET /models HTTP/1.1\r\nHost: a\r\n\r\n", false),
    ]

    @Test("The connection ends when the client wants it to, and the response says so", arguments: endingTable)
    func endings(request: String, ends: Bool) async throws {
        let (response, _) = try await connected { connection in
            try connection.send(request)
            let response = try connection.readResponse()
            if ends { #expect(try connection.readToEnd().isEmpty) }
            return response
        }
        #expect(response.status == 200 && (response["connection"] == "close") == ends)
    }

    @Test(
        "What is not HTTP ends its own connection and no other",
        arguments: ["\0\u{1}\u{2}\r\n\r\n", "HELLO\r\n\r\n", "GET\r\n\r\n"])
    func garbage(bytes: String) async throws {
        try await withSimulator { simulator async throws in
            let port = try #require(Int(simulator.addresses[.pollinations].split(separator: ":").last ?? ""))
            let rest = try await onThread {
                let connection = try RawConnection(port: port)
                try connection.send(bytes)
                return try connection.readToEnd()
            }
            #expect(!String(decoding: rest, as: UTF8.self).contains(" 200 "))
            let status = try await onThread {
                let connection = try RawConnection(port: port)
                try connection.send(Self.get("/models"))
                return try connection.readResponse().status
            }
            #expect(status == 200)
        }
    }

    // MARK: Heads and bodies

    @Test("Headers are recorded as they came, repeated ones too")
    func headers() async throws {
        let (_, records) = try await connected { connection in
            try connection.send(Self.get("/models", "X-One: a\r\nx-one: b\r\nX-Two:  padded\r\nX-Empty:\r\n"))
            return try connection.readResponse().status
        }
        let fields = records[0].headers.fields.filter { $0.name.lowercased().hasPrefix("x-") }
        #expect(fields.map(\.name) == ["X-One", "x-one", "X-Two", "X-Empty"])
        #expect(fields.map(\.value) == ["a", "b", "padded", ""])
        #expect(records[0].headers["x-ONE"] == "a")
    }

    @Test("A large head is taken whole")
    func largeHead() async throws {
        let lines = (0..<100).map { "X-Header-\($0): \(String(repeating: "v", count: 300))\r\n" }.joined()
        let (status, records) = try await connected { connection in
            try connection.send(Self.get("/models", lines))
            return try connection.readResponse().status
        }
        #expect(status == 200 && records[0].headers.fields.filter { $0.value.count == 300 }.count == 100)
    }

    @Test("A body may come in chunks, byte by byte")
    func chunkedRequest() async throws {
        let body = #"{"prompt":"a","seed":1,"size":"8x8"}"#
        let (response, records) = try await connected { connection in
            try connection.send(
                "POST /v1/images/generations HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer sk_paid\r\n"
                    + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
            for byte in body.utf8 { try connection.send([0x31, 13, 10, byte, 13, 10]) }
            try connection.send("0\r\n\r\n")
            return try connection.readResponse()
        }
        #expect(response.status == 200)
        #expect(records[0].body == Array(body.utf8) && records[0].bodyBytes == body.utf8.count)
    }

    @Test("100 Continue comes before the body is sent, and once")
    func continues() async throws {
        let head =
            "POST /v1/images/generations HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
        let (statuses, _) = try await connected { connection in
            try connection.send(head + "Expect: 100-Continue\r\n\r\n")
            let interim = try connection.readResponse()
            try connection.send("{}")
            return [interim.status, try connection.readResponse().status]
        }
        #expect(statuses == [100, 401])
    }

    @Test("An expectation is refused before a byte of the body, and the connection ends")
    func refusedExpectation() async throws {
        let (bytes, records) = try await connected(to: .openai, [Rule(Fault(request: .refuseExpect))]) { connection in
            try connection.send("POST /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
            return try connection.readToEnd()
        }
        #expect(halves(bytes).head.hasPrefix("HTTP/1.1 417 Expectation Failed"))
        #expect(records[0].status == 417 && records[0].bodyBytes == 0 && !records[0].isBodyComplete)
    }

    // MARK: Deliveries

    static let cutTable: [(DeliveryFault, Int)] = [
        (.closeAfter(bytes: 0), 0), (.closeAfter(bytes: 1), 1), (.closeAfter(bytes: 17), 17),
        (.closeAfter(bytes: 1_000_000), 40), (.closeAfter(bytes: -1), 0), (.contentLength(offBy: 7), 40),
        (.contentLength(offBy: -7), 40), (.untilClose, 40),
    ]

    /// A response of 40 bytes.
    private static let forty = SubstituteResponse.custom(
        status: 200, contentType: "text/plain", body: String(repeating: "x", count: 40))

    @Test("A body ends after exactly the bytes that were let through", arguments: cutTable)
    func cuts(delivery: DeliveryFault, count: Int) async throws {
        let (bytes, records) = try await connected([Rule(Fault(answer: Self.forty, delivery: delivery))]) {
            connection in
            try connection.send(Self.get("/models"))
            return try connection.readToEnd()
        }
        let (head, body) = halves(bytes)
        #expect(body.count == count && records[0].wasCut && records[0].status == 200)
        switch delivery {
        case .contentLength(let offBy): #expect(head.contains("Content-Length: \(40 + offBy)\r\n"))
        case .untilClose: #expect(!head.contains("Content-Length") && !head.contains("Transfer-Encoding"))
        default: #expect(head.contains("Content-Length: 40"))
        }
    }

    @Test("Chunks without an end: the whole body in chunks, and no last one")
    func chunkedWithoutEnd() async throws {
        let fault = Fault(answer: Self.forty, delivery: .chunkedWithoutEnd(thenClose: true))
        let (bytes, _) = try await connected([Rule(fault)]) { connection in
            try connection.send(Self.get("/models"))
            return try connection.readToEnd()
        }
        let (head, body) = halves(bytes)
        #expect(head.contains("Transfer-Encoding: chunked") && !head.contains("Content-Length"))
        #expect(String(decoding: body, as: UTF8.self) == "28\r\n\(String(repeating: "x", count: 40))\r\n")
    }

    @Test("Dripping sends every byte, and the connection carries the next request", arguments: [1, 7, 1000, 0])
    func drips(count: Int) async throws {
        let fault = Fault(answer: Self.forty, delivery: .drip(bytes: count, milliseconds: 0))
        let (bodies, records) = try await connected([Rule(fault)]) { connection in
            try (0..<2).map { _ in
                try connection.send(Self.get("/models"))
                return try connection.readResponse().body.count
            }
        }
        #expect(bodies[0] == 40 && bodies[1] > 40 && records.map(\.wasCut) == [false, false])
    }

    @Test(
        "A gzip bomb says what it is and how long it is; the connection goes on unless the client ends it",
        arguments: [false, true])
    func bombs(closes: Bool) async throws {
        let rule = Rule(Fault(delivery: .gzipBomb(unpackedBytes: 1_000_000)))
        let (response, records) = try await connected([rule]) { connection in
            try connection.send(Self.get("/models", closes ? "Connection: close\r\n" : ""))
            return try connection.readResponse()
        }
        #expect(response["content-encoding"] == "gzip" && response.body == ZeroRun.gzip(1_000_000))
        #expect(records.map(\.wasCut) == [false])
    }

    @Test("A script's own framing outranks the true one")
    func ownFraming() async throws {
        let fault = Fault(answer: Self.forty, headers: ["Content-Length": "12", "Connection": "close"])
        let (response, _) = try await connected([Rule(fault)]) { connection in
            try connection.send(Self.get("/models"))
            return try connection.readResponse()
        }
        #expect(response.body.count == 12 && response["connection"] == "close")
    }

    @Test("A response without content has no length", arguments: [204, 304])
    func noContent(status: Int) async throws {
        let rule = Rule(Fault(answer: .custom(status: status, contentType: nil, body: "ignored")))
        let (statuses, _) = try await connected([rule]) { connection in
            try (0..<2).map { _ in
                try connection.send(Self.get("/models"))
                return try connection.readResponse().status
            }
        }
        #expect(statuses == [status, 200])
    }

    @Test("Silence after the headers keeps the connection open until the client leaves")
    func silence() async throws {
        let (_, records) = try await connected(to: .openai, [Rule(Fault(request: .stallAfterHeaders))]) { connection in
            try connection.send("POST /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
            connection.finishSending()
            return true
        }
        #expect(records[0].bodyBytes == 0 && records[0].wasCut && records[0].status == nil && records[0].metFault)
    }

    @Test("An early response comes after so much of the body", arguments: [0, 3])
    func early(bytes: Int) async throws {
        let fault = Fault(answer: .status(code: 413), request: .answerEarly(after: bytes, then: .halfClose))
        let (response, records) = try await connected(to: .openai, [Rule(fault)]) { connection in
            try connection.send("POST /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n")
            if bytes > 0 { try connection.send("abc") }
            let response = try connection.readResponse()
            #expect(try connection.readToEnd().isEmpty)
            return response
        }
        #expect(response.status == 413 && response["connection"] == "close")
        #expect(records[0].bodyBytes == bytes && !records[0].isBodyComplete && records[0].status == 413)
    }
}
