// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugLedger
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugUpload

/// Cancelling: local at once, at the server now or later, on real servers behind a real proxy.
@Suite(.serialized) struct CancelTests {
    private let folder: ScratchFolder
    private let bytes = pattern(20_000_003)
    init() throws { folder = try ScratchFolder() }

    private func options() -> UploadOptions {
        var options = UploadOptions()
        options.bandwidthLimiter = BandwidthLimiter(bytesPerSecond: 2_000_000)
        return options
    }

    /// Cancels and says how long the end took; bounds are for people to judge, because tests share their cores.
    private func cancel(_ task: Task<UploadReceipt, any Error>, _ what: String) async {
        let start = ContinuousClock.now
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        print("cancel \(what): \(Int((ContinuousClock.now - start) / .milliseconds(1))) ms")
    }

    @Test func tusIsTerminated() async throws {
        let origin = try await TusOrigin()
        let proxy = try await RealProxy(.nginx, before: origin.server.port)
        let uploader = try await makeUploader(folder)
        let target = UploadTarget(try proxy.url("/files", port: 3), .tus)
        let task = await begin(
            uploader, try folder.file(bytes), to: target, options: options(), after: 3_000_000)
        await cancel(task, "tus")
        #expect(try origin.stored().isEmpty)
        #expect(try await uploader.pending().isEmpty)
    }

    @Test func withoutAStoreItIsTerminatedAsWell() async throws {
        let origin = try await TusOrigin()
        let uploader = try await makeUploader(nil)
        let target = UploadTarget(try HTTPURL(origin.server.url("/files")), .tus)
        let task = await begin(
            uploader, try folder.file(bytes), to: target, options: options(), after: 3_000_000)
        await cancel(task, "tus without a store")
        #expect(try origin.stored().isEmpty)
    }

    @Test func whatASleepingServerKeepsIsRemovedLater() async throws {
        let origin = try await TusOrigin()
        let proxy = try await RealProxy(.nginx, before: origin.server.port)
        let uploader = try await makeUploader(folder, discardTimeout: .milliseconds(450))
        let target = UploadTarget(try proxy.url("/files", port: 3), .tus)
        let task = await begin(
            uploader, try folder.file(bytes), to: target, options: options(), after: 3_000_000
        ) { origin.server.fallAsleep() }
        await cancel(task, "tus while the server hangs")
        // It hangs still, so the end did not wait for it.
        let record = try #require(try await uploader.pending().first)
        #expect(record.isDiscarded)
        #expect(try await uploader.pending().count == 1)
        // The next upload finds a server that answers, and what it finds left there is removed.
        origin.server.wakeUp()
        let other = pattern(10_007)
        _ = try await uploader.upload(try folder.file(other, named: "other"), to: target)
        try origin.expectOnly(other)
        #expect(try await uploader.pending().isEmpty)
    }

    @Test func s3IsAborted() async throws {
        let bucket = try await Bucket()
        let proxy = try await RealProxy(.nginx, before: bucket.server.port)
        let uploader = try await makeUploader(folder)
        let target = UploadTarget(try proxy.url("/bkt/a.bin", port: 3), .s3, s3: bucket.settings)
        let task = await begin(
            uploader, try folder.file(bytes), to: target, options: options(), after: 6_000_000)
        #expect(try await bucket.unfinished() == ["a.bin"])
        await cancel(task, "S3")
        #expect(try await bucket.unfinished().isEmpty)
        #expect(try await bucket.object("a.bin") == nil)
        #expect(try await uploader.pending().isEmpty)
    }

    @Test("An S3 upload of which only the asking was recorded is found and aborted")
    func s3InItsBeginning() async throws {
        let bucket = try await Bucket()
        let uploader = try await makeUploader(folder)
        let file = try folder.file(bytes)
        let target = UploadTarget(try HTTPURL(bucket.server.url("/bkt/a.bin")), .s3, s3: bucket.settings)
        // As it is when the response to the first request was not waited for.
        let store = try await folder.uploadStore()
        let now = Int(Date().timeIntervalSince1970)
        var record = UploadRecord(
            key: UploadRecord.key(path: file, target: target.url.text, uploadProtocol: .s3), path: file.string,
            fingerprint: "f",
            bytes: bytes.count, target: "", uploadProtocol: .s3, created: now)
        record.creating = now
        record.isDiscarded = true
        try await store.save(record)
        _ = try await plainClient().send(bucket.signed("POST", "/bkt/a.bin?uploads"))
        #expect(try await bucket.unfinished() == ["a.bin"])
        let pending = try #require(try await uploader.pending().first)
        #expect(try await uploader.removeDiscarded(pending, target: target))
        #expect(try await bucket.unfinished().isEmpty)
    }

    @Test func hundredsOfCancelledUploadsLeaveNothing() async throws {
        let origin = try await TusOrigin()
        let proxy = try await RealProxy(.nginx, before: origin.server.port)
        let uploader = try await makeUploader(folder)
        let target = UploadTarget(try proxy.url("/files", port: 3), .tus)
        let small = pattern(700_001)
        var random = SeededGenerator(seed: 7)
        var finished = 0
        for round in 0..<200 {
            let file = try folder.file(small, named: "file\(round % 4)")
            var options = UploadOptions()
            options.chunkSize = 64 << 10
            // However late the server's answers come, with the machine busy as it is.
            options.creationGrace = .seconds(60)
            let chosen = options
            let task = Task { try await uploader.upload(file, to: target, options: chosen) }
            try await Task.sleep(for: .microseconds(Int.random(in: 0...40_000, using: &random)))
            task.cancel()
            do {
                _ = try await task.value
                finished += 1
            } catch is CancellationError {
                continue
            }
        }
        // What could not be removed in time is recorded.
        for record in try await uploader.pending() { _ = try await uploader.removeDiscarded(record, target: target) }
        #expect(try await uploader.pending().isEmpty)
        let left = try origin.stored()
        print("cancel: 200 uploads, \(finished) had finished, \(left.count) objects")
        #expect(left.count == finished)
        #expect(left.allSatisfy { $0 == small })
    }
}
