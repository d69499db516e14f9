// SPDX-License-Identifier: Apache-2.0
import SnugImage
import Testing

@testable import SnugImage

@Suite struct PNGDecoderBombTests {
    @Test("Image data that go on after the last row are not inflated")
    func dataAfterTheImage() throws {
        var file = try PNGTestFile.flat(width: 1000, height: 20_000)
        file.chunks[0].data = PNGTestFile.header(width: 1000, height: 2, depth: 8, colour: 0)
        let decoded = try DecodedPNG(file.bytes)
        #expect(decoded.pixels == [UInt8](repeating: 7, count: 2000))
        #expect(!decoded.warnings.isEmpty)
        #expect(decoded.peakMemory < 1 << 20)
    }

    @Test("Rows that deflate a thousandfold are queued in bounded memory", arguments: [false, true])
    func denseRows(isPalette: Bool) throws {
        var encoder = try PNGEncoder(
            width: 4000, height: 4000, layout: isPalette ? .palette(PNGPalette([0x1020_3040]), bits: 1) : .gray(bits: 8)
        )
        let zeros = [UInt8](repeating: 0, count: 4000)
        for _ in 0..<4000 { try encoder.write(zeros.span) }
        let bytes = try #require(try encoder.finish())
        var decoder = try PNGDecoder(source: ImageSource(bytes: bytes))
        var row = [UInt8](repeating: 0, count: decoder.rowByteCount)
        for _ in 0..<4000 {
            var span = row.mutableSpan
            try decoder.readRow(into: &span)
        }
        #expect(decoder.channels == (isPalette ? 4 : 1))
        #expect(Array(row.prefix(4)) == (isPalette ? [0x10, 0x20, 0x30, 0x40] : [0, 0, 0, 0]))
        #expect(decoder.peakMemory < 5 << 20)
    }

    @Test("A chunk that claims 2 GB is stepped over, and the file found cut off", arguments: ["zTXt", "iCCP", "sPLT"])
    func hugeChunk(name: String) throws {
        let file = try PNGTestFile(PNGTestFile.fixture("rgb8.png"))
        let start = PNGTestFile.signature + PNGTestFile.chunk("IHDR", file.chunks[0].data)
        let bytes = start + PNGTestFile.bigEndian(0x7FFF_FFF0) + Array(name.utf8) + [1, 2, 3]
        let error = #expect(throws: ImageError.self) { try DecodedPNG(bytes) }
        #expect(error?.code == .truncatedInput)
    }

    @Test("A huge zTXt in full costs no memory")
    func largeText() throws {
        var file = try PNGTestFile(PNGTestFile.fixture("rgb8.png"))
        file.chunks.insert(("zTXt", [UInt8](repeating: 65, count: 9 << 20)), at: 1)
        #expect(try DecodedPNG(file.bytes).peakMemory < 1 << 20)
    }

    @Test(
        "An image over the limits is refused from its header",
        arguments: [(65_536, 65_536), (1, 0x7FFF_FFFF), (97_293_039, 1_048_810_005), (65_535, 65_535)])
    func hugeImage(width: Int, height: Int) throws {
        var file = PNGTestFile()
        file.chunks = [("IHDR", PNGTestFile.header(width: width, height: height, depth: 1, colour: 0)), ("IDAT", [0])]
        let error = #expect(throws: ImageError.self) { try DecodedPNG(file.bytes) }
        #expect(error?.code == .limitExceeded)
    }

    @Test("An interlaced image over the memory limit is refused with both figures")
    func interlacedOverMemory() throws {
        var file = PNGTestFile()
        let header = PNGTestFile.header(width: 4000, height: 4000, depth: 16, colour: 6, interlaced: true)
        file.chunks = [("IHDR", header), ("IDAT", [0])]
        let error = #expect(throws: ImageError.self) { try DecodedPNG(file.bytes, memoryLimit: 32 << 20) }
        #expect(error?.code == .memoryExceeded)
        #expect(error?.details["needed_bytes"] == .integer(4000 * 4000 * 4))
        #expect(error?.details["limit_bytes"] == .integer(32 << 20))
    }

    @Test("More chunks than allowed are refused")
    func manyChunks() throws {
        var file = try PNGTestFile(PNGTestFile.fixture("rgb8.png"))
        file.chunks.insert(contentsOf: [(String, [UInt8])](repeating: ("tEXt", [65, 0]), count: 101), at: 1)
        let error = #expect(throws: ImageError.self) {
            try DecodedPNG(file.bytes, limits: DecodingLimits(maximumChunkCount: 100))
        }
        #expect(error?.code == .limitExceeded)
    }

    @Test("More warnings than allowed make a file corrupt")
    func manyWarnings() throws {
        var file = try PNGTestFile(PNGTestFile.fixture("rgb8-trns.png"))
        file.chunks.insert(contentsOf: [(String, [UInt8])](repeating: ("tRNS", [0, 1, 0, 1, 0, 1]), count: 20), at: 1)
        #expect(try DecodedPNG(file.bytes).warnings.count == 8)
        let error = #expect(throws: ImageError.self) {
            try DecodedPNG(file.bytes, limits: DecodingLimits(maximumWarningCount: 10))
        }
        #expect(error?.code == .corruptInput)
    }
}
