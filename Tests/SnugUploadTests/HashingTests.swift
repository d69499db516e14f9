// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSystem
import SnugTestSupport
import Synchronization
import Testing

@testable import SnugUpload

@Suite struct HashingTests {
    private let folder: ScratchFolder
    private let bytes = pattern(1_000_003)
    private let source: UploadSource

    init() throws {
        folder = try ScratchFolder()
        source = try UploadSource(folder.file(bytes))
    }

    @Test(
        "Pieces are hashed as they lie in the file",
        arguments: [0..<1_000_003, 131_071..<393_217, 5..<5, 999_999..<1_000_003])
    func pieces(range: Range<Int>) async throws {
        let piece = bytes[range]
        let all = try await source.digests(range, and: [.md5, .crc64])
        #expect(all.sha256 == MessageDigest.sha256(piece))
        #expect(all.md5 == MessageDigest.md5(piece))
        var crc = CRC64()
        unsafe Array(piece).withUnsafeBytes { unsafe crc.update($0) }
        #expect(all.crc64 == crc.value)
        let one = try await source.digests(range, and: .crc64)
        #expect(one.sha256 == all.sha256 && one.md5 == nil && one.crc64 == all.crc64)
        #expect(try await source.sha256(range) == all.sha256)
        #expect(try await source.sha1(range) == MessageDigest.sha1(piece))
    }

    @Test("The hash of the whole reads no further than it may, and all of it in the end")
    func paced() async throws {
        let asked = Mutex<[Int]>([])
        let hash = try await source.wholeSHA256 { end in
            asked.withLock { asked in
                asked.append(end)
                // Every second question is answered with no.
                return asked.count.isMultiple(of: 2)
            }
        }
        #expect(hash == MessageDigest.sha256(bytes).hexadecimal)
        let ends = asked.withLock { $0 }
        #expect(ends.last == bytes.count)
        // Asked again for the same place until it is allowed.
        #expect(stride(from: 0, to: ends.count, by: 2).allSatisfy { ends[$0] == ends[$0 + 1] })
    }

    @Test func aCancelledHashEnds() async throws {
        let isAsked = AsyncStream<Void>.makeStream()
        let task = Task { [source] in
            try await source.wholeSHA256 { _ in
                isAsked.continuation.yield()
                return false
            }
        }
        var questions = isAsked.stream.makeAsyncIterator()
        await questions.next()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func aFileThatBecameShorterIsNoticed() async throws {
        try folder.truncate("file.bin", to: 500_000)
        let error = await #expect(throws: UploadError.self) { try await source.digests(0..<1_000_003, and: []) }
        #expect(error?.code == .sourceChanged)
    }
}
