// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct PNGChunkKindTests {
    private func kind(_ type: String, _ data: [UInt8] = []) throws -> PNGChunkKind {
        var chunks = PNGChunkReader(ImageSource(bytes: PNGBuilder.signature + PNGBuilder.chunk(type, data)))
        let chunk = try #require(try chunks.next())
        return try PNGChunkKind(chunk, in: &chunks)
    }

    @Test(
        "What makes or shows the pixels is image",
        arguments: [
            "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "cICP", "mDCV", "cLLI", "sBIT", "bKGD",
            "pHYs", "acTL", "fcTL", "fdAT", "ABCD",
        ])
    func image(type: String) throws { #expect(try kind(type) == .image) }

    @Test(
        "The rest is metadata of some kind or other",
        arguments: [
            ("iCCP", PNGChunkKind.icc), ("eXIf", .exif), ("tIME", .other), ("hIST", .other), ("sPLT", .other),
            ("oFFs", .other), ("pCAL", .other), ("sCAL", .other), ("gIFg", .other), ("caNv", .other), ("vpAg", .other),
        ])
    func other(type: String, expected: PNGChunkKind) throws { #expect(try kind(type) == expected) }

    @Test(
        "Text is told by its keyword, in all three kinds of text chunk",
        arguments: [
            ("XML:com.adobe.xmp", PNGChunkKind.xmp), ("Raw profile type xmp", .xmp), ("Raw profile type exif", .exif),
            ("Raw profile type APP1", .exif), ("Raw profile type iptc", .iptc), ("Raw profile type 8bim", .iptc),
            ("Raw profile type icc", .icc), ("Raw profile type icm", .icc), ("Author", .text), ("Comment", .text),
            ("xml:com.adobe.xmp", .text), ("XML:com.adobe.xmp2", .text), ("Raw profile type", .text), ("", .text),
        ], ["tEXt", "zTXt", "iTXt"])
    func text(keyword: (String, PNGChunkKind), type: String) throws {
        #expect(try kind(type, Array(keyword.0.utf8) + [0, 1, 2, 3]) == keyword.1)
        #expect(try kind(type, Array(keyword.0.utf8)) == keyword.1, "without a NUL")
    }

    @Test("A keyword is read up to 79 bytes")
    func longKeyword() throws {
        let long = "XML:com.adobe.xmp" + String(repeating: " ", count: 100)
        #expect(try kind("iTXt", Array(long.utf8) + [0]) == .text)
    }

    @Test("The bytes of each kind are counted with their chunk's frame", arguments: ["iCCP", "eXIf", "tIME", "tEXt"])
    func sizes(type: String) throws {
        var expected = MetadataSizes()
        switch type {
        case "iCCP": expected.icc = 12 + 9
        case "eXIf": expected.exif = 12 + 9
        case "tIME": expected.other = 12 + 9
        default: expected.comments = 12 + 9
        }
        var chunks = PNGChunkReader(
            ImageSource(bytes: PNGBuilder.signature + PNGBuilder.chunk(type, [UInt8](repeating: 0x41, count: 9))))
        let chunk = try #require(try chunks.next())
        var sizes = MetadataSizes()
        sizes.add(chunk, kind: try PNGChunkKind(chunk, in: &chunks))
        #expect(sizes == expected && sizes.total == 21)
    }

    @Test(
        "A chunk is critical by the case of its first letter",
        arguments: [("IDAT", true), ("iDAT", false), ("aBCD", false), ("Abcd", true)])
    func critical(type: String, expected: Bool) {
        #expect(PNGChunk(type: type, offset: 0, data: 8..<8).isCritical == expected)
    }
}
