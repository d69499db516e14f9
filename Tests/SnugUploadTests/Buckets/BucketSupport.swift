// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugSystem
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugUpload

/// The waits of a client that does not wait.
final class Waits: Sendable {
    private let list = Mutex<[Duration]>([])
    var all: [Duration] { list.withLock { $0 } }
    func add(_ wait: Duration) { list.withLock { $0.append(wait) } }
}

/// A client of a bucket `bkt` at an endpoint, which waits for nothing.
func makeBucketClient(
    _ endpoint: String, bucket: String = "bkt", secret: String = "testtest", region: String = "us-east-1",
    waits: Waits? = nil, now: Int? = nil, change: (inout BucketOptions) -> Void = { _ in }
) throws -> BucketClient {
    var environment = RetryEnvironment()
    environment.sleep = { wait in
        try Task.checkCancellation()
        waits?.add(wait)
    }
    if let now { environment.wallClock = { now } }
    var options = BucketOptions()
    change(&options)
    let settings = S3Settings(accessKeyID: "test", secretKey: Secret(secret), region: region)
    return BucketClient(
        try BucketAddress(name: bucket, endpoint: try HTTPURL(endpoint)), settings: settings,
        client: try makeClient(), options: options, logger: quietLogger, environment: environment)
}

extension BucketContent {
    init(_ bytes: [UInt8]) { self.init(sha256: MessageDigest.sha256(bytes).hexadecimal, byteCount: bytes.count) }
}

extension ScratchFolder {
    /// The bytes of a file of the folder; `nil` when there is none.
    func bytes(_ name: String) -> [UInt8]? {
        (try? Data(contentsOf: URL(filePath: path.appending(name).string))).map { Array($0) }
    }

    /// The names of all files.
    var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path.string)) ?? []).sorted()
    }
}

/// A server that speaks as a script says, one step for each request.
///
/// The last step goes on for ever.
final class ScriptedBucket: Sendable {
    typealias Step = @Sendable (FaultConnection, FaultServer.Request) throws -> Void

    let server: FaultServer

    init(_ steps: Step...) throws {
        let count = Mutex(0)
        server = try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                let index = count.withLock { count in
                    count += 1
                    return min(count, steps.count) - 1
                }
                try steps[index](connection, request)
            }
        }
    }

    var endpoint: String { server.url("") }
    var requests: [FaultServer.Request] { server.requests }

    /// A whole response.
    static func reply(_ status: Int, _ headers: [String: String] = [:], _ body: String = "") -> Step {
        { connection, request in
            guard request.method == "HEAD" else { return try connection.respond(status, headers, body: body) }
            var lines = "HTTP/1.1 \(status) Scripted\r\n"
            for (name, value) in headers { lines += "\(name): \(value)\r\n" }
            if headers["Content-Length"] == nil { lines += "Content-Length: 0\r\n" }
            try connection.send(lines + "\r\n")
        }
    }

    /// An error as S3 words it.
    static func error(_ status: Int, _ code: String, _ headers: [String: String] = [:]) -> Step {
        reply(status, headers, "<?xml version=\"1.0\"?><Error><Code>\(code)</Code><Message>no</Message></Error>")
    }

    /// Some bytes of an object, perhaps fewer than promised, and then the end of the connection.
    static func bytes(
        _ bytes: [UInt8], status: Int = 200, _ headers: [String: String] = [:], cutAt end: Int? = nil
    ) -> Step {
        { connection, _ in
            var lines = "HTTP/1.1 \(status) Scripted\r\nContent-Length: \(bytes.count)\r\n"
            for (name, value) in headers { lines += "\(name): \(value)\r\n" }
            try connection.send(lines + "\r\n")
            try connection.send(Array(bytes[..<(end ?? bytes.count)]))
            if end != nil { throw FaultConnection.Ended.peerClosed }
        }
    }
}
