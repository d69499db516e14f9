// SPDX-License-Identifier: Apache-2.0
import Glibc
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

@Suite struct ContentDigestTests {
    /// Around the sizes at which the reading takes another turn.
    static let sizes = [0, 1, 4095, 12_345, (1 << 17) - 1, 1 << 17, (1 << 17) + 1, 400_000]

    @Test("The digest is that of all bytes, whatever the size", arguments: sizes)
    func allBytes(size: Int) throws {
        let folder = try TemporaryFolder()
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        let path = try folder.write(bytes, to: "file")
        let digest = try #require(try ContentDigest.of(path))
        #expect(digest.bytes == MessageDigest.sha256(bytes))
        #expect(digest.description == MessageDigest.sha256(bytes).hexadecimal)
    }

    @Test("A folder, a link and a name of nothing have none")
    func noFiles() throws {
        let folder = try TemporaryFolder()
        #expect(throws: Errno.invalidArgument) { try ContentDigest.of(folder.path) }
        #expect(throws: Errno.noSuchFileOrDirectory) { try ContentDigest.of(folder.path.appending("none")) }
        _ = try folder.write([1], to: "file")
        try unsafe folder.path.appending("link").withPlatformString { link in
            guard unsafe symlink("file", link) == 0 else { throw Errno.current }
        }
        #expect(throws: Errno.tooManySymbolicLinkLevels) { try ContentDigest.of(folder.path.appending("link")) }
    }

    @Test("A payload with nothing in it is a pair of braces, and is read as such")
    func emptyPayload() {
        #expect(JobPayload().text == "{}")
        #expect(JobPayload(text: "{}") == JobPayload() && JobPayload(text: "no JSON") == JobPayload())
        var payload = JobPayload()
        payload.isAccepted = true
        #expect(JobPayload(text: payload.text) == payload)
    }
}
