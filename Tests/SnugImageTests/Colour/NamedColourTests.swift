// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Colours that a file names by code points, and inks without a marker.
@Suite struct NamedColourTests {
    private static let p3: [UInt8] = [12, 13, 0, 1]

    private func png(_ chunks: [[UInt8]]) -> [UInt8] {
        var builder = PNGBuilder(width: 16, height: 8)
        builder.fill = 120
        builder.chunks = chunks
        return builder.bytes
    }

    /// The samples of the first pixel once they are sRGB.
    private func pixel(_ bytes: [UInt8]) throws -> [UInt8] {
        let plane = try DrawnImage.decoded(bytes)
        let row = plane.row(0)
        return (0..<3).map { row[$0] }
    }

    @Test("Code points go before a profile, sRGB and gamma")
    func precedence() throws {
        let p3 = PNGBuilder.chunk("cICP", Self.p3)
        let srgb = PNGBuilder.chunk("cICP", [1, 13, 0, 1])
        let gamma = PNGBuilder.chunk("gAMA", [0, 0, 0xF4, 0x24])
        #expect(
            try probe(png([p3, PNGBuilder.chunk("sRGB", [0])])).colourSpace
                == .codePoints(.init(primaries: 12, transfer: 13)))
        #expect(try probe(png([srgb, gamma])).colourSpace == .sRGB)
        #expect(try pixel(png([srgb, gamma])) == [120, 120, 120])
        #expect(try pixel(png([gamma])) != [120, 120, 120])
    }

    @Test(
        "High dynamic range and unknown code points leave the word to what else is said",
        arguments: [
            [9, 16, 0, 1], [9, 18, 0, 1], [99, 13, 0, 1], [12, 13, 1, 1], [12, 13, 0, 0],
        ] as [[UInt8]])
    func unknown(code: [UInt8]) throws {
        let header = try probe(png([PNGBuilder.chunk("cICP", code)]))
        #expect(header.colourSpace == .undeclared)
        let isDynamic = [16, 18].contains(code[1])
        #expect(header.warnings.contains { $0.contains("high dynamic range") } == isDynamic)
    }

    @Test("All primaries of H.273 that have a name are read", arguments: [4, 5, 6, 7, 8, 9, 11, 12, 22] as [UInt8])
    func primaries(code: UInt8) throws {
        let colour = CodingIndependentColour(primaries: Int(code), transfer: 13)
        #expect(try probe(png([PNGBuilder.chunk("cICP", [code, 13, 0, 1])])).colourSpace == .codePoints(colour))
        // Gray is gray in all of them.
        let gray = try pixel(png([PNGBuilder.chunk("cICP", [code, 13, 0, 1])]))
        #expect(gray.allSatisfy { abs(Int($0) - 120) <= 2 })
    }

    @Test(
        "Display P3 by code points looks as by its profile", arguments: [[200, 40, 40], [30, 180, 60], [90, 90, 90]])
    func displayP3(colour: [UInt8]) throws {
        let named = CodingIndependentColour(primaries: 12, transfer: 13)
        let made = ColourConversion.make(
            profile: nil, declaration: .codePoints(named), source: SampleLayout(.rgb), cache: ColourConversionCache())
        let reference = ColourConversion.make(
            profile: try ColourFixtures.profile("p3"), declaration: .icc(byteCount: 1), source: SampleLayout(.rgb),
            cache: ColourConversionCache())
        #expect(made.warnings.isEmpty)
        var results: [[UInt8]] = []
        for conversion in [made.conversion, reference.conversion] {
            var out = [UInt8](repeating: 0, count: 3)
            var span = out.mutableSpan
            conversion.convert(colour.span, pixelCount: 1, into: &span)
            results.append(out)
        }
        for (one, other) in zip(results[0], results[1]) { #expect(abs(Int(one) - Int(other)) <= 2, "\(results)") }
    }

    @Test("Four inks without Adobe's marker are read inverted, as everywhere")
    func inks() throws {
        var builder = JPEGBuilder(width: 16, height: 16)
        builder.components = (1...4).map { JPEGBuilder.Component($0) }
        let without = try DrawnImage.decoded(builder.bytes)
        builder.segments = [JPEGBuilder.adobe(transform: 0)]
        let with = try DrawnImage.decoded(builder.bytes)
        #expect(DrawnImage.difference(without, with) == 0)
        // 128 of 255 in every ink: half the light of each, and of black.
        #expect((55...75).contains(Int(without.row(0)[0])))
    }

    @Test(
        "EXIF in PNG text turns the image as eXIf does", arguments: ["tEXt", "zTXt"], [Orientation.rotated90, .flipped])
    func textOrientation(type: String, orientation: Orientation) throws {
        let block = Array("Exif\0\0".utf8) + EXIFBlock.minimal(orientation)
        let digits = block.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let text = Array("\nexif\n      \(block.count)\n\(digits.prefix(40))\n\(digits.dropFirst(40))\n".utf8)
        let keyword = Array("Raw profile type exif\0".utf8)
        let data = type == "tEXt" ? keyword + text : keyword + [0] + PNGBuilder.zlib(text)
        var builder = PNGBuilder(width: 16, height: 8)
        builder.chunks = [PNGBuilder.chunk(type, data)]
        #expect(try probe(builder.bytes).orientation == orientation)
        // An eXIf chunk has the last word.
        builder.chunks.append(PNGBuilder.chunk("eXIf", EXIFBlock.minimal(.mirrored)))
        #expect(try probe(builder.bytes).orientation == .mirrored)
    }

    @Test(
        "A text that only looks like a profile is no orientation",
        arguments: ["\nexif\n 99\n00", "\nexif\nx\n00", "", "\n"])
    func brokenText(text: String) throws {
        var builder = PNGBuilder(width: 16, height: 8)
        builder.chunks = [PNGBuilder.chunk("tEXt", Array("Raw profile type exif\0".utf8) + Array(text.utf8))]
        #expect(try probe(builder.bytes).orientation == .upright)
    }
}
