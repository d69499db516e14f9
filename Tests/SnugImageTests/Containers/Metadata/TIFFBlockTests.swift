// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct TIFFBlockTests {
    @Test("Entries are read in either byte order", arguments: [true, false])
    func entries(isLittleEndian: Bool) throws {
        var builder = TIFFBuilder([
            .init(0x0112, value: 6), .init(0x8769, type: 4, value: 0x0102_0304),
            .init(0x0100, type: 3, count: 2, value: 9),
        ])
        builder.isLittleEndian = isLittleEndian
        let block = try #require(TIFFBlock(builder.bytes))
        #expect(block.firstDirectory == 8)
        let entries = block.entries(at: block.firstDirectory)
        #expect(entries.map(\.tag) == [0x0112, 0x8769, 0x0100])
        #expect(entries.map(\.type) == [3, 4, 3] && entries.map(\.count) == [1, 1, 2])
        #expect(entries.map(\.offset) == [10, 22, 34])
        #expect(entries.map { TIFFBlock.number($0, in: block.view) } == [6, 0x0102_0304, nil])
    }

    @Test("Only single SHORTs, LONGs and IFDs are numbers", arguments: 0...13)
    func types(type: Int) throws {
        let block = try #require(TIFFBlock(TIFFBuilder([.init(1, type: type, value: 7)]).bytes))
        let entry = try #require(block.entries(at: 8).first)
        #expect((TIFFBlock.number(entry, in: block.view) != nil) == [3, 4, 13].contains(type))
    }

    @Test(
        "Other beginnings are no block",
        arguments: [
            [], [0x49], Array("II".utf8), Array("II*".utf8), Array("II*\0".utf8), Array("II*\0\u{8}\0\0".utf8),
            Array("MM*\0\0\0\0\u{8}".utf8), Array("II\0*\u{8}\0\0\0".utf8), Array("IM*\0\u{8}\0\0\0".utf8),
            Array("MM\0+\0\0\0\u{8}".utf8),
        ] as [[UInt8]])
    func none(bytes: [UInt8]) { #expect(TIFFBlock(bytes) == nil) }

    @Test("A directory that claims more entries than it has gives those that are there")
    func claimed() throws {
        var builder = TIFFBuilder([.init(1, value: 1), .init(2, value: 2)])
        builder.claimedCount = 65_535
        let block = try #require(TIFFBlock(builder.bytes))
        #expect(block.entries(at: 8).map(\.tag) == [1, 2])
    }

    @Test("At most a thousand entries are read")
    func many() throws {
        let builder = TIFFBuilder((0..<1200).map { .init($0, value: 0) })
        let block = try #require(TIFFBlock(builder.bytes))
        #expect(block.entries(at: 8).count == 1000 && TIFFBlock.maximumEntries == 1000)
    }

    @Test("Offsets outside, negative ones and their own give nothing", arguments: [-1, -1000, 9_999, Int.max, Int.min])
    func outside(offset: Int) throws {
        let block = try #require(TIFFBlock(TIFFBuilder([.init(1, value: 1)]).bytes))
        #expect(block.entries(at: offset).isEmpty)
        #expect(block.nextDirectoryField(of: offset) == nil)
    }

    @Test("The link to the next directory follows the last entry", arguments: 0...5)
    func link(count: Int) throws {
        var builder = TIFFBuilder((0..<count).map { .init($0, value: $0) })
        builder.nextDirectory = 0x0A0B_0C0D
        let block = try #require(TIFFBlock(builder.bytes))
        let field = try #require(block.nextDirectoryField(of: 8))
        #expect(field == 10 + 12 * count && block.view.u32(at: field) == 0x0A0B_0C0D)
    }

    @Test("An entry cut in its value is not there", arguments: 0..<12)
    func cut(left: Int) throws {
        let whole = TIFFBuilder([.init(1, value: 1), .init(2, value: 2)]).bytes
        let bytes = Array(whole.prefix(10 + 12 + left))
        let block = try #require(TIFFBlock(bytes))
        #expect(block.entries(at: 8).map(\.tag) == [1])
    }

    @Test("A directory may lie in bytes that are no block")
    func bare() {
        let builder = TIFFBuilder([.init(256, value: 640), .init(257, type: 4, value: 480)])
        let view = ByteView(builder.directory)
        let entries = TIFFBlock.entries(in: view, at: 0)
        #expect(entries.map { TIFFBlock.number($0, in: view) } == [640, 480])
    }
}
