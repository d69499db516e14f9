// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugSystem
import SnugTestSupport
import Testing
import Yams

@testable import SnugServer

/// The protection of each address that the description of the API has, so that a new one cannot be left open.
@Suite struct RouteProtectionTests {
    /// An operation of the description.
    struct Operation: Sendable {
        var method: String
        var path: String
        /// Statuses that the description has; "default" for all others.
        var statuses: Set<String>

        /// An address of this path that leads to nothing.
        var address: String {
            var address = path
            let id = String(repeating: "0", count: path.contains("uploads") ? 32 : 26)
            for (name, value) in ["{id}": id, "{key}": "none", "{action}": "retry", "{name}": "none.js"] {
                address = address.replacing(name, with: value)
            }
            return address
        }

        func documents(_ status: Int) -> Bool { statuses.contains("\(status)") || statuses.contains("default") }
    }

    /// Addresses that anybody may read: they show nothing of what the server works on.
    private static let open: Set = ["/", "/assets/{name}", "/livez", "/readyz", "/openapi.yaml"]

    /// Every operation of the description that the server sends.
    private static func operations(_ server: TestServer) async throws -> [Operation] {
        let text = try await server.send("/openapi.yaml").text
        let paths = try #require(try Yams.compose(yaml: text)?["paths"]?.mapping)
        var operations: [Operation] = []
        for (path, item) in paths {
            for (method, operation) in item.mapping ?? [:] where method.string != "parameters" {
                let statuses = operation["responses"]?.mapping?.keys.compactMap(\.string) ?? []
                operations.append(
                    Operation(
                        method: (method.string ?? "").uppercased(), path: path.string ?? "", statuses: Set(statuses)))
            }
        }
        #expect(operations.count > 25)
        return operations
    }

    private static func send(
        _ operation: Operation, _ server: TestServer, _ fields: [(String, String)]
    ) async throws -> RawResponse {
        let hasBody = ["POST", "PATCH"].contains(operation.method)
        return try await server.send(
            operation.method, operation.address, fields, body: hasBody ? Array("{}".utf8) : nil)
    }

    private static func checkFields(_ response: RawResponse, _ operation: Operation) {
        let name = "\(operation.method) \(operation.path)"
        #expect(response["x-content-type-options"] == "nosniff", "\(name)")
        #expect(response["x-frame-options"] == "DENY", "\(name)")
        #expect(response["content-security-policy"]?.contains("default-src 'none'") == true, "\(name)")
        #expect(response["referrer-policy"] == "no-referrer", "\(name)")
        #expect(response["access-control-allow-origin"] == nil, "\(name)")
    }

    @Test("Each address refuses another host and another origin, in the one shape of errors, before it does anything")
    func strangers() async throws {
        let bench = try await JobBench()
        try await bench.run { server in
            for operation in try await Self.operations(server) {
                for (fields, status, code) in [
                    ([("Host", "evil.example")], 421, "unknown_host"),
                    ([("Origin", "http://evil.example")], 403, "foreign_origin"),
                    ([("Sec-Fetch-Site", "cross-site")], 403, "foreign_origin"),
                ] {
                    let response = try await Self.send(operation, server, fields)
                    #expect(response.status == status, "\(operation.method) \(operation.path)")
                    #expect(response["snug-error"] == code, "\(operation.method) \(operation.path)")
                    if operation.method != "HEAD" { #expect(response.code == code) }
                    Self.checkFields(response, operation)
                }
            }
        }
    }

    @Test("A host in the request line is checked as the field is")
    func absoluteAddresses() async throws {
        try await JobBench().run { server in
            for (host, status) in [
                ("evil.example", 421), ("127.0.0.1@evil.example", 421), ("", 421), ("127.0.0.1:1", 200),
                ("[::1]:80", 200), ("LOCALHOST", 200),
            ] {
                let response = try await server.send("http://\(host)/livez")
                #expect(response.status == status, "\(host)")
            }
            let plain = try await server.send("/livez?at=http://evil.example/")
            #expect(plain.status == 200)
        }
    }

    @Test("With a token each address asks for it, but for probes and the files of the page")
    func token() async throws {
        let token = try BearerToken("0123456789abcdef")
        try await JobBench().run({ $0.token = token }) { server in
            for operation in try await Self.operations(server) where !Self.open.contains(operation.path) {
                let without = try await Self.send(operation, server, [])
                #expect(without.status == 401, "\(operation.method) \(operation.path)")
                #expect(without["snug-error"] == "token_missing")
                #expect(without["www-authenticate"] == "Bearer realm=\"snug\"")
                Self.checkFields(without, operation)
                let wrong = try await Self.send(operation, server, [("Authorization", "Bearer 0123456789abcdeg")])
                #expect(wrong.status == 401, "\(operation.method) \(operation.path)")
                #expect(wrong["snug-error"] == "token_wrong")
            }
        }
    }

    @Test("Each address answers a request that means nothing with a status that the description has, and never 500")
    func documented() async throws {
        try await JobBench().run { server in
            for operation in try await Self.operations(server) where operation.path != "/v1/events" {
                for fields in [[], [("Content-Type", "application/json")], [("Tus-Resumable", "1.0.0")]] {
                    let response = try await Self.send(operation, server, fields)
                    let name = "\(operation.method) \(operation.path): \(response.status) \(response.text)"
                    #expect(operation.documents(response.status), "\(name)")
                    #expect(response.status < 500, "\(name)")
                    if response.status >= 400 { #expect(response["snug-error"] != nil, "\(name)") }
                    Self.checkFields(response, operation)
                }
            }
        }
    }

    @Test("A response to HEAD has no body, whatever its status: the next response on the connection begins there")
    func head() async throws {
        let token = try BearerToken("0123456789abcdef")
        let shown = [("Authorization", "Bearer 0123456789abcdef")]
        try await withServer({ $0.token = token }) { server in
            for (path, fields, status) in [
                ("/livez", [], 200), ("/none", shown, 404), ("/v1/fit", shown, 405), ("/output/none", shown, 404),
                ("/metrics", shown, 200), ("/assets/none.js", [], 404), ("/livez", [("Origin", "null")], 403),
                ("/livez", [("Host", "evil.example")], 421),
            ] as [(String, [(String, String)], Int)] {
                let (first, second) = try await onThread {
                    let connection = try RawConnection(port: server.port)
                    try connection.send(server.head("HEAD", path, fields) + server.head("GET", "/livez"))
                    return (try connection.readResponse(hasBody: false), try connection.readResponse())
                }
                #expect(first.status == status, "\(path)")
                #expect(second.status == 200, "\(path)")
                #expect(second.fields.contains { $0.name == "x-content-type-options" }, "\(path)")
            }
        }
    }

    @Test("A method that an address does not have is 405 with those that it has, and one that is none is refused")
    func methods() async throws {
        try await JobBench().run { server in
            for (method, path, allowed) in [
                ("PUT", "/v1/fit", "POST"), ("GET", "/v1/inspect", "POST"), ("PATCH", "/v1/jobs", "GET, HEAD, POST"),
                ("POST", "/livez", "GET, HEAD"), ("DELETE", "/metrics", "GET, HEAD"), ("GET", "/shrink", "POST"),
                ("PUT", "/v1/pauses", "POST, DELETE"), ("OPTIONS", "/v1/events", "GET, HEAD"),
                ("DELETE", "/output/none", "GET, HEAD, POST"), ("POST", "/v1/books", "GET, HEAD"),
            ] {
                let response = try await server.send(method, path, body: ["GET"].contains(method) ? nil : [])
                #expect(response.status == 405, "\(method) \(path)")
                #expect(response.code == "method_not_allowed", "\(method) \(path)")
                let methods = Set((response["allow"] ?? "").split(separator: ", ").map(String.init))
                #expect(methods == Set(allowed.split(separator: ", ").map(String.init)), "\(method) \(path)")
            }
            for method in ["TRACE", "CONNECT", "PROPFIND", "BREW"] {
                let bytes = try await onThread {
                    let connection = try RawConnection(port: server.port)
                    try connection.send(server.head(method, "/livez", [("Connection", "close")]))
                    connection.finishSending()
                    return try connection.readToEnd()
                }
                if let (response, _) = RawResponse.parse(bytes, hasBody: false) {
                    #expect((400..<500).contains(response.status), "\(method)")
                }
            }
        }
    }
}
