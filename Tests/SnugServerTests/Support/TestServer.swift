// SPDX-License-Identifier: Apache-2.0
import Logging
import ServiceLifecycle
import SnugImage
import SnugLedger
import SnugTestSupport

@testable import SnugServer

/// A running server, and requests to it.
struct TestServer: Sendable {
    let port: Int
    let group: ServiceGroup

    /// Gets a path.
    func send(_ path: String, _ fields: [(String, String)] = []) async throws -> RawResponse {
        try await send("GET", path, fields)
    }

    /// Sends one request on a connection of its own.
    func send(
        _ method: String, _ path: String, _ fields: [(String, String)] = [], body: [UInt8]? = nil
    ) async throws -> RawResponse {
        let request = head(method, path, fields, length: body?.count) + (body ?? [])
        return try await onThread {
            let connection = try RawConnection(port: port)
            try connection.send(request)
            return try connection.readResponse(hasBody: method != "HEAD")
        }
    }

    /// The header of a request.
    func head(_ method: String, _ path: String, _ fields: [(String, String)] = [], length: Int? = nil) -> [UInt8] {
        var text = "\(method) \(path) HTTP/1.1\r\n"
        if !fields.contains(where: { $0.0 == "Host" }) { text += "Host: 127.0.0.1:\(port)\r\n" }
        for (name, value) in fields { text += "\(name): \(value)\r\n" }
        if let length { text += "Content-Length: \(length)\r\n" }
        return Array((text + "\r\n").utf8)
    }

    /// Sends an image.
    func fit(
        _ image: [UInt8], _ query: String = "", _ fields: [(String, String)] = []
    ) async throws -> RawResponse {
        try await send("POST", "/v1/fit" + (query.isEmpty ? "" : "?" + query), fields, body: image)
    }

    /// Waits until the metrics have these lines.
    func waitForMetrics(_ lines: String...) async throws {
        while true {
            let text = try await send("/metrics").text
            if lines.allSatisfy({ text.contains("\n\($0)\n") }) { return }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    /// A form of fields and files.
    static func form(_ parts: [(head: String, content: [UInt8])], boundary: String = "xXx") -> [UInt8] {
        var body: [UInt8] = []
        for part in parts {
            body += Array("--\(boundary)\r\nContent-Disposition: form-data; \(part.head)\r\n\r\n".utf8)
            body += part.content + [13, 10]
        }
        return body + Array("--\(boundary)--\r\n".utf8)
    }
}

/// Runs a server on a port of its own until `body` is done.
func withServer<Result: Sendable>(
    _ change: (inout ServerConfiguration) -> Void = { _ in }, threads: Int = 2, ledger: (any LedgerStore)? = nil,
    jobs: ServerJobs? = nil, fitter: ImageFitter? = nil,
    _ body: @escaping @Sendable (TestServer) async throws -> Result
) async throws -> Result {
    var configuration = ServerConfiguration(listen: ListenAddress(host: "127.0.0.1", port: 0))
    // A busy machine is no slow client.
    configuration.ratePeriod = .seconds(120)
    change(&configuration)
    let (addresses, continuation) = AsyncStream<ListenAddress>.makeStream()
    let server = try SnugServer(
        configuration, fitter: fitter ?? ImageFitter(configuration: .init(memory: 256 << 20, threads: threads)),
        ledger: ledger, jobs: jobs, logger: quietLogger
    ) { address in
        continuation.yield(address)
        continuation.finish()
    }
    let group = ServiceGroup(configuration: .init(services: [server], logger: quietLogger))
    return try await withThrowingTaskGroup(of: Result?.self) { tasks in
        tasks.addTask {
            try await group.run()
            continuation.finish()
            return nil
        }
        guard let address = await addresses.first(where: { _ in true }) else {
            throw RawConnection.Failure(description: "the server did not start")
        }
        let result = try await body(TestServer(port: address.port, group: group))
        await group.triggerGracefulShutdown()
        for try await _ in tasks {}
        return result
    }
}
