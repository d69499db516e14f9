// SPDX-License-Identifier: Apache-2.0
import RealModule
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
        "Unknown code points leave the word to what else is said",
        arguments: [[99, 13, 0, 1], [99, 16, 0, 1], [12, 13, 1, 1], [12, 13, 0, 0]] as [[UInt8]])
    func unknown(code: [UInt8]) throws {
        #expect(try probe(png([PNGBuilder.chunk("cICP", code)])).colourSpace == .undeclared)
    }

    @Test(
        "High dynamic range is brought to the range of sRGB, in gray and colours, with 8 bits and 16",
        arguments: [16, 18], [(0, 8), (0, 16), (2, 8), (2, 16), (6, 8), (6, 16)])
    func dynamic(transfer: Int, kind: (type: Int, bits: Int)) throws {
        let (type, bits) = kind
        var builder = PNGBuilder(width: 16, height: 8)
        builder.colourType = UInt8(type)
        builder.depth = UInt8(bits)
        builder.fill = 140
        builder.chunks = [PNGBuilder.chunk("cICP", [9, UInt8(transfer), 0, 1])]
        let plane = try DrawnImage.decoded(builder.bytes)
        // The light of the sample through BT.2390's curve, over white, by the curve of sRGB.
        let value = bits == 8 ? 140.0 / 255 : Double(140 << 8 | 140) / 65_535
        let light =
            transfer == 16 ? ToneMapping.pqLight(value) : 1000 * Double.pow(ToneMapping.hlgSceneLight(value), 1.2)
        let linear = min(ToneMapping.toneMapped(light) / 203, 1)
        let expected = 255 * (1.055 * Double.pow(linear, 1 / 2.4) - 0.055)
        let colours = type == 0 ? 1 : 3
        for channel in 0..<colours { #expect(abs(Double(plane.row(3)[channel]) - expected) <= 2, "\(expected)") }
        if type == 6 { #expect(plane.row(3)[3] == 140) }
    }

    @Test("High dynamic range counts as other colours than sRGB's")
    func dynamicIsConverted() async throws {
        let input = png([PNGBuilder.chunk("cICP", [1, 16, 0, 1])])
        var policy = FitPolicy()
        policy.convertsToSRGB = true
        let image = try await ImageFitter().fit(
            ImageSource(bytes: input), limits: Limits(byteLimit: 10_000), policy: policy)
        let header = try probe(image.bytes(of: input))
        #expect(image.status == .fitted && [.sRGB, .undeclared].contains(header.colourSpace))
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
