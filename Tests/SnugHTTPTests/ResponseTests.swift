// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import SnugTestSupport
import Synchronization
import Testing

@testable import SnugHTTP

@Suite struct ResponseTests {
    private func server(_ status: Int = 200, _ headers: [String: String] = [:], body: String) throws -> FaultServer {
        try FaultServer { connection in
            while true {
                _ = try connection.readRequest()
                try connection.respond(status, headers, body: body)
            }
        }
    }

    @Test func aResponseAboveTheMaximumFails() async throws {
        let server = try server(body: String(repeating: "x", count: 5000))
        let client = try makeClient()
        let request = ClientRequest("GET", try server.address())
        let response = try await client.send(request, into: .collect(maximum: 5000))
        #expect(response.body.count == 5000)
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(request, into: .collect(maximum: 4999))
        }
        #expect(error?.code == .responseTooLarge)
    }

    @Test func aSuccessGoesIntoTheFile() async throws {
        let server = try server(body: String(repeating: "y", count: 500_000))
        let file = try ScratchFile(Array("longer old content".utf8))
        let response = try await makeClient().send(
            ClientRequest("GET", try server.address()), into: .file(try ResponseFile(file.path), maximum: 1_000_000))
        #expect(response.body.isEmpty)
        #expect(try file.content() == [UInt8](repeating: UInt8(ascii: "y"), count: 500_000))
    }

    @Test func anErrorPageNeverBecomesTheFile() async throws {
        let server = try server(404, body: "no such image")
        let file = try ScratchFile(Array("kept".utf8))
        let response = try await makeClient().send(
            ClientRequest("GET", try server.address()), into: .file(try ResponseFile(file.path), maximum: 1_000_000))
        #expect(response.status == 404 && response.body == Array("no such image".utf8))
        #expect(try file.content() == Array("kept".utf8))
    }

    @Test func aFileAboveTheCapFails() async throws {
        let server = try server(body: String(repeating: "y", count: 5000))
        let file = try ScratchFile()
        let client = try makeClient()
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(
                ClientRequest("GET", try server.address()), into: .file(try ResponseFile(file.path), maximum: 4000))
        }
        #expect(error?.code == .responseTooLarge)
    }

    @Test(
        "A download goes on where it stopped, or begins anew when the server sends the whole",
        arguments: [(206, "world"), (200, "hello world")])
    func resumes(status: Int, body: String) async throws {
        let server = try server(status, status == 206 ? ["Content-Range": "bytes 6-10/11"] : [:], body: body)
        let file = try ScratchFile(Array("hello old tail".utf8))
        _ = try await makeClient().send(
            ClientRequest("GET", try server.address(), headerFields: ["Range": "bytes=6-"]),
            into: .file(try ResponseFile(file.path), offset: 6, maximum: 1000))
        #expect(try file.content() == Array("hello world".utf8))
    }

    @Test func anotherRangeThanRequestedIsRefused() async throws {
        let server = try server(206, ["Content-Range": "bytes 0-4/11"], body: "hello")
        let file = try ScratchFile(Array("hello ".utf8))
        let client = try makeClient()
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(
                ClientRequest("GET", try server.address()),
                into: .file(try ResponseFile(file.path), offset: 6, maximum: 1000))
        }
        #expect(error?.code == .malformedResponse)
        #expect(try file.content() == Array("hello ".utf8))
    }

    @Test func aStreamComesWholeAndNoFasterThanItIsRead() async throws {
        let total = 20_000_000
        let written = Mutex(0)
        let server = try FaultServer { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
            let bytes = pattern(total)
            for start in stride(from: 0, to: total, by: 100_000) {
                try connection.send(Array(bytes[start..<start + 100_000]))
                written.withLock { $0 = start + 100_000 }
            }
        }
        let request = ClientRequest("GET", try server.address())
        let (received, attempt) = try await makeClient().withStream(request) { head, stream in
            #expect(head.status == 200)
            var received: [UInt8] = []
            for try await piece in stream {
                if received.isEmpty {
                    // Long enough for loopback to bring all of it, were nothing holding it back.
                    try await Task.sleep(for: .milliseconds(300))
                    #expect(written.withLock { $0 } < total)
                }
                received += piece
            }
            return received
        }
        #expect(received == pattern(total))
        #expect(attempt.status == 200 && attempt.bytesReceived == total && attempt.outcome == .responded)
        #expect(attempt.failure == nil)
    }

    @Test func leavingAStreamEarlyEndsTheTransfer() async throws {
        let closed = Signal()
        let server = try FaultServer { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nX-Request-ID: r1\r\n\r\nsome")
            connection.waitForClose()
            closed.set()
        }
        let request = ClientRequest("GET", try server.address())
        let (first, attempt) = try await makeClient().withStream(request) { _, stream in
            var iterator = stream.makeAsyncIterator()
            return try await iterator.next()
        }
        #expect(first == Array("some".utf8))
        #expect(attempt.bytesReceived == 4 && attempt.requestID == "r1" && attempt.failure == nil)
        await closed.wait()
    }

    @Test func aStreamThatIsCutThrows() async throws {
        let server = try FaultServer { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome")
        }
        let client = try makeClient()
        let error = await #expect(throws: HTTPError.self) {
            try await client.withStream(ClientRequest("GET", try server.address())) { _, stream in
                for try await _ in stream {}
            }
        }
        #expect(error?.code == .responseCut)
    }

    @Test func aStreamFollowsRedirectsWhenAsked() async throws {
        let server = try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                guard request.target != "/end" else {
                    try connection.respond(200, body: "there")
                    continue
                }
                try connection.respond(302, ["Location": request.target == "/" ? "/end" : "/on"], body: "moved")
            }
        }
        let client = try makeClient()
        func read(_ path: String, _ redirects: ClientRequest.Redirects) async throws -> (status: Int, body: [UInt8]) {
            var request = ClientRequest("GET", try server.address(path))
            request.redirects = redirects
            return try await client.withStream(request) { head, stream in
                var body: [UInt8] = []
                for try await piece in stream { body += piece }
                return (head.status.code, body)
            }.result
        }
        #expect(try await read("/", .none) == (302, Array("moved".utf8)))
        #expect(try await read("/", .follow(maximum: 1)) == (200, Array("there".utf8)))
        let error = await #expect(throws: HTTPError.self) { _ = try await read("/on", .follow(maximum: 3)) }
        #expect(error?.code == .redirectRefused)
        #expect(server.requests.map(\.target) == ["/", "/", "/end", "/on", "/on", "/on", "/on"])
    }

    @Test func aStreamWithoutAResponseThrows() async throws {
        let server = try FaultServer { connection in _ = try connection.readRequest() }
        let client = try makeClient()
        let error = await #expect(throws: HTTPError.self) {
            try await client.withStream(ClientRequest("GET", try server.address())) { _, _ in }
        }
        #expect(error?.code == .connectionLost)
    }

    @Test func connectionsAreReused() async throws {
        let server = try server(body: "x")
        let client = try makeClient()
        for _ in 0..<5 { _ = try await client.send(ClientRequest("GET", try server.address())) }
        #expect(server.connectionCount == 1)
    }
}
