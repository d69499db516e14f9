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

    @Test func anAnswerAboveTheCapFails() async throws {
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

    @Test func anotherRangeThanAskedForIsRefused() async throws {
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
        #expect(attempt.status == 200 && attempt.bytesReceived == total && attempt.outcome == .answered)
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
        #expect(error?.code == .answerCut)
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

    @Test func aStreamWithoutAnAnswerThrows() async throws {
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

@Suite struct RedirectTests {
    private func pair(_ status: Int, to path: String = "/target") throws -> (from: FaultServer, to: FaultServer) {
        let to = try FaultServer { connection in
            while true {
                _ = try connection.readRequest()
                try connection.respond(200, body: "there")
            }
        }
        let location = to.url(path)
        let from = try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                try connection.respond(
                    request.target == "/local" ? 200 : status,
                    ["Location": request.target == "/here" ? "/local" : location])
            }
        }
        return (from, to)
    }

    private func request(_ server: FaultServer, _ path: String, method: HTTPRequest.Method = "GET") throws
        -> ClientRequest
    {
        var request = ClientRequest(
            method, try server.address(path), headerFields: ["X-Api-Key": "k", "Accept": "image/png", "Cookie": "c"])
        try request.headerFields.set("Authorization", secret: Secret("hunter2"))
        request.redirects = .follow(maximum: 3)
        return request
    }

    @Test func noneIsFollowedUnlessAskedFor() async throws {
        let (from, to) = try pair(302)
        var request = try request(from, "/")
        request.redirects = .none
        #expect(try await makeClient().send(request).status == 302)
        #expect(to.requests.isEmpty)
    }

    @Test func noCredentialsGoToAnotherOrigin() async throws {
        let (from, to) = try pair(302)
        let response = try await makeClient().send(request(from, "/"))
        #expect(response.status == 200 && response.url.text == to.url("/target"))
        let headers = try #require(to.requests.first).headers
        #expect(headers["accept"] == "image/png")
        #expect(headers["authorization"] == nil && headers["x-api-key"] == nil && headers["cookie"] == nil)
    }

    @Test func credentialsStayOnTheSameOrigin() async throws {
        let (from, _) = try pair(307)
        #expect(try await makeClient().send(request(from, "/here")).status == 200)
        #expect(from.requests.last?.headers["x-api-key"] == "k")
    }

    @Test func aBodyIsNotTakenToAnotherOrigin() async throws {
        let (from, to) = try pair(307)
        var request = try request(from, "/", method: "PUT")
        request.body = HTTPBody(bytes: [1])
        let client = try makeClient()
        let refused = request
        let error = await #expect(throws: HTTPError.self) { try await client.send(refused) }
        #expect(error?.code == .redirectRefused)
        #expect(to.requests.isEmpty)
    }

    @Test func aPostThatIsSeenOtherBecomesAGet() async throws {
        let (from, to) = try pair(303)
        var request = try request(from, "/", method: "POST")
        request.body = HTTPBody(bytes: [1])
        #expect(try await makeClient().send(request).status == 200)
        #expect(to.requests.first?.method == "GET")
    }

    @Test func aCircleEnds() async throws {
        let server = try FaultServer { connection in
            while true {
                _ = try connection.readRequest()
                try connection.respond(302, ["Location": "/again"])
            }
        }
        var request = ClientRequest("GET", try server.address())
        request.redirects = .follow(maximum: 3)
        let client = try makeClient()
        let circling = request
        let error = await #expect(throws: HTTPError.self) { try await client.send(circling) }
        #expect(error?.code == .redirectRefused)
        #expect(server.requests.count == 4)
    }

    @Test func noneLeadsOutOfTLSOrHTTP() throws {
        let request = ClientRequest("GET", try HTTPURL("https://h/x"))
        for location in ["http://h/x", "ftp://h/x", "file:///etc/passwd"] {
            let response = ClientResponse(
                head: .init(status: 302, headerFields: ["Location": location]), url: request.url)
            #expect(throws: HTTPError.self) { try request.redirected(by: response) }
        }
    }
}

@Suite struct RequestRulesTests {
    @Test func plainHTTPToAnotherMachineNeedsPermission() async throws {
        let client = try makeClient()
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(ClientRequest("GET", try HTTPURL("http://example.invalid/")))
        }
        #expect(error?.code == .insecureScheme)
        let lenient = try makeClient { $0.plainHTTP = .anywhere }
        let next = await #expect(throws: HTTPError.self) {
            // Time enough for a resolver that has to ask others first.
            let clocks = ClientRequest.Clocks(connectTimeout: .seconds(120))
            return try await lenient.send(ClientRequest("GET", try HTTPURL("http://example.invalid/"), clocks: clocks))
        }
        #expect(next?.code == .cannotResolve)
        #expect(next?.outcome == .notSent)
    }

    @Test func internalAddressesCanBeRefused() async throws {
        let server = try FaultServer { connection in _ = try connection.readRequest() }
        var request = ClientRequest("GET", try server.address())
        request.addressPolicy = .publicOnly
        let client = try makeClient()
        let refused = request
        let error = await #expect(throws: HTTPError.self) { try await client.send(refused) }
        #expect(error?.code == .addressRefused)
        #expect(server.connectionCount == 0)
    }

    @Test("What could smuggle another header in is refused", arguments: ["a\r\nX: y", "a\nb", "a\0b"])
    func lineBreaks(value: String) {
        var fields = HTTPFields()
        let errors = [
            #expect(throws: HTTPError.self) { try HTTPField(checked: "X-A", value) },
            #expect(throws: HTTPError.self) { try HTTPField(checked: value, "a") },
            #expect(throws: HTTPError.self) { try fields.set("X-A", checked: value) },
            #expect(throws: HTTPError.self) { try fields.set("X-A", secret: Secret(value)) },
        ]
        #expect(errors.allSatisfy { $0?.code == .invalidRequest } && fields.isEmpty)
    }

    @Test func theEnvironmentsProxyIsUsed() async {
        await #expect(processExitsWith: .success) {
            let proxy = try FaultServer { connection in
                _ = try connection.readRequest()
                try connection.respond(200, body: "by proxy")
            }
            unsafe setenv("http_proxy", proxy.url(), 1)
            let client = try makeClient {
                $0.proxy = .environment
                $0.plainHTTP = .anywhere
            }
            let response = try await client.send(ClientRequest("GET", try HTTPURL("http://far.example.invalid/x")))
            #expect(response.body == Array("by proxy".utf8))
            #expect(proxy.requests.first?.target == "http://far.example.invalid/x")
        }
    }
}
