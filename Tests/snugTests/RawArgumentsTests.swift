// SPDX-License-Identifier: Apache-2.0
import SnugPipeline
import SnugSystem
import SnugTestSupport
import SystemPackage
import Testing

@testable import snug

@Suite struct RawArgumentsTests {
    @Test("Any bytes come back as they were", arguments: UInt64(0)..<200)
    func roundTrip(seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
        let bytes = (0..<Int(seed % 40)).map { _ -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return max(1, UInt8(truncatingIfNeeded: state >> 33))
        }
        #expect(RawArguments.decode(RawArguments.encode(bytes)) == bytes)
    }

    @Test("UTF-8 stays readable text", arguments: ["photo.jpg", "Übung/日本.png", "-o", "👨‍👩‍👧.jpg", ""])
    func keepsText(text: String) {
        #expect(RawArguments.encode(Array(text.utf8)) == text)
    }

    @Test("A real name with a scalar of our own range is not taken for an escape")
    func escapesItsOwnRange() {
        let name = Array("a\u{10FF41}b".utf8)
        #expect(RawArguments.decode(RawArguments.encode(name)) == name)
    }

    @Test("A path holds the bytes that it was made of")
    func paths() {
        let bytes: [UInt8] = [0x61, 0xFF, 0x2F, 0x62]
        #expect(FilePath(bytes: bytes).bytes == bytes)
        #expect(FilePath(bytes: bytes).nameBytes == [0x62])
    }
}
