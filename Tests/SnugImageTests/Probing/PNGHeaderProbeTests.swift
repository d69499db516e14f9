// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct PNGHeaderProbeTests {
    private static let palette = PNGBuilder.chunk("PLTE", [0, 0, 0, 255, 255, 255])

    @Test("Every legal colour type and depth is read, every other is corrupt", arguments: UInt8(0)...7, UInt8(0)...17)
    func colourTypes(colourType: UInt8, depth: UInt8) throws {
        let legal: [UInt8: [UInt8]] = [0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]]
        let bytes =
            PNGBuilder.signature + PNGBuilder.header(width: 1, height: 1, depth: depth, colourType: colourType)
            + Self.palette + PNGBuilder.chunk("IDAT")
        if legal[colourType]?.contains(depth) == true {
            let models: [UInt8: ColourModel] = [0: .gray, 2: .rgb, 3: .palette, 4: .grayAlpha, 6: .rgba]
            let header = try probe(bytes)
            #expect(header.colourModel == models[colourType])
            #expect(header.bitsPerSample == Int(depth))
        } else {
            #expect(#expect(throws: ImageError.self) { try probe(bytes) }?.code == .corruptInput)
        }
    }

    @Test("tRNS makes gray, RGB and palette images transparent, if its length is right")
    func transparency() throws {
        func isTransparent(_ colourType: UInt8, _ data: [UInt8]) throws -> Bool {
            let chunks = (colourType == 3 ? [Self.palette] : []) + [PNGBuilder.chunk("tRNS", data)]
            return try probe(PNGBuilder(chunks: chunks, colourType: colourType).bytes).hasTransparency
        }
        #expect(try isTransparent(0, [0, 1]))
        #expect(try isTransparent(2, [0, 1, 0, 1, 0, 1]))
        #expect(try isTransparent(3, [255, 0]))
        #expect(try !isTransparent(3, [255, 255]))
        #expect(try !isTransparent(3, [0, 0, 0]))
        #expect(try !isTransparent(0, [0]))
        #expect(try !isTransparent(6, [0, 1]))
    }

    @Test("A profile wins over sRGB, sRGB over gamma")
    func colourSpace() throws {
        let gamma = PNGBuilder.chunk("gAMA", [0, 0, 0xB1, 0x8F])
        let sRGB = PNGBuilder.chunk("sRGB", [0])
        let profile = PNGBuilder.chunk("iCCP", Array("My profile\0\0".utf8) + [1, 2, 3, 4])
        #expect(try probe(PNGBuilder(chunks: [gamma]).bytes).colourSpace == .gamma(0.45455, chromaticities: nil))
        #expect(try probe(PNGBuilder(chunks: [gamma, sRGB]).bytes).colourSpace == .sRGB)
        let header = try probe(PNGBuilder(chunks: [gamma, sRGB, profile]).bytes)
        #expect(header.colourSpace == .icc(byteCount: 4))
        #expect(header.iccProfileName == "My profile")
    }

    @Test("An ancillary chunk with a wrong checksum is ignored with a warning")
    func ancillaryChecksum() throws {
        var chunk = PNGBuilder.chunk("gAMA", [0, 0, 0xB1, 0x8F])
        chunk[8] ^= 1
        let header = try probe(PNGBuilder(chunks: [chunk]).bytes)
        #expect(header.colourSpace == .undeclared)
        #expect(header.warnings.contains { $0.contains("gAMA") })
    }

    @Test("Animation and interlacing are told")
    func animation() throws {
        let header = try probe(PNGBuilder(chunks: [PNGBuilder.chunk("acTL", [0, 0, 0, 7, 0, 0, 0, 0])]).bytes)
        #expect(header.isAnimated)
        #expect(header.frameCount == 7)
        let interlaced = PNGBuilder.header(width: 1, height: 1, interlacing: 1) + PNGBuilder.chunk("IDAT")
        #expect(try probe(PNGBuilder.signature + interlaced).isInterlaced)
    }

    @Test("Metadata is counted by kind, before and behind the image data")
    func metadata() throws {
        let text = PNGBuilder.chunk("tEXt", Array("Comment\0hello".utf8))
        let xmp = PNGBuilder.xmp("<x/>")
        let time = PNGBuilder.chunk("tIME", [7, 0xE8, 1, 1, 1, 1, 1])
        let iptc = PNGBuilder.chunk("zTXt", Array("Raw profile type iptc\0\0".utf8))
        var builder = PNGBuilder(chunks: [text, xmp, iptc, PNGBuilder.chunk("pHYs", [UInt8](repeating: 1, count: 9))])
        builder.lateChunks = [time, text]
        var expected = MetadataSizes()
        (expected.comments, expected.xmp) = (2 * text.count, xmp.count)
        (expected.iptc, expected.other) = (iptc.count, time.count)
        #expect(try probe(builder.bytes).metadata == expected)
    }
}
