// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

/// Digests against the examples of their standards.
@Suite struct MessageDigestTests {
    @Test(
        "Digests are those of the standards' examples",
        arguments: [
            // RFC 1321, appendix A.5
            (MessageDigest.Algorithm.md5, "", "d41d8cd98f00b204e9800998ecf8427e"),
            (.md5, "message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            // FIPS 180-2, appendices A and B
            (.sha1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                .sha1, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
            ),
            (.sha256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (.sha256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                .sha256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func examples(algorithm: MessageDigest.Algorithm, text: String, expected: String) {
        var whole = MessageDigest(algorithm)
        whole.update(text.utf8)
        #expect(whole.finalize().hexadecimal == expected)
        // The same in pieces, from memory that is not contiguous.
        var pieces = MessageDigest(algorithm)
        for byte in text.utf8 { pieces.update(CollectionOfOne(byte).lazy.map { $0 }) }
        #expect(pieces.finalize().hexadecimal == expected)
    }

    @Test("A million times the letter a has the digest of FIPS 180-2, in pieces of any size")
    func long() {
        var digest = MessageDigest(.sha256)
        var left = 1_000_000
        var size = 1
        while left > 0 {
            digest.update([UInt8](repeating: 97, count: min(left, size)))
            (left, size) = (left - size, size * 3)
        }
        #expect(
            digest.finalize().hexadecimal == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test("A copy goes on by itself, and a digest can be asked for along the way")
    func copies() {
        var first = MessageDigest(.sha256)
        first.update("a".utf8)
        var second = first
        second.update("bc".utf8)
        #expect(first.finalize() == MessageDigest.sha256("a".utf8))
        #expect(second.finalize() == MessageDigest.sha256("abc".utf8))
        first.update("bc".utf8)
        #expect(first.finalize() == second.finalize())
    }

    @Test(
        "Bytes of every length around a block, in random pieces, have the digest that the system's own program finds",
        arguments: [(MessageDigest.Algorithm.md5, "md5sum"), (.sha1, "sha1sum"), (.sha256, "sha256sum")])
    func pieces(algorithm: MessageDigest.Algorithm, program: String) throws {
        let folder = try TemporaryFolder()
        var random = SeededGenerator(seed: 11)
        // The length is kept in the last 8 bytes of a block of 64: 55 and 56 differ by a block.
        let lengths = Array(0...130) + [4095, 4096, 4097, 100_000]
        var digests: [String] = []
        var arguments = ["/usr/bin/env", program, "-b"]
        for length in lengths {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            arguments.append(try folder.write(bytes, to: "\(length)").string)
            var (digest, rest) = (MessageDigest(algorithm), bytes[...])
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 0...max(1, length / 3), using: &random))
                // What is asked for along the way changes nothing.
                if Bool.random(using: &random) { _ = digest.finalize() }
                digest.update(piece)
                rest = rest.dropFirst(piece.count)
            }
            digests.append(digest.finalize().hexadecimal)
        }
        let output = folder.path.appending("output")
        #expect(try ChildProcess(arguments, output: output).wait() == 0)
        let lines = String(decoding: try folder.bytes(of: "output") ?? [], as: UTF8.self).split(separator: "\n")
        #expect(lines.map { String($0.prefix { $0 != " " }) } == digests)
    }

    @Test(
        "Keyed digests are those of RFC 4231",
        arguments: [
            (
                [UInt8](repeating: 0x0B, count: 20), Array("Hi There".utf8),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                [UInt8](repeating: 0xAA, count: 131),
                Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
        ])
    func keyed(key: [UInt8], bytes: [UInt8], expected: String) {
        #expect(MessageDigest.hmacSHA256(bytes, key: key).hexadecimal == expected)
    }

    @Test("An empty key and no bytes have a digest too")
    func empty() {
        #expect(
            MessageDigest.hmacSHA256([], key: []).hexadecimal
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }
}
