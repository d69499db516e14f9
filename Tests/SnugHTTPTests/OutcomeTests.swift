// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugTestSupport
import Testing

@testable import SnugHTTP

@Suite struct OutcomeTests {
    private func failure(
        _ method: HTTPRequest.Method = "POST", bytes: Int, clocks: ClientRequest.Clocks = ClientRequest.Clocks(),
        receiveBuffer: Int32? = nil, _ script: @escaping @Sendable (FaultConnection) throws -> Void
    ) async throws -> (HTTPError, FaultServer) {
        let server = try FaultServer(receiveBuffer: receiveBuffer, script)
        let client = try makeClient()
        let request = ClientRequest(method, try server.address(), body: HTTPBody(bytes: pattern(bytes)), clocks: clocks)
        let error = await #expect(throws: HTTPError.self) { try await client.send(request) }
        return (try #require(error), server)
    }

    @Test func aRefusedConnectionSentNothing() async throws {
        let refusing = try RefusingPort()
        let url = try HTTPURL("http://127.0.0.1:\(refusing.port)/")
        let client = try makeClient()
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(ClientRequest("POST", url, body: HTTPBody(bytes: pattern(10))))
        }
        #expect(error?.code == .cannotConnect)
        #expect(error?.outcome == .notSent)
        #expect(error?.attempts.first?.bytesSent == 0)
    }

    @Test func aResetWithinTheBodyLeavesItPartlySent() async throws {
        let (error, _) = try await failure(bytes: 20_000_000, receiveBuffer: 65_536) { connection in
            _ = try connection.readHead()
            _ = try connection.read(100_000)
            connection.reset()
        }
        #expect(error.code == .connectionLost)
        #expect(error.outcome == .partlySent)
        let sent = try #require(error.attempts.first?.bytesSent)
        #expect(sent >= 100_000 && sent < 20_000_000)
    }

    @Test("A connection that ends after the body is an unknown outcome", arguments: [true, false])
    func lostAnswer(byReset: Bool) async throws {
        let (error, server) = try await failure(bytes: 50_000) { connection in
            _ = try connection.readRequest()
            if byReset { connection.reset() }
        }
        #expect(error.code == .connectionLost)
        #expect(error.outcome == .sentWithoutResponse)
        #expect(server.requests.count == 1)
    }

    @Test func anAnswerThatStopsMidwayIsCutAndStillSaysItsStatus() async throws {
        let (error, _) = try await failure(bytes: 10) { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 201 Created\r\nContent-Length: 100\r\nX-Request-Id: r7\r\n\r\nonly this")
        }
        #expect(error.code == .responseCut)
        #expect(error.outcome == .responded)
        #expect(error.response?.status == 201)
        #expect(error.attempts.first?.requestID == "r7")
    }

    @Test func onlyInterimAnswersAreNoAnswer() async throws {
        let (error, _) = try await failure(bytes: 10) { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 102 Processing\r\n\r\n")
        }
        #expect(error.outcome == .sentWithoutResponse)
        #expect(error.response == nil)
    }

    @Test func whatIsNoHTTPIsRefused() async throws {
        let (error, _) = try await failure(bytes: 10) { connection in
            _ = try connection.readRequest()
            try connection.send("SSH-2.0-OpenSSH_9.2\r\n")
        }
        #expect(error.code == .malformedResponse)
    }

    @Test("An early answer is not lost, however the connection ends", arguments: ["close", "reset", "linger"])
    func earlyAnswer(ending: String) async throws {
        let server = try FaultServer { connection in
            _ = try connection.readHead()
            _ = try connection.read(50_000)
            try connection.respond(413, ["Connection": "close", "Retry-After": "3"], body: "too large")
            if ending == "linger" { connection.waitForClose() }
            if ending == "reset" { connection.ignoreEverything(seconds: 1) }
        }
        var request = ClientRequest("PUT", try server.address(), body: HTTPBody(bytes: pattern(20_000_000)))
        request.expectsContinue = false
        let response = try await makeClient().send(request)
        #expect(response.status == 413)
        #expect(response.headerFields["Retry-After"] == "3")
        #expect(try #require(response.attempts.first).bytesSent < 20_000_000)
        let (streamed, attempt) = try await makeClient().withStream(request) { head, stream in
            var body: [UInt8] = []
            for try await piece in stream { body += piece }
            return (head: head, body: body)
        }
        #expect(streamed.head.status == 413 && streamed.body == Array("too large".utf8))
        #expect(attempt.status == 413 && attempt.bytesSent < 20_000_000)
    }

    @Test func askingFirstKeepsARefusedBodyAtHome() async throws {
        let server = try FaultServer { connection in
            let request = try connection.readHead()
            #expect(request.headers["expect"] == "100-continue")
            try connection.respond(413, ["Connection": "close"])
        }
        let client = try makeClient { $0.continueTimeout = .seconds(60) }
        let response = try await client.send(
            ClientRequest("PUT", try server.address(), body: HTTPBody(bytes: pattern(5_000_000))))
        #expect(response.status == 413)
        #expect(response.attempts.first?.bytesSent == 0)
    }

    @Test func aServerThatHasTakenABodyIsNotAskedAgain() async throws {
        let server = try FaultServer { connection in
            while true {
                let head = try connection.readHead()
                if head.headers["expect"] != nil { try connection.send("HTTP/1.1 100 Continue\r\n\r\n") }
                _ = try connection.read(2_000_000)
                connection.recordRequest(head)
                try connection.respond(204)
            }
        }
        let client = try makeClient()
        for _ in 0..<2 {
            _ = try await client.send(
                ClientRequest("PUT", try server.address(), body: HTTPBody(bytes: pattern(2_000_000))))
        }
        #expect(server.requests.map { $0.headers["expect"] } == ["100-continue", nil])
        #expect(server.connectionCount == 1)
    }

    @Test func interimAnswersAreHandedOutAsTheyCome() async throws {
        let server = try FaultServer { connection in
            _ = try connection.readHead()
            try connection.send("HTTP/1.1 104 Upload Resumption Supported\r\nLocation: /u/1\r\n\r\n")
            _ = try connection.read(10)
            try connection.respond(201)
        }
        let seen = Signal()
        var request = ClientRequest("POST", try server.address(), body: HTTPBody(bytes: pattern(10)))
        request.onInterim = { if $0.status == 104, $0.headerFields["Location"] == "/u/1" { seen.set() } }
        let response = try await makeClient().send(request)
        await seen.wait()
        #expect(response.status == 201)
        #expect(response.interim.map(\.status) == [104])
    }
}

@Suite struct SilentResendTests {
    /// Answers the first request of a connection and lets the second die unanswered, as an idle timeout does.
    private func reuseAndDie() throws -> FaultServer {
        try FaultServer { connection in
            let first = try connection.readRequest()
            try connection.respond(200)
            if connection.number > 1 && first.method != "GET" { return connection.waitForClose() }
            _ = try connection.readRequest()
        }
    }

    @Test("A POST goes on a fresh connection and is sent once", arguments: [0, 1000, 200_000])
    func onePost(bytes: Int) async throws {
        let server = try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                if request.method == "POST" { return }
                try connection.respond(200)
            }
        }
        let client = try makeClient()
        _ = try await client.send(ClientRequest("GET", try server.address()))
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(ClientRequest("POST", try server.address(), body: HTTPBody(bytes: pattern(bytes))))
        }
        #expect(error?.outcome == .sentWithoutResponse)
        #expect(server.requests.filter { $0.method == "POST" }.count == 1)
        #expect(server.requests.last?.connection == 2)
    }

    @Test func aBodyOnAReusedConnectionThatDiesIsNotSentAgainBehindOurBack() async throws {
        let server = try reuseAndDie()
        let client = try makeClient()
        _ = try await client.send(ClientRequest("GET", try server.address()))
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(ClientRequest("PUT", try server.address(), body: HTTPBody(bytes: pattern(100_000))))
        }
        #expect(error?.code == .connectionLost)
        #expect(server.requests.filter { $0.method == "PUT" }.count == 1)
    }
}
