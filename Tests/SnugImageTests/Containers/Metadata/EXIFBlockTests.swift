// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct EXIFBlockTests {
    @Test("The minimal block says its orientation and nothing else", arguments: Orientation.allCases)
    func minimal(orientation: Orientation) throws {
        let bytes = EXIFBlock.minimal(orientation)
        #expect(bytes.count == 26)
        let block = try #require(EXIFBlock(bytes))
        #expect(block.orientation == .valid(orientation) && !block.declaresSRGB)
    }

    @Test("Resetting sets the orientation to upright in either byte order", arguments: [true, false])
    func upright(isLittleEndian: Bool) throws {
        var builder = TIFFBuilder([.orientation(6)])
        builder.isLittleEndian = isLittleEndian
        let block = try #require(EXIFBlock(builder.bytes))
        #expect(block.orientation == .valid(.rotated90))
        let reset = try #require(EXIFBlock(block.uprightWithoutThumbnail()))
        #expect(reset.orientation == .valid(.upright))
        #expect(block.uprightWithoutThumbnail().count == builder.bytes.count)
    }

    @Test("A block cut anywhere is read as far as it goes, and never traps")
    func truncation() {
        let bytes = TIFFBuilder([.orientation(3), .orientation(4)]).bytes
        for count in 0...bytes.count {
            let block = EXIFBlock(Array(bytes.prefix(count)))
            _ = block?.orientation
            _ = block?.declaresSRGB
            _ = block?.uprightWithoutThumbnail()
        }
    }

    @Test(
        "Other bytes are no block", arguments: [[], [0x4D, 0x4D], Array("II+\0abcd".utf8), Array("hello world".utf8)])
    func none(bytes: [UInt8]) {
        #expect(EXIFBlock(bytes) == nil)
    }

    @Test("Random damage never traps", arguments: UInt64(0)..<50)
    func damage(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var bytes = TIFFBuilder([.orientation(3)]).bytes
        for _ in 0..<4 {
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        let block = EXIFBlock(bytes)
        _ = block?.orientation
        #expect((block?.uprightWithoutThumbnail().count ?? 0) <= bytes.count)
    }
}
