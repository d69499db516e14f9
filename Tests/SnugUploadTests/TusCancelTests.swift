// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugSystem
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugUpload

@Suite struct TusCancelTests {
    private let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    private func target(_ server: FakeTusServer) throws -> UploadTarget {
        UploadTarget(try HTTPURL(server.url), .tus)
    }

    private func options(_ chunk: Int = 100_000) -> UploadOptions {
        var options = UploadOptions()
        options.chunkSize = chunk
        options.adaptsChunkSize = false
        return options
    }

    @Test func cancellingRemovesWhatTheServerHas() async throws {
        let server = try FakeTusServer()
        let uploader = try await makeUploader(folder)
        let file = try folder.file(pattern(30_000_000))
        await uploadAndCancel(uploader, file, to: try target(server), options: options(), after: 1_000_000)
        #expect(server.stored.isEmpty)
        #expect(try await uploader.pending().isEmpty)
    }

    @Test func cancellingWhileTheServerBeginsTheUploadStillRemovesIt() async throws {
        let asked = AsyncStream<Void>.makeStream()
        let isCancelled = Mutex(false)
        let server = try FaultServer { connection in
            while true {
                let request = try connection.readRequest()
                guard request.method == "POST" else {
                    try connection.respond(204, ["Tus-Version": "1.0.0", "Tus-Extension": "creation,termination"])
                    continue
                }
                asked.continuation.finish()
                while !isCancelled.withLock({ $0 }) { connection.ignoreEverything(milliseconds: 10) }
                try connection.respond(201, ["Location": "/files/1"])
            }
        }
        let uploader = try await makeUploader(folder)
        let file = try folder.file(pattern(1000))
        let target = UploadTarget(try HTTPURL(server.url("/files")), .tus)
        var options = UploadOptions()
        options.creationGrace = .seconds(600)
        let patient = options
        let task = Task { try await uploader.upload(file, to: target, options: patient) }
        for await _ in asked.stream {}
        task.cancel()
        isCancelled.withLock { $0 = true }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(server.requests.last?.method == "DELETE" && server.requests.last?.target == "/files/1")
        #expect(!server.requests.contains { $0.method == "PATCH" })
    }
}
