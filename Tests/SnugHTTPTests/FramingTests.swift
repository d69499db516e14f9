// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugHTTP

/// Where a response ends, by RFC 9112 §6 and §7, over real sockets: whatever a server sends, a body is whole or an error.
@Suite struct FramingTests {
    /// A response as it leaves the server, and what comes of it: a body, or a failure.
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var head: String
        var body: String
        var expected: String?
        var code: HTTPError.Code?
        var testDescription: String { name }
    }

    private static let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    private static func sized(_ count: String) -> String { "HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n" }

    static let rows = [
        Row(name: "one chunk", head: chunked, body: "5\r\nhello\r\n0\r\n\r\n", expected: "hello"),
        Row(name: "no chunk", head: chunked, body: "0\r\n\r\n", expected: ""),
        Row(
            name: "hexadecimal", head: chunked, body: "A\r\n0123456789\r\nb\r\n01234567890\r\n0\r\n\r\n",
            expected: "012345678901234567890"),
        Row(name: "leading zeros", head: chunked, body: "0005\r\nhello\r\n000\r\n\r\n", expected: "hello"),
        Row(name: "extensions", head: chunked, body: "5;a=b;c=\"d\"\r\nhello\r\n0;x\r\n\r\n", expected: "hello"),
        Row(name: "trailers", head: chunked, body: "5\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n", expected: "hello"),
        Row(name: "a line break in a chunk", head: chunked, body: "4\r\n\r\n\r\n\r\n0\r\n\r\n", expected: "\r\n\r\n"),
        Row(name: "no last chunk", head: chunked, body: "5\r\nhello\r\n", code: .responseCut),
        Row(name: "half a chunk", head: chunked, body: "5\r\nhel", code: .responseCut),
        Row(name: "no chunk at all", head: chunked, body: "", code: .responseCut),
        Row(name: "no size", head: chunked, body: "xyz\r\nhello\r\n0\r\n\r\n", code: .responseCut),
        Row(name: "a size that no number holds", head: chunked, body: "FFFFFFFFFFFFFFFFF\r\nhello", code: .responseCut),
        Row(name: "a chunk longer than its size", head: chunked, body: "3\r\nhello\r\n0\r\n\r\n", code: .responseCut),
        Row(name: "the length", head: sized("5"), body: "hello", expected: "hello"),
        Row(name: "nothing", head: sized("0"), body: "", expected: ""),
        Row(name: "more than the length", head: sized("3"), body: "hello", expected: "hel"),
        Row(name: "less than the length", head: sized("6"), body: "hello", code: .responseCut),
        Row(name: "neither, until the end", head: "HTTP/1.1 200 OK\r\n\r\n", body: "hello", expected: "hello"),
        Row(
            name: "chunks win over a length",
            head: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
            body: "5\r\nhello\r\n0\r\n\r\n", expected: "hello"),
        Row(name: "an older version", head: "HTTP/1.0 200 OK\r\n\r\n", body: "hello", expected: "hello"),
        Row(name: "no head", head: "", body: "hello there, no HTTP here", code: .malformedResponse),
        Row(name: "an impossible status", head: "HTTP/1.1 999 Odd\r\n\r\n", body: "", code: .malformedResponse),
        Row(name: "half a head", head: "HTTP/1.1 200 OK\r\nContent-Le", body: "", code: .connectionLost),
        Row(
            name: "an interim response alone", head: "HTTP/1.1 103 Early Hints\r\n\r\n", body: "", code: .connectionLost
        ),
        Row(
            name: "after an interim response",
            head: "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", body: "ok",
            expected: "ok"),
        Row(name: "no content", head: "HTTP/1.1 204 No Content\r\n\r\n", body: "", expected: ""),
        Row(
            name: "an error with chunks", head: "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n",
            body: "4\r\nnone\r\n0\r\n\r\n", expected: "none"),
    ]

    private func server(_ text: String, inPieces: Bool = false) throws -> FaultServer {
        try FaultServer { connection in
            _ = try connection.readRequest()
            if inPieces {
                for byte in text.utf8 { try connection.send([byte]) }
            } else {
                try connection.send(text)
            }
        }
    }

    @Test("A body is what its framing says, or the response is an error", arguments: rows)
    func framing(row: Row) async throws {
        // In one piece and byte by byte: where a read ends must not matter.
        for inPieces in [false, true] {
            let server = try server(row.head + row.body, inPieces: inPieces)
            let client = try makeClient()
            let request = ClientRequest("GET", try server.address())
            if let expected = row.expected {
                let response = try await client.send(request)
                #expect(String(decoding: response.body, as: UTF8.self) == expected)
                #expect(response.headerFields[named: "X-Trailer"] == nil)
            } else {
                let error = await #expect(throws: HTTPError.self) { try await client.send(request) }
                #expect(error?.code == row.code, "\(error?.message ?? "")")
                // A head that came says that the server has responded; without one nobody knows.
                #expect(error?.outcome == (row.code == .responseCut ? .responded : .sentWithoutResponse))
            }
        }
    }

    @Test("A response to HEAD has no body, whatever length it tells")
    func head() async throws {
        let server = try server(Self.sized("5000"))
        let response = try await makeClient().send(ClientRequest("HEAD", try server.address()))
        #expect(response.body.isEmpty && response.headerFields.integer(.contentLength) == 5000)
    }

    @Test(
        "A body without a length is cut at the maximum, chunked or not",
        arguments: [
            chunked + "1000\r\n" + String(repeating: "x", count: 4096) + "\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 4096),
            sized("4096") + String(repeating: "x", count: 4096),
        ])
    func maximum(text: String) async throws {
        for (maximum, isAllowed) in [(4096, true), (4095, false), (0, false)] {
            let server = try server(text)
            let client = try makeClient()
            let request = ClientRequest("GET", try server.address())
            if isAllowed {
                #expect(try await client.send(request, into: .collect(maximum: maximum)).body.count == 4096)
            } else {
                let error = await #expect(throws: HTTPError.self) {
                    try await client.send(request, into: .collect(maximum: maximum))
                }
                #expect(error?.code == .responseTooLarge)
            }
        }
    }

    @Test("A head without end is refused, in one line or in many", arguments: [1, 200])
    func endlessHead(lines: Int) async throws {
        let server = try FaultServer { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\n")
            for _ in 0..<lines {
                try connection.send("X: \(String(repeating: "a", count: 200_000 / lines))\r\n")
            }
            try connection.send("Content-Length: 0\r\n\r\n")
        }
        let client = try makeClient()
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(ClientRequest("GET", try server.address()))
        }
        // libcurl refuses a line of 100 kB itself.
        #expect([.malformedResponse, .transportFailed, .outOfMemory].contains(error?.code))
        #expect(error?.outcome == .sentWithoutResponse)
    }

    @Test("Requests on one connection get their own responses, each to its last byte")
    func keptAlive() async throws {
        let server = try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                let text = request.target.dropFirst()
                try connection.send(
                    request.target.count % 2 == 0
                        ? Self.sized("\(text.utf8.count)") + text
                        : Self.chunked + "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n0\r\n\r\n")
            }
        }
        let client = try makeClient()
        for length in 1...20 {
            let text = String(repeating: "a", count: length)
            let response = try await client.send(ClientRequest("GET", try server.address("/\(text)")))
            #expect(response.body == Array(text.utf8))
        }
        #expect(server.connectionCount == 1)
    }

    @Test("A file that the disk has no room for fails the request, and says so")
    func fullDisk() async throws {
        let server = try server(Self.sized("5") + "hello")
        let client = try makeClient()
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(
                ClientRequest("GET", try server.address()),
                into: .file(try ResponseFile("/dev/full"), maximum: 1000))
        }
        #expect(error?.code == .sinkFailed)
    }
}
