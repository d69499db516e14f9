// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import SnugHTTP
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugUpload

/// Starts a server and waits until it answers; where it cannot be had, the test is cancelled, which is printed and counted.
func startServer(
    _ name: String, portCount: Int = 1, environment: [String: String] = [:], ready: String = "/",
    method: HTTPRequest.Method = "GET",
    portOffset: Int = 0, expecting isReady: @escaping @Sendable (Int) -> Bool = { $0 > 0 }
) async throws -> RealServer {
    var server: RealServer
    do {
        server = try await RealServer(name, portCount: portCount, environment: environment)
    } catch let error as RealServer.Unavailable {
        try Test.cancel("SKIPPED, no such server here: \(error.reason)")
    }
    let client = try plainClient()
    let body: HTTPBody? = method == "PUT" ? HTTPBody(bytes: [1]) : nil
    let deadline = ContinuousClock.now + .seconds(90)
    while ContinuousClock.now < deadline {
        do {
            if server.foundPortTaken {
                server = try await RealServer(name, portCount: portCount, environment: environment)
            }
            let request = ClientRequest(method, try HTTPURL(server.url(ready, port: portOffset)), body: body)
            if isReady(try await client.send(request).status.code) { return server }
        } catch is HTTPError {
            // Not listening yet.
        }
        try await Task.sleep(for: .milliseconds(200))
    }
    throw RealServer.Unavailable(reason: "\(name) does not answer: \(server.log.suffix(500))")
}

func plainClient() throws -> HTTPClient {
    var configuration = HTTPClientConfiguration()
    configuration.proxy = .none
    return try HTTPClient(configuration: configuration, logger: quietLogger)
}

/// What is at an address. Some servers have one thread, which a connection that died may still keep for a while.
func fetch(_ url: String) async throws -> [UInt8] {
    let patient = RetryPolicy(maximumAttempts: 20, maximumDelay: .seconds(2))
    let request = ClientRequest("GET", try HTTPURL(url), clocks: ClientRequest.Clocks(attemptTimeout: .seconds(120)))
    return try await plainClient().perform(request, policy: patient, into: .collect(maximum: 100_000_000)).body
}

@Suite(.serialized) struct TusInteroperationTests {
    private let folder: ScratchFolder
    private let bytes = pattern(3_333_333)
    init() throws { folder = try ScratchFolder() }

    @Test func resumableUpload() async throws {
        let server = try await startServer("resumable-upload")
        let target = UploadTarget(try HTTPURL(server.url("/files")), .tus)
        let receipt = try await makeUploader(folder).upload(try folder.file(bytes), to: target)
        #expect(receipt.confirmation == .length)
        #expect(try await fetch(receipt.url) == bytes)
    }

    @Test func tuspyserver() async throws {
        let server = try await startServer("tuspyserver")
        let target = UploadTarget(try HTTPURL(server.url("/files/")), .tus)
        let receipt = try await makeUploader(folder).upload(try folder.file(bytes), to: target)
        let id = try #require(receipt.url.split(separator: "/").last)
        let stored = try Data(contentsOf: server.folder.appending(components: "files", String(id)))
        #expect([UInt8](stored) == bytes)
    }

    @Test func seaweedFS() async throws {
        let server = try await startServer("seaweedfs", portCount: 8, ready: "/ready", method: "PUT", portOffset: 1) {
            $0 < 300
        }
        let target = UploadTarget(try HTTPURL(server.url("/.tus/images/a.bin", port: 1)), .tus)
        let receipt = try await makeUploader(folder).upload(try folder.file(bytes), to: target)
        #expect(receipt.bytes == bytes.count)
        #expect(try await fetch(server.url("/images/a.bin", port: 1)) == bytes)
    }

    @Test("Pieces side by side are joined by the server", arguments: ["resumable-upload", "tuspyserver"])
    func concatenation(name: String) async throws {
        let server = try await startServer(name)
        let large = pattern(13_000_001)
        let target = UploadTarget(
            try HTTPURL(server.url(name == "tuspyserver" ? "/files/" : "/files")), .tus)
        var options = UploadOptions()
        options.parallelism = 3
        let receipt = try await makeUploader(folder).upload(try folder.file(large), to: target, options: options)
        #expect(receipt.confirmation == .length && receipt.bytesSent == large.count)
        let folder = server.folder.appending(component: name == "tuspyserver" ? "files" : "uploads")
        let id = try #require(receipt.url.split(separator: "/").last)
        let isSame = try [UInt8](Data(contentsOf: folder.appending(component: String(id)))) == large
        #expect(isSame)
    }

    @Test func piecesResumeAfterACancellation() async throws {
        let server = try await startServer("resumable-upload")
        let large = pattern(13_000_001)
        let file = try folder.file(large)
        let target = UploadTarget(try HTTPURL(server.url("/files")), .tus)
        var options = UploadOptions()
        options.parallelism = 3
        options.discardsWhenCancelled = false
        options.bandwidthLimiter = BandwidthLimiter(bytesPerSecond: 20_000_000)
        await uploadAndCancel(try await makeUploader(folder), file, to: target, options: options, after: 6 << 20)
        let receipt = try await makeUploader(folder).upload(file, to: target)
        #expect(receipt.resumed && receipt.bytesSent < large.count)
        let isSame = try await fetch(receipt.url) == large
        #expect(isSame)
    }

    @Test func theFirstChunkTravelsWithTheCreation() async throws {
        let server = try await startServer("resumable-upload")
        let target = UploadTarget(try HTTPURL(server.url("/files")), .tus)
        var options = UploadOptions()
        options.createsWithFirstChunk = true
        let receipt = try await makeUploader(folder).upload(try folder.file(bytes), to: target, options: options)
        #expect(try await fetch(receipt.url) == bytes)
        #expect(receipt.bytesSent == bytes.count)
    }

    @Test(
        "Through nginx with a limit of 1 MiB, whether or not the first chunk comes with the creation",
        arguments: [false, true])
    func throughNginxWithALimit(createsWithFirstChunk: Bool) async throws {
        let origin = try await startServer("resumable-upload")
        let proxy = try await RealProxy(.nginx, before: origin.port)
        let target = UploadTarget(try proxy.url("/files", port: 0), .tus)
        var options = UploadOptions()
        options.createsWithFirstChunk = createsWithFirstChunk
        options.chunkSize = 8 << 20
        let large = pattern(12_000_000)
        let receipt = try await makeUploader(folder, continueTimeout: .seconds(60))
            .upload(try folder.file(large), to: target, options: options)
        #expect(receipt.retries <= 3)
        #expect(try await fetch(receipt.url) == large)
    }
}
