// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugTestSupport
import Testing

@testable import SnugUpload

@Suite struct CRC64Tests {
    private func crc(_ bytes: some Sequence<UInt8>) -> UInt64 {
        var crc = CRC64()
        unsafe Array(bytes).withUnsafeBytes { unsafe crc.update($0) }
        return crc.value
    }

    /// The definition, a bit at a time.
    private func slow(_ bytes: some Sequence<UInt8>) -> UInt64 {
        var remainder = UInt64.max
        for byte in bytes {
            remainder ^= UInt64(byte)
            for _ in 0..<8 { remainder = remainder >> 1 ^ (remainder & 1 == 1 ? 0x9a6c_9329_ac4b_c9b5 : 0) }
        }
        return ~remainder
    }

    @Test func theValueIsTheOneOfTheCatalogue() {
        #expect(crc("123456789".utf8) == 0xae8b_1486_0a79_9888)
        #expect(crc([]) == 0)
        // As SeaweedFS has it for the same bytes.
        #expect(CRC64.text(0x8c44_f6b9_76af_c7c6) == "jET2uXavx8Y=")
    }

    @Test("Any length and any pieces come to the same", arguments: [0, 1, 7, 8, 9, 63, 64, 1000, 65_543])
    func lengthsAndPieces(length: Int) {
        let bytes = pattern(length)
        let whole = slow(bytes)
        #expect(crc(bytes) == whole)
        for cut in Set([0, length / 3, length - min(1, length), length]) {
            var pieces = CRC64()
            unsafe bytes[..<cut].withUnsafeBytes { unsafe pieces.update($0) }
            unsafe bytes[cut...].withUnsafeBytes { unsafe pieces.update($0) }
            #expect(pieces.value == whole)
            #expect(CRC64.joined(crc(bytes[..<cut]), crc(bytes[cut...]), secondLength: length - cut) == whole)
        }
    }

    @Test func theWholesIsThatOfItsParts() {
        let bytes = pattern(12_000_001)
        var parts = S3Parts(length: bytes.count, wanted: 5 << 20)
        for number in 1...parts.count {
            #expect(parts.wholeCRC64 == nil)
            parts.finish(number, .init(etag: "e", md5: [], crc64: crc(bytes[parts.range(number)])))
        }
        #expect(parts.wholeCRC64 == crc(bytes))
        #expect(parts.completion.contains("</ETag><ChecksumCRC64NVME>"))
    }
}

@Suite struct S3ChecksumTests {
    private let folder: ScratchFolder
    private let bytes = pattern(6_000_000)
    init() throws { folder = try ScratchFolder() }

    private func upload(to server: FakeS3Server) async throws -> UploadReceipt {
        try await makeUploader(folder).upload(
            try folder.file(bytes), to: UploadTarget(try HTTPURL(server.url), .s3, s3: Bucket.settings()))
    }

    @Test("What is encrypted with a key service's key is confirmed by its checksum")
    func encrypted() async throws {
        let server = try FakeS3Server(.takes)
        let receipt = try await upload(to: server)
        #expect(server.object == bytes && server.checksum != nil)
        #expect(receipt.confirmation == .checksum && receipt.retries == 0)
    }

    @Test(
        "Who does not know of such checksums, or will not tell, gets by with the length",
        arguments: [
            FakeS3Server.Manner.ignores, .hides,
        ])
    func without(manner: FakeS3Server.Manner) async throws {
        let server = try FakeS3Server(manner)
        let receipt = try await upload(to: server)
        #expect(server.object == bytes && (server.checksum == nil) == (manner == .ignores))
        #expect(receipt.confirmation == .length && receipt.retries == 0)
    }

    @Test(
        "Who refuses such checksums gets the object without one",
        arguments: [
            FakeS3Server.Manner.refusesAtBegin(400), .refusesAtBegin(501), .refusesAtEnd,
        ])
    func refused(manner: FakeS3Server.Manner) async throws {
        let server = try FakeS3Server(manner)
        let receipt = try await upload(to: server)
        #expect(server.object == bytes && server.checksum == nil)
        #expect(server.begun == (manner == .refusesAtEnd ? 2 : 1))
        #expect(server.aborted == (manner == .refusesAtEnd ? 1 : 0))
        #expect(receipt.confirmation == .length)
    }

    @Test("Parts carry one checksum: the one that the server promised to check, else their MD5")
    func ofParts() async throws {
        for (manner, isPromised) in [(FakeS3Server.Manner.takes, true), (.ignores, false)] {
            let server = try FakeS3Server(manner)
            _ = try await upload(to: server)
            #expect(server.partFields.count == 2)
            for fields in server.partFields {
                #expect((fields["x-amz-checksum-crc64nvme"] != nil) == isPromised)
                #expect((fields["content-md5"] != nil) == !isPromised)
            }
        }
    }

    @Test("Who tells no checksum in the end is compared by the MD5 of the parts, which are hashed then")
    func byMD5() async throws {
        let server = try FakeS3Server(.tellsMD5)
        let receipt = try await upload(to: server)
        #expect(receipt.confirmation == .checksum && receipt.retries == 0)
        #expect(server.partFields.allSatisfy { $0["content-md5"] == nil })
    }

    @Test func aPartThatArrivedChangedIsSentAgain() async throws {
        let server = try FakeS3Server(.changesParts(1))
        let receipt = try await upload(to: server)
        #expect(server.object == bytes && server.partFields.count == 3)
        #expect(receipt.confirmation == .checksum && receipt.retries == 1)
    }

    @Test func aServerThatChangesEveryPartIsGivenUp() async throws {
        let server = try FakeS3Server(.changesParts(.max))
        let error = await #expect(throws: UploadError.self) { try await upload(to: server) }
        #expect(error?.code == .checksumMismatch)
    }

    @Test func anotherObjectIsNoticed() async throws {
        let server = try FakeS3Server(.keepsAnother)
        let error = await #expect(throws: UploadError.self) { try await upload(to: server) }
        #expect(error?.code == .verificationFailed)
    }
}
