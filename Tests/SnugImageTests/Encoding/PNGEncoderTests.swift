// SPDX-License-Identifier: Apache-2.0
import SnugImage
import Testing

@testable import SnugImage

@Suite struct PNGEncoderTests {
    private static let layouts: [PNGLayout] = [
        .gray(bits: 8), .gray(bits: 16), .grayAlpha(bits: 8), .grayAlpha(bits: 16), .rgb(bits: 8), .rgb(bits: 16),
        .rgba(bits: 8), .rgba(bits: 16),
    ]

    private func noise(_ count: Int, seed: UInt64, bound: Int = 256) -> [UInt8] {
        var random = SeededBytes(seed: seed)
        return (0..<count).map { _ in UInt8(random.next(bound)) }
    }

    @Test("Whole-byte layouts come back sample for sample under every filter", arguments: layouts)
    func roundTrip(layout: PNGLayout) throws {
        for filter in PNGEncoderOptions.Filter.allCases {
            var options = PNGEncoderOptions()
            options.filter = filter
            var encoder = try PNGEncoder(width: 17, height: 9, layout: layout, options: options)
            let pixels = noise(encoder.rowByteCount * 9, seed: 3)
            for y in 0..<9 {
                try encoder.write(pixels.span.extracting(y * encoder.rowByteCount..<(y + 1) * encoder.rowByteCount))
            }
            let decoded = try DecodedPNG(try #require(try encoder.finish()), keeps16Bits: true)
            #expect(decoded.pixels == pixels)
            #expect(decoded.channels == layout.channels)
            #expect(decoded.bits == layout.bits)
        }
    }

    @Test("Low bit depths are packed", arguments: [1, 2, 4])
    func lowBits(bits: Int) throws {
        var encoder = try PNGEncoder(width: 21, height: 5, layout: .gray(bits: bits))
        let levels = noise(21 * 5, seed: 4, bound: 1 << bits)
        for y in 0..<5 { try encoder.write(levels.span.extracting(y * 21..<(y + 1) * 21)) }
        let step = UInt8(255 / ((1 << bits) - 1))
        #expect(try DecodedPNG(try #require(try encoder.finish())).pixels == levels.map { $0 * step })
    }

    @Test("Palettes keep colour and alpha at every depth", arguments: [1, 2, 4, 8])
    func palette(bits: Int) throws {
        var random = SeededBytes(seed: 5)
        let palette = PNGPalette(
            Set((0..<1 << bits).map { UInt32($0) << 8 | UInt32(random.next(256)) << 24 | ($0 % 3 == 0 ? 90 : 255) }))
        var encoder = try PNGEncoder(width: 19, height: 3, layout: .palette(palette, bits: bits))
        let indices = noise(19 * 3, seed: 6, bound: palette.colours.count)
        for y in 0..<3 { try encoder.write(indices.span.extracting(y * 19..<(y + 1) * 19)) }
        let decoded = try DecodedPNG(try #require(try encoder.finish()))
        #expect(decoded.rgba == indices.flatMap { Array(palette.bytes[Int($0) * 4..<Int($0) * 4 + 4]) })
    }

    @Test("A palette puts what is not opaque first")
    func paletteOrder() {
        let palette = PNGPalette([0x01FF, 0x0200, 0x0310, 0x04FF])
        #expect(palette.colours == [0x0200, 0x0310, 0x01FF, 0x04FF])
        #expect(palette.transparentCount == 2)
    }

    @Test("A limit of exactly the size fits, one byte less does not", arguments: [100, 2000, 200_000])
    func byteLimit(width: Int) throws {
        let row = noise(width, seed: 8)
        func encode(limit: Int) throws -> [UInt8]? {
            var encoder = try PNGEncoder(width: width, height: 20, layout: .gray(bits: 8), byteLimit: limit)
            for _ in 0..<20 { try encoder.write(row.span) }
            return try encoder.finish()
        }
        let size = try #require(try encode(limit: .max)).count
        #expect(try encode(limit: size)?.count == size)
        #expect(try encode(limit: size - 1) == nil)
        #expect(try encode(limit: 0) == nil)
    }

    @Test("An encoder over its limit says so before the last row")
    func stopsEarly() throws {
        var encoder = try PNGEncoder(width: 100_000, height: 1000, layout: .gray(bits: 8), byteLimit: 200_000)
        let pixels = noise(130_000, seed: 9)
        var written = 0
        while !encoder.isOverLimit && written < 1000 {
            // Shifted from row to row, so that no row is predicted by the one above.
            try encoder.write(pixels.span.extracting(written * 29..<written * 29 + 100_000))
            written += 1
        }
        #expect(written < 20)
    }

    @Test("EXIF and XMP stand in their chunks")
    func metadata() throws {
        var options = PNGEncoderOptions()
        options.exif = [0x4D, 0x4D, 0, 42, 0, 0, 0, 8]
        options.xmp = Array("<x/>".utf8)
        var encoder = try PNGEncoder(width: 1, height: 1, layout: .rgb(bits: 8), options: options)
        try encoder.write([1, 2, 3].span)
        let bytes = try #require(try encoder.finish())
        let file = PNGTestFile(bytes)
        #expect(file.chunks.map(\.name) == ["IHDR", "eXIf", "iTXt", "IDAT", "IEND"])
        #expect(file.chunks[1].data == options.exif)
        #expect(file.chunks[2].data == Array("XML:com.adobe.xmp\0\0\0\0\0<x/>".utf8))
        #expect(try PNGDecoder.verify(ImageSource(bytes: bytes)).isSound)
    }

    @Test("Rows of a wrong length, too many or too few are the caller's error")
    func wrongRows() throws {
        var encoder = try PNGEncoder(width: 2, height: 1, layout: .gray(bits: 8))
        #expect(throws: ImageError.self) { try encoder.write([1].span) }
        try encoder.write([1, 2].span)
        #expect(throws: ImageError.self) { try encoder.write([1, 2].span) }
        let error = #expect(throws: ImageError.self) {
            try PNGEncoder(width: 2, height: 1, layout: .gray(bits: 8)).finish()
        }
        #expect(error?.code == .invalidArgument)
    }

    @Test(
        "Layouts that PNG does not have are refused",
        arguments: [.gray(bits: 3), .rgb(bits: 4), .palette(PNGPalette([1, 2, 3]), bits: 1)] as [PNGLayout])
    func refusedLayouts(layout: PNGLayout) {
        #expect(throws: ImageError.self) { _ = try PNGEncoder(width: 2, height: 1, layout: layout) }
    }
}
