// SPDX-License-Identifier: Apache-2.0
import CKernels
import Testing

@testable import SnugImage

@Suite struct DeflatedPNGTests {
    private static let layouts: [PNGLayout] = [
        .gray(bits: 1), .gray(bits: 2), .gray(bits: 4), .gray(bits: 8), .grayAlpha(bits: 8),
        .rgb(bits: 8), .rgba(bits: 8),
    ]

    /// Rows of a layout: smooth with a little noise, so that every filter is best somewhere.
    private func rows(_ layout: PNGLayout, width: Int, height: Int) -> Plane {
        var random = SeededBytes(seed: 11)
        let plane = Plane(width: layout.rowByteCount(width: width), height: height)
        for y in 0..<height {
            var row = plane.mutableRow(y)
            for x in row.indices {
                let value = x * (y % 5) + y * 3 + random.next(4)
                row[x] = UInt8(value & (layout.bits < 8 ? (1 << layout.bits) - 1 : 255))
            }
        }
        return plane
    }

    @Test("Every layout comes back sample for sample under both choices of filters", arguments: layouts)
    func roundTrip(layout: PNGLayout) throws {
        let plane = rows(layout, width: 23, height: 31)
        for filtering in PNGScanlines.Filtering.allCases {
            let lines = PNGScanlines(plane, layout: layout, filtering: filtering)
            let bytes = try #require(try DeflatedPNG.encode(lines, level: 6))
            let decoded = try DecodedPNG(bytes)
            let step = layout.bits < 8 ? UInt8(255 / ((1 << layout.bits) - 1)) : 1
            var expected: [UInt8] = []
            for y in 0..<31 {
                let row = plane.row(y)
                for x in row.indices { expected.append(row[x] * step) }
            }
            #expect(decoded.pixels == expected)
            #expect(try PNGDecoder.verify(ImageSource(bytes: bytes)).isSound)
        }
    }

    @Test("All five filters are what PNG defines", arguments: 0..<5)
    func filters(filter: Int) throws {
        var random = SeededBytes(seed: 12)
        let above: [Int] = (0..<24).map { _ in random.next(256) }
        let row: [Int] = (0..<24).map { _ in random.next(256) }
        var out = [UInt8](repeating: 0, count: 24)
        unsafe snug_png_filter_row(Int32(filter), row.map { UInt8($0) }, above.map { UInt8($0) }, 24, 3, &out)
        for index in 0..<24 {
            let left = index < 3 ? 0 : row[index - 3]
            let corner = index < 3 ? 0 : above[index - 3]
            let estimate = left + above[index] - corner
            var nearest = left
            if abs(above[index] - estimate) < abs(nearest - estimate) { nearest = above[index] }
            if abs(corner - estimate) < abs(nearest - estimate) { nearest = corner }
            let average = (left + above[index]) / 2
            let predictions: [Int] = [0, left, above[index], average, nearest]
            let expected = UInt8(truncatingIfNeeded: row[index] - predictions[filter])
            #expect(out[index] == expected)
        }
    }

    @Test("Palettes keep colour and alpha at every depth", arguments: [1, 2, 4, 8])
    func palette(bits: Int) throws {
        var colours: [UInt32] = []
        for index in 0..<UInt32(1 << bits) {
            let alpha: UInt32 = index % 3 == 0 ? 90 : 255
            colours.append(index << 8 | (index * 7 & 255) << 24 | alpha)
        }
        let palette = PNGPalette(colours)
        let plane = rows(.gray(bits: bits), width: 21, height: 9)
        let lines = PNGScanlines(plane, layout: .palette(palette, bits: bits), filtering: .none)
        let decoded = try DecodedPNG(try #require(try DeflatedPNG.encode(lines, level: 9)))
        let entries = palette.bytes
        var expected: [UInt8] = []
        for y in 0..<9 {
            for x in 0..<21 {
                let at = Int(plane.row(y)[x]) * 4
                expected += entries[at..<at + 4]
            }
        }
        #expect(decoded.rgba == expected)
    }

    @Test("A limit of exactly the size fits, one byte less does not")
    func limit() throws {
        let lines = PNGScanlines(rows(.rgb(bits: 8), width: 90, height: 40), layout: .rgb(bits: 8), filtering: .none)
        let size = try #require(try DeflatedPNG.encode(lines, level: 9)).count
        #expect(try DeflatedPNG.encode(lines, level: 9, byteLimit: size)?.count == size)
        #expect(try DeflatedPNG.encode(lines, level: 9, byteLimit: size - 1) == nil)
        #expect(try DeflatedPNG.encode(lines, level: 9, byteLimit: 0) == nil)
    }

    @Test("Metadata stands where readers look for it, as from the streaming encoder")
    func metadata() throws {
        var options = PNGEncoderOptions()
        options.exif = [0x4D, 0x4D, 0, 42, 0, 0, 0, 8]
        options.xmp = Array("<x/>".utf8)
        options.iccProfile = try ColourFixtures.profile("p3")
        let lines = PNGScanlines(
            rows(.gray(bits: 8), width: 4, height: 4), layout: .gray(bits: 8), filtering: .none)
        let file = PNGTestFile(try #require(try DeflatedPNG.encode(lines, level: 6, options: options)))
        #expect(file.chunks.map(\.name) == ["IHDR", "iCCP", "eXIf", "iTXt", "IDAT", "IEND"])
        #expect(file.chunks[2].data == options.exif)
        #expect(file.chunks[3].data == Array("XML:com.adobe.xmp\0\0\0\0\0<x/>".utf8))
    }
}
