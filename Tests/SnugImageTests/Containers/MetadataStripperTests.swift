// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct MetadataStripperTests {
    private func strip(_ bytes: [UInt8], _ metadata: FitPolicy.Metadata = .strip) throws -> [UInt8] {
        let source = ImageSource(bytes: bytes)
        let stripper = try MetadataStripper(source, header: probe(bytes), metadata: metadata)
        let result = try #require(try stripper.bytes(byteLimit: stripper.byteCount))
        #expect(result.count == stripper.byteCount)
        #expect(try stripper.bytes(byteLimit: stripper.byteCount - 1) == nil)
        return result
    }

    private static let icc = JPEGBuilder.icc(1, of: 1, profile(space: "RGB ", description: textDescription("p")))
    private static let exif = JPEGBuilder.exif(TIFFBuilder([.orientation(6), .init(0x8825, type: 4, value: 8)]).bytes)
    private static let xmp = JPEGBuilder.xmp("<x/>")

    private var loaded: JPEGBuilder {
        var builder = JPEGBuilder(segments: [
            JPEGBuilder.jfif, Self.exif, Self.xmp, Self.icc, JPEGBuilder.segment(0xED, [1]),
            JPEGBuilder.segment(0xE2, Array("MPF\0".utf8)), JPEGBuilder.segment(0xFE, [2]),
            JPEGBuilder.adobe(transform: 1),
        ])
        builder.trailer = [1, 2, 3]
        return builder
    }

    @Test("A JPEG keeps what makes its look: JFIF, Adobe, profile, and the orientation alone")
    func jpegStrip() throws {
        let orientation = JPEGBuilder.exif(TIFFBuilder([.orientation(6)]).bytes)
        let expected = JPEGBuilder(segments: [
            JPEGBuilder.jfif, orientation, Self.icc, JPEGBuilder.adobe(transform: 1),
        ])
        #expect(try strip(loaded.bytes) == expected.bytes)
    }

    @Test("With metadata kept, EXIF, XMP, IPTC and comments stay; the rest and what follows the image go")
    func jpegKeep() throws {
        let expected = JPEGBuilder(segments: [
            JPEGBuilder.jfif, Self.exif, Self.xmp, Self.icc, JPEGBuilder.segment(0xED, [1]),
            JPEGBuilder.segment(0xFE, [2]), JPEGBuilder.adobe(transform: 1),
        ])
        #expect(try strip(loaded.bytes, .keep) == expected.bytes)
    }

    @Test("A JFIF thumbnail goes, its header stays")
    func jfifThumbnail() throws {
        let thumbnail = JPEGBuilder.segment(0xE0, Array("JFIF\0".utf8) + [1, 1, 0, 0, 1, 0, 1, 1, 1, 9, 9, 9])
        #expect(
            try strip(JPEGBuilder(segments: [thumbnail]).bytes) == JPEGBuilder(segments: [JPEGBuilder.jfif]).bytes)
    }

    @Test("Comments between scans go too, and the scans stay as they are")
    func betweenScans() throws {
        var builder = JPEGBuilder(width: 40, height: 40)
        builder.frameMarker = 0xC2
        let bytes = builder.bytes
        let scan = try #require(bytes.indices.dropLast().last { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDA })
        let commented = bytes[..<scan] + JPEGBuilder.segment(0xFE, [1, 2, 3]) + bytes[scan...]
        #expect(try strip(Array(commented)) == bytes)
    }

    @Test("A profile that is of no use goes")
    func brokenProfile() throws {
        let missing = JPEGBuilder.icc(1, of: 2, [1, 2, 3])
        #expect(try strip(JPEGBuilder(segments: [missing]).bytes) == JPEGBuilder().bytes)
    }

    @Test("A PNG's profile stays as long as the header declares it")
    func pngProfile() throws {
        let bytes = PNGBuilder(chunks: [PNGBuilder.chunk("iCCP", Array("p\0\0".utf8) + [1])]).bytes
        #expect(try strip(bytes) == bytes)
        var header = try probe(bytes)
        header.colourSpace = .undeclared
        let stripper = try MetadataStripper(ImageSource(bytes: bytes), header: header)
        #expect(try stripper.bytes(byteLimit: .max) == PNGBuilder().bytes)
    }

    @Test("A PNG keeps colour, transparency and animation, and the orientation alone")
    func pngStrip() throws {
        let kept = [
            PNGBuilder.chunk("gAMA", [0, 0, 0xB1, 0x8F]), PNGBuilder.chunk("sBIT", [8, 8, 8]),
            PNGBuilder.chunk("pHYs", [UInt8](repeating: 1, count: 9)),
            PNGBuilder.chunk("acTL", [0, 0, 0, 1, 0, 0, 0, 0]),
        ]
        let xmp = PNGBuilder.xmp("<x/>")
        let exif = PNGBuilder.chunk("eXIf", TIFFBuilder([.orientation(3), .init(0x8825, type: 4, value: 8)]).bytes)
        var builder = PNGBuilder(chunks: kept + [xmp, exif, PNGBuilder.chunk("tEXt", [65, 0, 65])])
        builder.lateChunks = [PNGBuilder.chunk("tIME", [7, 0xE8, 1, 1, 1, 1, 1])]
        builder.trailer = [9]
        let minimal = PNGBuilder.chunk("eXIf", TIFFBuilder([.orientation(3)]).bytes)
        #expect(try strip(builder.bytes) == PNGBuilder(chunks: kept + [minimal]).bytes)
        let text = PNGBuilder.chunk("tEXt", [65, 0, 65])
        #expect(try strip(builder.bytes, .keep) == PNGBuilder(chunks: kept + [xmp, exif, text]).bytes)
    }

    @Test("Stripping twice changes nothing more", arguments: [FitPolicy.Metadata.strip, .keep])
    func idempotent(metadata: FitPolicy.Metadata) throws {
        let once = try strip(loaded.bytes, metadata)
        #expect(try strip(once, metadata) == once)
    }

    @Test("A broken file is not stripped")
    func broken() throws {
        let bytes = loaded.bytes
        let header = try probe(bytes)
        let source = ImageSource(bytes: Array(bytes.dropLast(6)))
        let error = #expect(throws: ImageError.self) { try MetadataStripper(source, header: header) }
        #expect(error?.code == .truncatedInput)
    }
}
