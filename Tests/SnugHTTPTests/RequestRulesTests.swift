// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import SnugTestSupport
import Synchronization
import Testing

@testable import SnugHTTP

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

    @Test("A value that could smuggle in another header is refused", arguments: ["a\r\nX: y", "a\nb", "a\0b"])
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
