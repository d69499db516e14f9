// SPDX-License-Identifier: Apache-2.0
import SnugImage
import Testing

@testable import SnugImage

@Suite struct PNGDecoderTests {
    @Test("Every colour type, depth, tRNS and interlacing gives the reference pixels", arguments: PNGTestFile.names)
    func pixelsMatch(name: String) throws {
        let decoded = try DecodedPNG(PNGTestFile.fixture("\(name).png"))
        #expect(try decoded.rgba == PNGTestFile.fixture("\(name).rgba8"))
        #expect(decoded.bits == 8)
        #expect(decoded.warnings == [])
    }

    @Test("The committed images are all there")
    func fixturesAreThere() { #expect(PNGTestFile.names.count == 48) }

    @Test("16-bit samples come whole when asked for", arguments: PNGTestFile.names.filter { $0.contains("16") })
    func pixels16Match(name: String) throws {
        let decoded = try DecodedPNG(PNGTestFile.fixture("\(name).png"), keeps16Bits: true)
        #expect(decoded.bits == 16)
        #expect(try decoded.rgba == PNGTestFile.fixture("\(name).rgba16"))
    }

    @Test("An image of 8 bits stays so when 16 are kept")
    func eightBitsStay() throws {
        #expect(try DecodedPNG(PNGTestFile.fixture("rgb8.png"), keeps16Bits: true).bits == 8)
    }

    @Test(
        "Channels are those of the file once expanded",
        arguments: [
            ("gray1", 1), ("gray16", 1), ("gray4-trns", 2), ("graya8", 2), ("rgb8", 3), ("palette4", 3),
            ("palette2-trns", 4), ("rgb16-trns", 4), ("rgba8", 4),
        ])
    func channels(name: String, count: Int) throws {
        #expect(try DecodedPNG(PNGTestFile.fixture("\(name).png")).channels == count)
    }

    @Test("gAMA, text and unknown chunks change nothing")
    func otherChunksAreIgnored() throws {
        var file = try PNGTestFile(PNGTestFile.fixture("rgba8.png"))
        file.chunks.insert(("gAMA", [0, 0, 0x27, 0x10]), at: 1)
        file.chunks.insert(("tEXt", Array("Comment\0hello".utf8)), at: 2)
        file.chunks.insert(("snUg", [1, 2, 3]), at: 3)
        let decoded = try DecodedPNG(file.bytes)
        #expect(try decoded.rgba == PNGTestFile.fixture("rgba8.rgba8"))
        #expect(decoded.warnings == [])
    }

    @Test("An unknown critical chunk is refused by name")
    func unknownCriticalChunk() throws {
        var file = try PNGTestFile(PNGTestFile.fixture("rgba8.png"))
        file.chunks.insert(("SNUG", [1]), at: 1)
        let error = #expect(throws: ImageError.self) { try DecodedPNG(file.bytes) }
        #expect(error?.code == .unsupportedFeature)
        #expect(error?.message.contains("SNUG") == true)
    }

    @Test("A profile comes out as it went in")
    func profile() throws {
        var options = PNGEncoderOptions()
        let profile = PNGTestFile.bigEndian(300) + (0..<296).map { UInt8(truncatingIfNeeded: $0 * 7) }
        options.iccProfile = profile
        var encoder = try PNGEncoder(width: 1, height: 1, layout: .gray(bits: 8), options: options)
        try encoder.write([9].span)
        let decoded = try DecodedPNG(try #require(try encoder.finish()))
        #expect(decoded.iccProfile == profile)
        #expect(decoded.warnings == [])
    }

    @Test(
        "A broken profile is left out with a warning, and the image is read",
        arguments: [[], [0x41], [0x41, 0, 1, 2], [0x41, 0, 0], [0x41, 0, 0, 0x78, 0x9C, 1, 2, 3, 4]] as [[UInt8]])
    func brokenProfile(data: [UInt8]) throws {
        var file = try PNGTestFile(PNGTestFile.fixture("rgb8.png"))
        file.chunks.insert(("iCCP", data), at: 1)
        let decoded = try DecodedPNG(file.bytes)
        #expect(decoded.iccProfile == nil)
        #expect(decoded.warnings.count == 1)
        #expect(try decoded.rgba == PNGTestFile.fixture("rgb8.rgba8"))
    }

    @Test("A profile over its limit is left out with a warning")
    func largeProfile() throws {
        var options = PNGEncoderOptions()
        options.iccProfile = PNGTestFile.bigEndian(5000) + [UInt8](repeating: 1, count: 4996)
        var encoder = try PNGEncoder(width: 1, height: 1, layout: .gray(bits: 8), options: options)
        try encoder.write([9].span)
        let bytes = try #require(try encoder.finish())
        let decoded = try DecodedPNG(bytes, limits: DecodingLimits(maximumProfileBytes: 4999))
        #expect(decoded.iccProfile == nil)
        #expect(decoded.warnings == ["ignored an ICC profile of 5000 bytes: too large"])
        #expect(try DecodedPNG(bytes, limits: DecodingLimits(maximumProfileBytes: 5000)).iccProfile?.count == 5000)
    }

    @Test("A sound file verifies, interlaced or not", arguments: PNGTestFile.names)
    func soundFile(name: String) throws {
        let bytes = try PNGTestFile.fixture("\(name).png")
        let found = try PNGDecoder.verify(ImageSource(bytes: bytes))
        #expect(found == PNGVerification(hasEnd: true, warnings: []))
    }
}
