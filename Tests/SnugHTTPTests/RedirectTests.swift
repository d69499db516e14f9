// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import SnugTestSupport
import Synchronization
import Testing

@testable import SnugHTTP

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
