// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import SnugSimulator
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugHTTP

/// Starts a proxy; where it cannot be had, the test is cancelled, which is printed and counted.
private func startProxy(_ name: String, before origin: Int, listeningOn offset: Int) async throws -> RealServer {
    do {
        let server = try await RealServer(name, portCount: 11, environment: ["UPSTREAM": "127.0.0.1:\(origin)"])
        try await server.waitUntilListening(port: offset)
        return server
    } catch let error as RealServer.Unavailable {
        try Test.cancel("SKIPPED, no such server here: \(error.reason)")
    }
}

/// Answers every request with 200 once its body is there, and `HEAD` without a body of its own.
private func makeOrigin() throws -> FaultServer {
    try FaultServer { connection in
        while true {
            let request = try connection.readRequest()
            try connection.respond(200, body: request.method == "HEAD" ? "" : "x")
        }
    }
}

/// A server that speaks HTTP/2 over TLS.
private struct SecureServer: Sendable {
    var name: String
    var port: Int
    static let all = [SecureServer(name: "nginx", port: 9), SecureServer(name: "caddy", port: 4)]
}

@Suite(.serialized) struct HTTP2Tests {
    private func client(_ server: RealServer) throws -> HTTPClient {
        try makeClient { $0.additionalCertificates = FilePath(server.folder.appending(component: "cert.pem").path()) }
    }

    private func url(_ server: RealServer, _ port: Int, _ path: String = "/") throws -> HTTPURL {
        try HTTPURL("https://localhost:\(server.port + port)\(path)")
    }

    @Test("Without a body requests go by HTTP/2, with one by HTTP/1.1", arguments: SecureServer.all)
    fileprivate func version(secure: SecureServer) async throws {
        let origin = try makeOrigin()
        let server = try await startProxy(secure.name, before: origin.port, listeningOn: secure.port)
        let client = try client(server)
        for (method, body, version) in [
            ("GET", nil, "2"), ("HEAD", nil, "2"), ("DELETE", nil, "2"), ("OPTIONS", nil, "2"),
            ("PUT", HTTPBody(bytes: pattern(100_000)), "1.1"), ("POST", HTTPBody(bytes: []), "1.1"),
            ("PATCH", HTTPBody(bytes: [1]), "1.1"), ("GET", nil, "2"),
        ] as [(HTTPRequest.Method, HTTPBody?, String)] {
            let response = try await client.send(ClientRequest(method, url(server, secure.port), body: body))
            #expect(response.status == 200, "\(method)")
            #expect(response.httpVersion == version, "\(method)")
        }
        #expect(origin.requests.count == 8)
    }

    @Test("A 413 that comes early is heard, at the latest by the next attempt", arguments: SecureServer.all)
    fileprivate func early413(secure: SecureServer) async throws {
        let origin = try makeOrigin()
        let server = try await startProxy(secure.name, before: origin.port, listeningOn: secure.port)
        let client = try client(server)
        var attempts: [Int] = []
        for asks in [true, false, nil] {
            for _ in 0..<10 {
                // A success, after which the client asks no more by itself.
                _ = try await client.send(ClientRequest("PUT", url(server, secure.port), body: HTTPBody(bytes: [1])))
                var request = ClientRequest(
                    "PUT", try url(server, secure.port), body: HTTPBody(bytes: pattern(8_000_000)))
                request.expectsContinue = asks
                attempts.append(try await untilRefused(request, client))
            }
        }
        print("413 over TLS from \(secure.name), heard by attempt:", attempts)
    }

    /// Sends a request until it is refused, and says how often that took.
    private func untilRefused(_ request: ClientRequest, _ client: HTTPClient) async throws -> Int {
        for number in 1...20 {
            do {
                #expect(try await client.send(request).status == 413)
                return number
            } catch let error as HTTPError {
                // What the server said last went down with a connection that it reset.
                #expect(error.code == .connectionLost && error.outcome == .partlySent)
            }
        }
        Issue.record("never heard")
        return 0
    }

    @Test(
        "A refused stream or a GOAWAY costs a repetition and no response",
        arguments: [DeliveryFault.refuseStream, .goAway])
    func unprocessed(fault: DeliveryFault) async throws {
        try await Simulator.with { simulator in
            let plain = try HTTPURL(try #require(simulator.addresses.http2[.openai]))
            let port = try #require(Int(plain.authority.split(separator: ":").last ?? ""))
            // libcurl speaks HTTP/2 over TLS only when it may choose: HAProxy takes the TLS off.
            let server = try await startProxy("haproxy", before: port, listeningOn: 8)
            let client = try client(server)
            var request = ClientRequest("GET", try url(server, 8, "\(plain.path)/models"))
            request.headerFields["Authorization"] = "Bearer sk-main"
            #expect(try await client.send(request).httpVersion == "2")
            simulator.script(Rule(Fault(delivery: fault), times: 1))
            #expect(try await client.perform(request).status == 200)
            simulator.clearScript()
            // Said again and again it is an error like any lost connection, not an endless loop.
            simulator.script(Rule(Fault(delivery: fault), times: nil))
            let stubborn = request
            let error = await #expect(throws: HTTPError.self) { try await client.send(stubborn) }
            #expect(error?.code == .connectionLost)
            simulator.clearScript()
            #expect(try await client.send(request).status == 200)
        }
    }
}

@Suite(.serialized) struct KeepAliveTests {
    @Test(
        "Connections that nginx closes while they are picked up again send no body twice", arguments: ["PUT", "POST"])
    func closing(method: HTTPRequest.Method) async throws {
        let origin = try makeOrigin()
        let server = try await startProxy("nginx", before: origin.port, listeningOn: 8)
        let client = try makeClient()
        var answered = 0
        var random = SeededGenerator(seed: 5)
        for number in 0..<150 {
            let request = ClientRequest(
                method, try HTTPURL(server.url("/\(number)", port: 8)), body: HTTPBody(bytes: pattern(3000)))
            do {
                answered += try await client.send(request).status == 200 ? 1 : 0
            } catch let error as HTTPError {
                #expect(error.code == .connectionLost)
            }
            // nginx gives an idle connection 20 ms.
            try await Task.sleep(for: .microseconds(Int.random(in: 17_000...23_000, using: &random)))
        }
        let targets = origin.requests.map(\.target)
        print("keep-alive \(method): \(answered) of 150 answered at the first attempt, \(targets.count) arrived")
        #expect(Set(targets).count == targets.count)
        #expect(targets.count >= answered)
    }
}

/// Clocks in real time, which take minutes: `make campaign-clocks`.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["SNUG_CAMPAIGN_CLOCKS"] != nil, "takes two minutes"))
struct RealTimeTests {
    private func request(_ server: FaultServer, bytes: Int) throws -> ClientRequest {
        var request = ClientRequest("PUT", try server.address(), body: HTTPBody(bytes: pattern(bytes)))
        request.expectsContinue = false
        return request
    }

    @Test func aServerThinksForTwoMinutes() async throws {
        let server = try FaultServer { connection in
            _ = try connection.readRequest()
            connection.ignoreEverything(seconds: 120)
            try connection.respond(201)
        }
        let start = ContinuousClock.now
        #expect(try await makeClient().send(request(server, bytes: 5_000_000)).status == 201)
        print("a server that thought for \((ContinuousClock.now - start).seconds) s was not cut")
    }

    @Test func aSilentConnectionIsNoticedWithinTwentySeconds() async throws {
        let server = try FaultServer(receiveBuffer: 65_536) { connection in
            _ = try connection.readHead()
            connection.ignoreEverything(seconds: 60)
        }
        let start = ContinuousClock.now
        let client = try makeClient()
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(try self.request(server, bytes: 30_000_000))
        }
        #expect(error?.code == .stalled)
        print("a silent connection was noticed after \((ContinuousClock.now - start).seconds) s")
    }
}
