// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugTestSupport
import Synchronization
import Testing

@testable import SnugHTTP

@Suite struct RequestBodyTests {
    private func echoServer() throws -> FaultServer {
        try FaultServer { connection in
            while true {
                _ = try connection.readRequest()
                try connection.respond(200, body: "ok")
            }
        }
    }

    private final class PatternReader: HTTPBodyReader {
        let bytes: [UInt8]
        let position: Mutex<Int>

        init(_ bytes: [UInt8], from offset: Int) {
            self.bytes = bytes
            position = Mutex(offset)
        }

        func read(atMost maximum: Int) async throws -> [UInt8] {
            await Task.yield()
            return position.withLock { position in
                defer { position = min(bytes.count, position + min(maximum, 10_007)) }
                return Array(bytes[position..<min(bytes.count, position + min(maximum, 10_007))])
            }
        }
    }

    @Test func bytesArriveWithTheirLength() async throws {
        let server = try echoServer()
        let response = try await makeClient().send(
            ClientRequest(
                "POST", server.address("/x?y=1"), headerFields: ["Content-Type": "text/plain"],
                body: HTTPBody(bytes: pattern(3000))))
        #expect(response.status == 200 && response.body == Array("ok".utf8))
        let request = try #require(server.requests.first)
        #expect(request.method == "POST" && request.target == "/x?y=1" && request.body == pattern(3000))
        #expect(request.headers["content-length"] == "3000" && request.headers["content-type"] == "text/plain")
        #expect(request.headers["expect"] == nil && request.headers["transfer-encoding"] == nil)
    }

    @Test("A body that can be read again shows all its bytes")
    func pieces() throws {
        let content = pattern(700_000)
        let file = try ScratchFile(content)
        let body = try HTTPBody(joining: [
            HTTPBody(bytes: [1, 2]), HTTPBody(file: try BodyFile(file.path), range: 5..<600_000), HTTPBody(bytes: [3]),
        ])
        var seen: [UInt8] = []
        var most = 0
        try body.forEachPiece { piece in
            seen += piece
            most = max(most, piece.count)
        }
        #expect(seen == [1, 2] + content[5..<600_000] + [3] && most <= 256 * 1024)
        let stream = HTTPBody(byteCount: 1) { PatternReader([1], from: $0) }
        #expect(throws: HTTPError.self) { try stream.forEachPiece { _ in } }
    }

    @Test("An empty body says so", arguments: ["POST", "PUT", "PATCH"])
    func emptyBody(method: HTTPRequest.Method) async throws {
        let server = try echoServer()
        let client = try makeClient()
        for body in [HTTPBody.empty, nil] {
            _ = try await client.send(ClientRequest(method, server.address(), body: body))
        }
        #expect(server.requests.map { $0.headers["content-length"] } == ["0", "0"])
        #expect(server.requests.allSatisfy { $0.method == method.rawValue })
    }

    @Test("Requests without a body send none", arguments: ["GET", "DELETE", "OPTIONS"])
    func noBody(method: HTTPRequest.Method) async throws {
        let server = try echoServer()
        _ = try await makeClient().send(ClientRequest(method, server.address()))
        let request = try #require(server.requests.first)
        #expect(request.method == method.rawValue && request.headers["content-length"] == nil)
    }

    @Test func aPieceOfAFileArrives() async throws {
        let server = try echoServer()
        let file = try ScratchFile(pattern(3_000_000))
        let body = HTTPBody(file: try BodyFile(file.path), range: 1_000_000..<2_500_000)
        _ = try await makeClient().send(ClientRequest("PUT", server.address(), body: body))
        #expect(server.requests.first?.body == Array(pattern(3_000_000)[1_000_000..<2_500_000]))
    }

    @Test func aFileThatShrinksFailsTheRequest() async throws {
        let server = try echoServer()
        let file = try ScratchFile(pattern(3_000_000))
        let opened = try BodyFile(file.path)
        try ResponseFile(file.path).truncate(to: 1_000_000)
        let client = try makeClient()
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(ClientRequest("PUT", server.address(), body: HTTPBody(file: opened)))
        }
        #expect(error?.code == .bodyFailed)
        #expect(error?.outcome == .partlySent)
    }

    @Test("A streamed body arrives whole from any offset", arguments: [true, false], [0, 1, 777_777])
    func streams(knowsLength: Bool, offset: Int) async throws {
        let server = try echoServer()
        let bytes = pattern(1_500_000)
        let body = HTTPBody(byteCount: knowsLength ? bytes.count : nil) { PatternReader(bytes, from: $0) }
        let response = try await makeClient().send(
            ClientRequest("PUT", server.address(), body: body.dropping(first: offset)))
        #expect(response.status == 200)
        let request = try #require(server.requests.first)
        #expect(request.body == Array(bytes[offset...]))
        #expect(request.headers["transfer-encoding"] == (knowsLength ? nil : "chunked"))
        #expect(response.attempts.first?.bytesSent == bytes.count - offset)
    }

    @Test("A reader that breaks its promise fails the request", arguments: [999_999, 1_000_001])
    func wrongLength(promised: Int) async throws {
        let server = try echoServer()
        let client = try makeClient()
        let body = HTTPBody(byteCount: promised) { PatternReader(pattern(1_000_000), from: $0) }
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(ClientRequest("PUT", server.address(), body: body))
        }
        #expect(error?.code == .bodyFailed)
        #expect(server.requests.isEmpty)
    }

    @Test func aReadersErrorIsTheCause() async throws {
        struct Broken: Error {}
        let server = try echoServer()
        let client = try makeClient()
        let body = HTTPBody(byteCount: 10) { _ in throw Broken() }
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(ClientRequest("PUT", server.address(), body: body))
        }
        #expect(error?.code == .bodyFailed)
        #expect(error?.cause is Broken)
    }

    @Test("Joined bodies can be read from any offset", arguments: [0, 1, 5, 6, 40, 105, 106, 111])
    func joined(offset: Int) async throws {
        let server = try echoServer()
        let file = try ScratchFile(pattern(200))
        let parts = [
            HTTPBody(bytes: Array("begin".utf8)), HTTPBody(file: try BodyFile(file.path), range: 50..<150),
            HTTPBody(bytes: Array("finish".utf8)),
        ]
        let whole = Array("begin".utf8) + pattern(200)[50..<150] + Array("finish".utf8)
        let body = try HTTPBody(joining: parts).dropping(first: offset)
        #expect(body.byteCount == whole.count - offset)
        _ = try await makeClient().send(ClientRequest("PUT", server.address(), body: body))
        #expect(server.requests.first?.body == Array(whole[offset...]))
    }

    @Test func progressCountsBothWays() async throws {
        let server = try FaultServer { connection in
            _ = try connection.readRequest()
            try connection.respond(200, body: String(repeating: "x", count: 300_000))
        }
        let seen = Mutex<[TransferProgress]>([])
        var request = ClientRequest("PUT", try server.address(), body: HTTPBody(bytes: pattern(2_000_000)))
        request.onProgress = { progress in seen.withLock { $0.append(progress) } }
        _ = try await makeClient().send(request)
        let last = try #require(seen.withLock { $0.last })
        #expect(
            last
                == TransferProgress(
                    bytesSent: 2_000_000, bytesToSend: 2_000_000, bytesReceived: 300_000, bytesToReceive: 300_000))
    }

    @Test func uploadsThatShareALimitStayUnderItTogether() async throws {
        let server = try echoServer()
        let client = try makeClient()
        let limiter = BandwidthLimiter(bytesPerSecond: 4_000_000)
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var request = ClientRequest("PUT", try server.address(), body: HTTPBody(bytes: pattern(500_000)))
                    request.bandwidthLimiter = limiter
                    _ = try await client.send(request)
                }
            }
            for try await _ in group {}
        }
        let rate = 2_000_000 / (ContinuousClock.now - start).seconds
        #expect(rate < 4_200_000)
        #expect(server.requests.allSatisfy { $0.body == pattern(500_000) })
    }
}
