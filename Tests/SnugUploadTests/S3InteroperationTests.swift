// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import SnugHTTP
import SnugLedger
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugUpload

@Suite(.serialized) struct S3InteroperationTests {
    private let folder: ScratchFolder
    private let bytes = pattern(23_456_789)
    init() throws { folder = try ScratchFolder() }

    private func settings(secret: String = "testtest") -> S3Settings { Bucket.settings(secret: secret) }

    @Test func seaweedFSStoresPartsInParallelAndChecksSignatures() async throws {
        let bucket = try await Bucket()
        let server = bucket.server
        let uploader = try await makeUploader(folder)
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
        #expect(try await uploader.pending().isEmpty)
    }

    @Test func anUploadResumesWithTheMissingPartsAndLeavesNothingBehind() async throws {
        let bucket = try await Bucket()
        let server = bucket.server
        let uploader = try await makeUploader(folder)
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
        #expect(try await uploader.verify(receipt).verification == .sameContent)
        var forged = receipt
        forged.sha256 = String(repeating: "0", count: 64)
        #expect(try await uploader.verify(forged).verification == .different)
    }

    @Test func cancellingAbortsAtTheServer() async throws {
        let bucket = try await Bucket()
        let server = bucket.server
        let uploader = try await makeUploader(folder)
        let file = try folder.file(bytes)
        let target = UploadTarget(try HTTPURL(server.url("/bkt/k.bin")), .s3, s3: settings())
        var options = UploadOptions()
        options.bandwidthLimiter = BandwidthLimiter(bytesPerSecond: 10_000_000)
        await uploadAndCancel(uploader, file, to: target, options: options, after: 6 << 20)
        #expect(try await bucket.unfinished().count == 0)
        #expect(try await uploader.pending().isEmpty)
    }

    @Test func anUploadWhoseNameWasLostIsTakenOver() async throws {
        let bucket = try await Bucket()
        let server = bucket.server
        let file = try folder.file(bytes)
        let target = UploadTarget(try HTTPURL(server.url("/bkt/k.bin")), .s3, s3: settings())
        let store = try await folder.uploadStore()
        let source = try UploadSource(file)
        let now = Int(Date().timeIntervalSince1970)
        // As it is after a kill between the server's answer and its record.
        var record = UploadRecord(
            key: UploadRecord.key(path: file, target: target.url.text, uploadProtocol: .s3), path: file.string,
            fingerprint: source.fingerprint, bytes: bytes.count, target: "", uploadProtocol: .s3, created: now)
        record.creating = now
        try await store.save(record)
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
