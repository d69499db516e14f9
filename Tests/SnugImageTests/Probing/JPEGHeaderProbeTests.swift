// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct JPEGHeaderProbeTests {
    @Test(
        "The coding process comes from the frame marker",
        arguments: [
            (0xC0, .baseline), (0xC1, .extended), (0xC2, .progressive), (0xC3, .lossless), (0xC5, .hierarchical),
            (0xC9, .arithmeticSequential), (0xCA, .arithmeticProgressive), (0xCB, .lossless),
        ] as [(UInt8, JPEGProcess)])
    func process(marker: UInt8, process: JPEGProcess) throws {
        var builder = JPEGBuilder()
        builder.frameMarker = marker
        #expect(try probe(builder.bytes).jpegProcess == process)
    }

    @Test(
        "Subsampling has the field's names",
        arguments: [
            (1, 1, .s444), (2, 1, .s422), (2, 2, .s420), (1, 2, .s440), (4, 1, .s411), (4, 2, .s410), (3, 1, .other),
        ] as [(Int, Int, ChromaSubsampling)])
    func subsampling(horizontal: Int, vertical: Int, name: ChromaSubsampling) throws {
        var builder = JPEGBuilder()
        builder.components[0] = .init(1, horizontal, vertical)
        #expect(try probe(builder.bytes).chromaSubsampling == name)
    }

    struct Model: Sendable {
        var identifiers: [UInt8]
        var segments: [[UInt8]]
        var model: ColourModel
    }

    @Test(
        "The colour model follows libjpeg's rules",
        arguments: [
            Model(identifiers: [1], segments: [], model: .gray),
            Model(identifiers: [1, 2, 3], segments: [], model: .ycbcr),
            Model(identifiers: [0, 1, 2], segments: [], model: .ycbcr),
            Model(identifiers: Array("RGB".utf8), segments: [], model: .rgb),
            Model(identifiers: Array("RGB".utf8), segments: [JPEGBuilder.jfif], model: .ycbcr),
            Model(identifiers: [1, 2, 3], segments: [JPEGBuilder.adobe(transform: 0)], model: .rgb),
            Model(identifiers: [1, 2, 3], segments: [JPEGBuilder.adobe(transform: 1)], model: .ycbcr),
            Model(
                identifiers: [1, 2, 3], segments: [JPEGBuilder.adobe(transform: 0), JPEGBuilder.jfif], model: .ycbcr),
            Model(identifiers: [1, 2, 3, 4], segments: [], model: .cmyk),
            Model(identifiers: [1, 2, 3, 4], segments: [JPEGBuilder.adobe(transform: 0)], model: .cmyk),
            Model(identifiers: [1, 2, 3, 4], segments: [JPEGBuilder.adobe(transform: 2)], model: .ycck),
        ])
    func colourModel(_ expected: Model) throws {
        var builder = JPEGBuilder(segments: expected.segments)
        builder.components = expected.identifiers.map { .init($0) }
        #expect(try probe(builder.bytes).colourModel == expected.model)
    }

    @Test("Two components are refused by name")
    func twoComponents() {
        var builder = JPEGBuilder()
        builder.components.removeLast()
        #expect(#expect(throws: ImageError.self) { try probe(builder.bytes) }?.code == .unsupportedFeature)
    }

    @Test("Twelve bits are reported, not refused: the refusal is the decoder's")
    func twelveBits() throws {
        var builder = JPEGBuilder()
        builder.bitsPerSample = 12
        builder.frameMarker = 0xC1
        #expect(try probe(builder.bytes).bitsPerSample == 12)
    }

    // T.81 table K.1 at quality 50 and as libjpeg scales it to 90 and 10, zigzag order.
    @Test(
        "libjpeg's own tables give their quality exactly, others the nearest",
        arguments: [(50, 50), (90, 90), (75, 75), (10, 10), (1, 1), (100, 100)])
    func quality(quality: Int, expected: Int) throws {
        let scale = quality < 50 ? 5000 / quality : 200 - 2 * quality
        var builder = JPEGBuilder()
        builder.components = [.init(1)]
        builder.quantisation = Self.standardLuma.map { UInt8(clamping: max(1, (Int($0) * scale + 50) / 100)) }
        #expect(try probe(builder.bytes).estimatedQuality == expected)
        builder.quantisation.swapAt(0, 63)
        let estimate = try #require(try probe(builder.bytes).estimatedQuality)
        #expect(abs(estimate - expected) <= 1)
    }

    @Test("Metadata is counted by kind, headers included; what decoding needs is not counted")
    func metadata() throws {
        let comment = JPEGBuilder.segment(0xFE, [1, 2, 3])
        let photoshop = JPEGBuilder.segment(0xED, Array("Photoshop 3.0\0".utf8))
        let exif = JPEGBuilder.exif(TIFFBuilder([]).bytes)
        let xmp = JPEGBuilder.xmp("<x/>")
        let private1 = JPEGBuilder.segment(0xEB, [9])
        let header = try probe(
            JPEGBuilder(segments: [
                JPEGBuilder.jfif, exif, xmp, comment, photoshop, private1, JPEGBuilder.adobe(transform: 1),
            ]).bytes)
        var expected = MetadataSizes()
        (expected.exif, expected.xmp, expected.comments) = (exif.count, xmp.count, comment.count)
        (expected.iptc, expected.other) = (photoshop.count, private1.count)
        #expect(header.metadata == expected)
    }

    @Test("A motion photo's video is announced by XMP of either age")
    func motionPhoto() throws {
        let old = JPEGBuilder.xmp("<rdf:Description GCamera:MicroVideo=\"1\" GCamera:MicroVideoOffset=\"4321\"/>")
        let new = JPEGBuilder.xmp(
            """
            <Container:Item Item:Mime="image/jpeg" Item:Semantic="Primary" Item:Length="0"/>
            <Container:Item Item:Length="77" Item:Semantic="GainMap"/>
            <Container:Item Item:Mime="video/mp4" Item:Length="4321" Item:Semantic="MotionPhoto"/>
            """)
        for xmp in [old, new] {
            #expect(try probe(JPEGBuilder(segments: [xmp]).bytes).trailer == .motionPhoto(byteCount: 4321))
        }
    }

    @Test("A multi-image file announces how many images it has")
    func multiImage() throws {
        let block = TIFFBuilder([.init(0xB000, type: 7, count: 4, value: 0), .init(0xB001, type: 4, value: 3)]).bytes
        let segment = JPEGBuilder.segment(0xE2, Array("MPF\0".utf8) + block)
        #expect(try probe(JPEGBuilder(segments: [segment]).bytes).trailer == .multiImage(count: 3))
    }

    static let standardLuma: [UInt8] = [
        16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51,
        61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103, 62, 77,
        113, 121, 112, 100, 120, 92, 101, 103, 99,
    ]
}
