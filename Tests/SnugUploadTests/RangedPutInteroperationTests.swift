// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import SnugHTTP
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugUpload

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
        // The first chunk hangs halfway, the upload continues elsewhere, and only then the server sees the first one end.
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
