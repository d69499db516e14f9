// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct OrientationTests {
    @Test("Each of the eight is read, in either byte order, from JPEG and PNG", arguments: 1...8)
    func reads(value: Int) throws {
        var block = TIFFBuilder([.init(0x010F, value: 1), .orientation(value)])
        for isLittleEndian in [false, true] {
            block.isLittleEndian = isLittleEndian
            #expect(
                try probe(JPEGBuilder(segments: [JPEGBuilder.exif(block.bytes)]).bytes).orientation.rawValue == value)
            let chunk = PNGBuilder.chunk("eXIf", block.bytes)
            #expect(try probe(PNGBuilder(chunks: [chunk]).bytes).orientation.rawValue == value)
        }
    }

    struct Odd: CustomTestStringConvertible, Sendable {
        var name: String
        var block: TIFFBuilder
        var testDescription: String { name }
    }

    static let odd: [Odd] = {
        var outside = TIFFBuilder([.orientation(6)])
        outside.directoryOffset = 0x7FFF_FFF0
        var loop = TIFFBuilder([.init(0x8769, type: 4, value: 8)])
        loop.nextDirectory = 8
        var claims = TIFFBuilder([])
        claims.claimedCount = 65_535
        return [
            Odd(name: "0", block: TIFFBuilder([.orientation(0)])),
            Odd(name: "9", block: TIFFBuilder([.orientation(9)])),
            Odd(name: "65535", block: TIFFBuilder([.orientation(65_535)])),
            Odd(name: "LONG", block: TIFFBuilder([.init(0x0112, type: 4, value: 6)])),
            Odd(name: "two values", block: TIFFBuilder([.init(0x0112, count: 2, value: 6)])),
            Odd(name: "said twice", block: TIFFBuilder([.orientation(6), .orientation(3)])),
            Odd(name: "directory outside", block: outside),
            Odd(name: "directories in a loop", block: loop),
            Odd(name: "65,535 entries, none there", block: claims),
        ]
    }()

    @Test("What nobody can rely on is upright", arguments: odd)
    func oddIsUpright(odd: Odd) throws {
        #expect(try probe(JPEGBuilder(segments: [JPEGBuilder.exif(odd.block.bytes)]).bytes).orientation == .upright)
        #expect(
            try probe(PNGBuilder(chunks: [PNGBuilder.chunk("eXIf", odd.block.bytes)]).bytes).orientation == .upright)
    }

    @Test("A wrong value is warned of")
    func warns() throws {
        let segment = JPEGBuilder.exif(TIFFBuilder([.orientation(9)]).bytes)
        #expect(try probe(JPEGBuilder(segments: [segment]).bytes).warnings.contains { $0.contains("orientation 9") })
    }

    @Test("XMP says it where EXIF does not, as attribute or element, and never against EXIF")
    func xmp() throws {
        for packet in ["<a tiff:Orientation=\"6\"/>", "<tiff:Orientation> 6 </tiff:Orientation>"] {
            #expect(try probe(JPEGBuilder(segments: [JPEGBuilder.xmp(packet)]).bytes).orientation == .rotated90)
            #expect(try probe(PNGBuilder(chunks: [PNGBuilder.xmp(packet)]).bytes).orientation == .rotated90)
            let exif = JPEGBuilder.exif(TIFFBuilder([.orientation(3)]).bytes)
            let both = JPEGBuilder(segments: [JPEGBuilder.xmp(packet), exif])
            #expect(try probe(both.bytes).orientation == .rotated180)
        }
        #expect(
            try probe(JPEGBuilder(segments: [JPEGBuilder.xmp("tiff:Orientation=\"60\"")]).bytes).orientation == .upright
        )
    }

    @Test("Of several EXIF segments the first that can be read counts, wherever it stands")
    func severalSegments() throws {
        let segments = [
            JPEGBuilder.exif([1, 2, 3]), JPEGBuilder.segment(0xFE, [1]),
            JPEGBuilder.exif(TIFFBuilder([.orientation(8)]).bytes),
            JPEGBuilder.jfif, JPEGBuilder.exif(TIFFBuilder([.orientation(3)]).bytes),
        ]
        #expect(try probe(JPEGBuilder(segments: segments).bytes).orientation == .rotated270)
    }

    @Test("A PNG may give it behind the image data")
    func late() throws {
        var builder = PNGBuilder()
        builder.lateChunks = [PNGBuilder.chunk("eXIf", TIFFBuilder([.orientation(5)]).bytes)]
        #expect(try probe(builder.bytes).orientation == .transposed)
    }

    @Test("Metadata that is carried along says upright and has no thumbnail")
    func carried() throws {
        var second = TIFFBuilder([.init(0x0201, type: 4, value: 56), .init(0x0202, type: 4, value: 4)])
        second.directoryOffset = 0
        var block = TIFFBuilder([.orientation(6)])
        block.nextDirectory = 26
        block.trailer = second.directory + [0xAA, 0xBB, 0xCC, 0xDD]
        let file = JPEGBuilder(segments: [
            JPEGBuilder.exif(block.bytes), JPEGBuilder.xmp("<a tiff:Orientation=\"6\"/>"),
        ]).bytes
        let source = ImageSource(bytes: file)
        let metadata = try ImageProbe.embeddedMetadata(of: source, header: probe(file))
        #expect(metadata.exif == block.bytes)
        let upright = metadata.upright()
        let exif = try #require(upright.exif)
        #expect(EXIFBlock(exif)?.orientation == .valid(.upright))
        #expect(exif.count == block.bytes.count - 4)
        #expect(upright.xmp == Array("<a tiff:Orientation=\"1\"/>".utf8))
    }

    @Test("PNG metadata comes as bare payloads too")
    func pngPayloads() throws {
        let block = TIFFBuilder([.orientation(2)]).bytes
        let file = PNGBuilder(chunks: [PNGBuilder.chunk("eXIf", block), PNGBuilder.xmp("<x/>")]).bytes
        let metadata = try ImageProbe.embeddedMetadata(of: ImageSource(bytes: file), header: probe(file))
        #expect(metadata == EmbeddedMetadata(exif: block, xmp: Array("<x/>".utf8)))
    }
}
