// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugTestSupport
import Testing

@testable import SnugUpload

/// S3 through nginx: signatures cover the host, and parts have a smallest size.
@Suite(.serialized) struct S3ProxyTests {
    private let folder: ScratchFolder
    private let bytes = pattern(20_000_003)
    init() throws { folder = try ScratchFolder() }

    private func target(_ proxy: RealProxy, _ bucket: Bucket, port: Int) throws -> UploadTarget {
        UploadTarget(try proxy.url("/bkt/a.bin", port: port), .s3, s3: bucket.settings)
    }

    private func expectStored(_ bucket: Bucket) async throws {
        let stored = try await bucket.object("a.bin")
        #expect(stored == bytes)
        #expect(try await bucket.unfinished().isEmpty)
    }

    @Test func partsPassThrough() async throws {
        let bucket = try await Bucket()
        let proxy = try await RealProxy(.nginx, before: bucket.server.port)
        let target = try target(proxy, bucket, port: 3)
        let receipt = try await makeUploader(folder).upload(try folder.file(bytes), to: target)
        #expect(receipt.retries == 0 && receipt.confirmation == .checksum)
        #expect(try await fetch(try #require(receipt.presignedURL)) == bytes)
        try await expectStored(bucket)
    }

    @Test func partsShrinkToWhatAProxyTakesAndStaySmall() async throws {
        let bucket = try await Bucket()
        let proxy = try await RealProxy(.nginx, before: bucket.server.port)
        let uploader = try await makeUploader(folder, continueTimeout: .seconds(60))
        let file = try folder.file(bytes)
        var options = UploadOptions()
        options.chunkSize = 8 << 20
        options.parallelism = 2
        let receipt = try await uploader.upload(file, to: target(proxy, bucket, port: 10), options: options)
        #expect(receipt.confirmation == .checksum)
        let refusals = try await proxy.settledCount(413)
        #expect((1...2).contains(refusals))
        try await expectStored(bucket)
        _ = try await uploader.upload(file, to: target(proxy, bucket, port: 10), options: options)
        #expect(try await proxy.settledCount(413) == refusals)
        try await expectStored(bucket)
    }

    @Test func aLimitBelowTheSmallestPartIsAFindingThatLeavesNothing() async throws {
        let bucket = try await Bucket()
        let proxy = try await RealProxy(.nginx, before: bucket.server.port)
        let uploader = try await makeUploader(folder, continueTimeout: .seconds(60))
        let file = try folder.file(bytes)
        let target = try target(proxy, bucket, port: 0)
        let error = await #expect(throws: UploadError.self) { try await uploader.upload(file, to: target) }
        #expect(error?.code == .tooLarge && error?.status == 413)
        #expect(try await bucket.object("a.bin") == nil)
        #expect(try await bucket.unfinished().isEmpty)
        #expect(try await uploader.pending().isEmpty)
    }

    @Test func aGatewayThatHangsCostsPartsAndNoByte() async throws {
        let bucket = try await Bucket()
        let proxy = try await RealProxy(.nginx, before: bucket.server.port)
        var options = UploadOptions()
        options.bandwidthLimiter = BandwidthLimiter(bytesPerSecond: 8_000_000)
        let task = try await begin(
            try await makeUploader(folder, waits: true), try folder.file(bytes), to: target(proxy, bucket, port: 5),
            options: options, after: 3_000_000
        ) { bucket.server.fallAsleep() }
        try await proxy.waitFor(504)
        bucket.server.wakeUp()
        #expect(try await task.value.retries > 0)
        try await expectStored(bucket)
    }
}
