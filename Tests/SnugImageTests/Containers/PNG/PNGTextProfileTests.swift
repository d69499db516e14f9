// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// EXIF as hexadecimal digits in PNG text, as ImageMagick writes it.
@Suite struct PNGTextProfileTests {
    private static let block = EXIFDraft.camera(6).bytes
    private static let header = Array("Exif\0\0".utf8)

    /// Name, count and digits in lines of 72.
    private func text(_ bytes: [UInt8], count: Int? = nil, name: String = "exif", width: Int = 72) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        let hex = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        let lines = stride(from: 0, to: hex.count, by: width).map { Array(hex[$0..<min($0 + width, hex.count)]) }
        return Array("\n\(name)\n\(String(repeating: " ", count: 3))\(count ?? bytes.count)\n".utf8)
            + lines.joined(separator: [0x0A])
    }

    private func chunk(_ text: [UInt8]) -> [UInt8] { Array("Raw profile type exif\0".utf8) + text }

    @Test(
        "Digits give the block, with the JPEG's header or without it, plain or compressed", arguments: [71, 72, 4000])
    func read(width: Int) {
        for bytes in [Self.block, Self.header + Self.block] {
            let text = text(bytes, width: width)
            #expect(PNGTextProfile.exif(type: "tEXt", data: chunk(text)) == Self.block)
            #expect(PNGTextProfile.exif(type: "zTXt", data: chunk([0] + PNGBuilder.zlib(text))) == Self.block)
        }
    }

    @Test("Capital digits and digits behind the end make no difference")
    func tolerant() {
        let upper = text(Self.block).map { (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) ? $0 - 32 : $0 }
        let name = Array("exif".utf8)
        // The name's own letters are no digits that count.
        #expect(PNGTextProfile.exif(type: "tEXt", data: chunk([0x0A] + name + upper.dropFirst(5))) == Self.block)
        #expect(PNGTextProfile.exif(type: "tEXt", data: chunk(text(Self.block) + Array("\n0011".utf8))) == Self.block)
        #expect(
            PNGTextProfile.exif(type: "tEXt", data: chunk(text(Self.block, count: 40))) == Array(Self.block.prefix(40)))
    }

    @Test("What is cut, counts too much or is of another kind of text is nothing")
    func nothing() {
        let whole = text(Self.block)
        for data in [
            chunk(text(Self.block, count: Self.block.count + 1)), chunk(Array(whole.dropLast())), chunk([]),
            chunk(text(Self.block, count: 0)), chunk(text(Self.block, count: -1)), chunk(Array("\nexif\n12".utf8)),
            chunk(Array("\nexif\nmany\n00".utf8)), Array("Raw profile type exif".utf8), [],
        ] {
            #expect(PNGTextProfile.exif(type: "tEXt", data: data) == nil)
        }
        #expect(PNGTextProfile.exif(type: "iTXt", data: chunk(whole)) == nil)
        // Another compression method, and a stream that is none.
        #expect(PNGTextProfile.exif(type: "zTXt", data: chunk([1] + PNGBuilder.zlib(whole))) == nil)
        #expect(PNGTextProfile.exif(type: "zTXt", data: chunk([0, 1, 2, 3])) == nil)
        #expect(PNGTextProfile.exif(type: "zTXt", data: chunk([])) == nil)
        #expect(PNGTextProfile.exif(type: "zTXt", data: chunk([0])) == nil)
    }

    @Test("A compressed text that is cut gives the block only where all of its digits are there")
    func cut() {
        let stream = PNGBuilder.zlib(text(Self.block))
        // The checksum of the stream is of no account.
        for end in stride(from: 0, to: stream.count - 4, by: 13) {
            #expect(PNGTextProfile.exif(type: "zTXt", data: chunk([0] + stream[..<end])) == nil)
        }
        #expect(PNGTextProfile.exif(type: "zTXt", data: chunk([0] + stream.dropLast(4))) == Self.block)
    }
}
