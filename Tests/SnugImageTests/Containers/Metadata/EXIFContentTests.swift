// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// EXIF by table: orientation, colour space, and blocks that are mended for an output.
@Suite struct EXIFContentTests {
    private func block(_ builder: TIFFBuilder) throws -> EXIFBlock { try #require(EXIFBlock(builder.bytes)) }

    /// A block whose EXIF directory, behind the first, has these entries.
    private func exifDirectory(_ entries: [TIFFBuilder.Entry], isLittleEndian: Bool) -> TIFFBuilder {
        var inner = TIFFBuilder(entries)
        inner.isLittleEndian = isLittleEndian
        var builder = TIFFBuilder([.init(0x8769, type: 4, value: 26)])
        builder.isLittleEndian = isLittleEndian
        builder.trailer = inner.directory
        return builder
    }

    @Test("All eight orientations are read", arguments: Orientation.allCases, [true, false])
    func orientations(orientation: Orientation, isLittleEndian: Bool) throws {
        var builder = TIFFBuilder([.init(0x010F, value: 3), .orientation(orientation.rawValue)])
        builder.isLittleEndian = isLittleEndian
        #expect(try block(builder).orientation == .valid(orientation))
    }

    @Test(
        "An orientation that nobody can rely on is invalid, with the reason",
        arguments: [
            ([.orientation(0)], "orientation 0,"), ([.orientation(9)], "orientation 9,"),
            ([.orientation(65_535)], "orientation 65535,"),
            ([.init(0x0112, type: 4, value: 6)], "wrong type or count"),
            ([.init(0x0112, type: 1, value: 6)], "wrong type or count"),
            ([.init(0x0112, count: 2, value: 6)], "wrong type or count"),
            ([.init(0x0112, count: 0, value: 6)], "wrong type or count"),
            ([.orientation(3), .orientation(3)], "2 times"),
            ([.orientation(3), .orientation(6), .orientation(1)], "3 times"),
        ] as [([TIFFBuilder.Entry], String)])
    func invalid(entries: [TIFFBuilder.Entry], reason: String) throws {
        guard case .invalid(let text) = try block(TIFFBuilder(entries)).orientation else {
            Issue.record("accepted")
            return
        }
        #expect(text.contains(reason))
    }

    @Test("Without the tag it is absent, and the EXIF directory's own tag does not count")
    func absent() throws {
        #expect(try block(TIFFBuilder([])).orientation == .absent)
        #expect(try block(exifDirectory([.orientation(6)], isLittleEndian: false)).orientation == .absent)
    }

    @Test(
        "sRGB is declared by value 1 in the EXIF directory alone",
        arguments: [(1, true), (2, false), (0xFFFF, false), (0, false)], [true, false])
    func sRGB(value: (Int, Bool), isLittleEndian: Bool) throws {
        let builder = exifDirectory([.init(0xA001, value: value.0)], isLittleEndian: isLittleEndian)
        #expect(try block(builder).declaresSRGB == value.1)
        #expect(try !block(TIFFBuilder([.init(0xA001, value: 1)])).declaresSRGB, "in the first directory")
    }

    @Test("A pointer that leads nowhere declares nothing", arguments: [0, 1, 25, 1000, 0xFFFF_FFFF])
    func nowhere(offset: Int) throws {
        #expect(try !block(TIFFBuilder([.init(0x8769, type: 4, value: offset)])).declaresSRGB)
    }

    /// A block with a thumbnail's directory and bytes behind it.
    private func thumbnail(
        _ bytes: [UInt8], isLittleEndian: Bool, trailing: [UInt8] = []
    ) -> TIFFBuilder {
        // Header 8, directory 2 + 12 + 4: the second directory begins at 26 and is 2 + 24 + 4 long.
        var second = TIFFBuilder([
            .init(0x0201, type: 4, value: 56), .init(0x0202, type: 4, value: bytes.count),
        ])
        second.isLittleEndian = isLittleEndian
        var builder = TIFFBuilder([.orientation(6)])
        builder.isLittleEndian = isLittleEndian
        builder.nextDirectory = 26
        builder.trailer = second.directory + bytes + trailing
        return builder
    }

    @Test("A thumbnail at the end goes with its bytes", arguments: [true, false], [1, 40, 3_000])
    func thumbnailAtEnd(isLittleEndian: Bool, count: Int) throws {
        let builder = thumbnail([UInt8](repeating: 0xAB, count: count), isLittleEndian: isLittleEndian)
        let mended = try block(builder).uprightWithoutThumbnail()
        #expect(mended.count == builder.bytes.count - count)
        #expect(!mended.contains(0xAB))
        let after = try #require(TIFFBlock(mended))
        let link = try #require(after.nextDirectoryField(of: 8))
        #expect(after.view.u32(at: link) == 0)
        #expect(EXIFBlock(mended)?.orientation == .valid(.upright))
    }

    @Test("A thumbnail in the middle is unlinked, and what follows stays")
    func thumbnailInside() throws {
        let builder = thumbnail([UInt8](repeating: 0xAB, count: 20), isLittleEndian: false, trailing: [1, 2, 3])
        let mended = try block(builder).uprightWithoutThumbnail()
        #expect(mended.count == builder.bytes.count && mended.suffix(3) == [1, 2, 3])
        let after = try #require(TIFFBlock(mended))
        #expect(after.view.u32(at: 22) == 0)
    }

    @Test("A thumbnail that claims the header's place is not cut off", arguments: [0, 8, 22, 25])
    func thumbnailOverHeader(start: Int) throws {
        var second = TIFFBuilder([.init(0x0201, type: 4, value: start), .init(0x0202, type: 4, value: 56 - start)])
        second.directoryOffset = 0
        var builder = TIFFBuilder([.orientation(6)])
        builder.nextDirectory = 26
        builder.trailer = second.directory
        let mended = try block(builder).uprightWithoutThumbnail()
        #expect(mended.count == builder.bytes.count)
    }

    @Test("Bytes that have nothing to do with the orientation are left as they are")
    func unchanged() throws {
        var builder = TIFFBuilder([.init(0x010F, type: 2, count: 4, value: 0x4142_4344), .orientation(8)])
        builder.trailer = Array("maker".utf8)
        var expected = builder
        expected.entries[1] = .orientation(1)
        #expect(try block(builder).uprightWithoutThumbnail() == expected.bytes)
    }

    @Test("The smallest block is what a TIFF writer makes of the orientation", arguments: Orientation.allCases)
    func minimal(orientation: Orientation) {
        #expect(EXIFBlock.minimal(orientation) == TIFFBuilder([.orientation(orientation.rawValue)]).bytes)
    }

    @Test("Metadata for turned pixels: EXIF that cannot be read is left out, XMP is mended")
    func embedded() throws {
        let metadata = EmbeddedMetadata(
            exif: Array("no TIFF".utf8), xmp: Array("<a tiff:Orientation=\"8\"/>".utf8))
        let upright = metadata.upright()
        #expect(upright.exif == nil && upright.xmp == Array("<a tiff:Orientation=\"1\"/>".utf8))
        #expect(EmbeddedMetadata().upright() == EmbeddedMetadata())
        let readable = EmbeddedMetadata(exif: EXIFBlock.minimal(.rotated90)).upright()
        #expect(readable.exif == EXIFBlock.minimal(.upright))
    }
}
