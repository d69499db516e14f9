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

    @Test func piecesGoOnAfterACancellation() async throws {
        let server = try await startServer("resumable-upload")
        let large = pattern(13_000_001)
        let file = try folder.file(large)
        let target = UploadTarget(try HTTPURL(server.url("/files")), .tus)
        var options = UploadOptions()
        options.parallelism = 3
        options.discardsWhenCancelled = false
        options.bandwidthLimiter = BandwidthLimiter(bytesPerSecond: 20_000_000)
        await uploadAndCancel(try makeUploader(folder), file, to: target, options: options, after: 6 << 20)
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

@Suite(.serialized) struct S3InteroperationTests {
    private let folder: ScratchFolder
    private let bytes = pattern(23_456_789)
    init() throws { folder = try ScratchFolder() }

    private func settings(secret: String = "testtest") -> S3Settings { Bucket.settings(secret: secret) }

    @Test func seaweedFSStoresPartsInParallelAndChecksSignatures() async throws {
        let bucket = try await Bucket()
        let server = bucket.server
        let uploader = try makeUploader(folder)
        let file = try folder.file(bytes)
        let url = try HTTPURL(server.url("/bkt/a%20b%2B(1).bin"))
        let receipt = try await uploader.upload(file, to: UploadTarget(url, .s3, s3: settings()))
        #expect(receipt.confirmation == .checksum)
        #expect(receipt.bytesSent >= bytes.count && receipt.retries == 0)
        #expect(try await fetch(try #require(receipt.presignedURL)) == bytes)
        // The server has made its own of the whole.
        var crc = CRC64()
        unsafe bytes.withUnsafeBytes { unsafe crc.update($0) }
        #expect(try await bucket.checksum("a%20b%2B%281%29.bin") == CRC64.text(crc.value))

        let error = await #expect(throws: UploadError.self) {
            try await uploader.upload(file, to: UploadTarget(url, .s3, s3: settings(secret: "wrong")))
        }
        #expect(error?.code == .credentialsRefused)

        var careful = settings()
        careful.refusesOverwriting = true
        let other = try folder.file(pattern(6_000_000), named: "other")
        let carefulSettings = careful
        let refused = await #expect(throws: UploadError.self) {
            try await uploader.upload(other, to: UploadTarget(url, .s3, s3: carefulSettings))
        }
        #expect(refused?.code == .refused)
        #expect(try uploader.pending().isEmpty)
    }

    @Test func anUploadGoesOnWithTheMissingPartsAndLeavesNothingBehind() async throws {
        let bucket = try await Bucket()
        let server = bucket.server
        let uploader = try makeUploader(folder)
        let file = try folder.file(bytes)
        let target = UploadTarget(try HTTPURL(server.url("/bkt/k.bin")), .s3, s3: settings())
        var options = UploadOptions()
        options.parallelism = 1
        options.discardsWhenCancelled = false
        options.bandwidthLimiter = BandwidthLimiter(bytesPerSecond: 20_000_000)
        await uploadAndCancel(uploader, file, to: target, options: options, after: 11 << 20)
        #expect(try await bucket.unfinished().count == 1)

        let receipt = try await makeUploader(folder).upload(file, to: target)
        #expect(receipt.resumed && receipt.bytesSent < bytes.count - (9 << 20))
        #expect(receipt.confirmation == .checksum)
        #expect(try await bucket.unfinished().count == 0)
        #expect(try await uploader.verify(receipt) == .sameContent)
        var forged = receipt
        forged.sha256 = String(repeating: "0", count: 64)
        #expect(try await uploader.verify(forged) == .different)
    }

    @Test func cancellingAbortsAtTheServer() async throws {
        let bucket = try await Bucket()
        let server = bucket.server
        let uploader = try makeUploader(folder)
        let file = try folder.file(bytes)
        let target = UploadTarget(try HTTPURL(server.url("/bkt/k.bin")), .s3, s3: settings())
        var options = UploadOptions()
        options.bandwidthLimiter = BandwidthLimiter(bytesPerSecond: 10_000_000)
        await uploadAndCancel(uploader, file, to: target, options: options, after: 6 << 20)
        #expect(try await bucket.unfinished().count == 0)
        #expect(try uploader.pending().isEmpty)
    }

    @Test func anUploadWhoseNameWasLostIsTakenOver() async throws {
        let bucket = try await Bucket()
        let server = bucket.server
        let file = try folder.file(bytes)
        let target = UploadTarget(try HTTPURL(server.url("/bkt/k.bin")), .s3, s3: settings())
        let store = try FileUploadStore(folder.path.appending("state"))
        let source = try UploadSource(file)
        let now = Int(Date().timeIntervalSince1970)
        // As it is after a kill between the server's answer and its record.
        var record = UploadRecord(
            key: UploadRecord.key(path: file, target: target.url.text, uploadProtocol: .s3), path: file.string,
            fingerprint: source.fingerprint, bytes: bytes.count, target: "", uploadProtocol: .s3, created: now)
        record.creating = now
        try store.save(record)
        _ = try await plainClient().send(bucket.signed("POST", "/bkt/k.bin?uploads"))
        #expect(try await bucket.unfinished().count == 1)
        let receipt = try await makeUploader(folder).upload(file, to: target)
        #expect(receipt.confirmation == .checksum)
        #expect(try await bucket.unfinished().count == 0)
    }

    @Test func moto() async throws {
        let server = try await Bucket("moto").server
        let receipt = try await makeUploader(folder).upload(
            try folder.file(bytes), to: UploadTarget(try HTTPURL(server.url("/bkt/k.bin")), .s3, s3: settings()))
        #expect(receipt.confirmation == .checksum)
        #expect(try await fetch(try #require(receipt.presignedURL)) == bytes)
    }
}

@Suite(.serialized) struct RangedPutInteroperationTests {
    private let folder: ScratchFolder
    private let bytes = pattern(5_000_003)
    init() throws { folder = try ScratchFolder() }

    private func options() -> UploadOptions {
        var options = UploadOptions()
        options.chunkSize = 1 << 20
        options.adaptsChunkSize = false
        return options
    }

    @Test func apacheWebDAVTakesPiecesInPlace() async throws {
        let server = try await startServer("apache", portCount: 2)
        let target = UploadTarget(try HTTPURL(server.url("/a.bin")), .rangedPut)
        // An older and longer file must leave no tail.
        _ = try await plainClient().send(
            ClientRequest("PUT", target.url, body: HTTPBody(bytes: pattern(9_000_000).reversed())))
        let receipt = try await makeUploader(folder).upload(try folder.file(bytes), to: target, options: options())
        #expect(receipt.confirmation == .length && receipt.attempts == 5)
        #expect(try await fetch(receipt.url) == bytes)
    }

    @Test func aConnectionThatDiesLateDoesNotTakeTheFileWithIt() async throws {
        let server = try await startServer("apache", portCount: 2)
        // The first chunk hangs halfway, the upload goes on elsewhere, and only then the server sees the first one end.
        var plan = FaultProxy.Plan(seed: 7, kinds: [.hang])
        plan.chance = 1
        plan.maximum = 1
        plan.reach = 3_000_000
        let proxy = try FaultProxy(to: server.port, plan)
        let target = UploadTarget(try HTTPURL("http://127.0.0.1:\(proxy.port)/late.bin"), .rangedPut)
        var options = UploadOptions()
        options.chunkSize = 4 << 20
        options.stallTimeout = .seconds(1)
        let receipt = try await makeUploader(folder).upload(try folder.file(bytes), to: target, options: options)
        #expect(receipt.confirmation == .length && receipt.retries > 0)
        let isWithin = proxy.events.contains { (10_000..<3_000_000).contains($0.byte) }
        #expect(isWithin)
        proxy.stop()
        try await proxy.settle()
        try await Task.sleep(for: .milliseconds(500))
        let isSame = try await fetch(server.url("/late.bin")) == bytes
        #expect(isSame)
    }

    @Test func apachesLimitIsFound() async throws {
        let server = try await startServer("apache", portCount: 2)
        var options = UploadOptions()
        options.chunkSize = 4 << 20
        let target = UploadTarget(try HTTPURL(server.url("/b.bin", port: 1)), .rangedPut)
        let receipt = try await makeUploader(folder, continueTimeout: .seconds(60))
            .upload(try folder.file(bytes), to: target, options: options)
        #expect(receipt.retries <= 3)
        #expect(try await fetch(receipt.url) == bytes)
    }

    @Test func googleStyleSessions() async throws {
        let server = try await startServer("gcs")
        var target = UploadTarget(
            try HTTPURL(server.url("/upload/storage/v1/b/bkt/o?uploadType=resumable&name=a.bin")), .rangedPut)
        target.ranged = .startsSession
        let receipt = try await makeUploader(folder).upload(try folder.file(bytes), to: target, options: options())
        #expect(receipt.bytes == bytes.count)
        #expect(try await fetch(server.url("/download/storage/v1/b/bkt/o/a.bin?alt=media")) == bytes)
    }
}
