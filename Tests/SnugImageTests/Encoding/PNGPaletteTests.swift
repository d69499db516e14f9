// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

/// Palettes, colour tables, and the census that decides about them.
@Suite struct PNGPaletteTests {
    @Test(
        "A palette takes the fewest bits that number its colours",
        arguments: [(0, 1), (1, 1), (2, 1), (3, 2), (4, 2), (5, 4), (16, 4), (17, 8), (256, 8)])
    func bits(count: Int, bits: Int) {
        #expect(PNGPalette((0..<count).map { UInt32($0) << 8 | 255 }).bits == bits)
    }

    @Test("Colours that are not opaque come first, then by colour")
    func order() {
        let palette = PNGPalette([0x0A0B_0CFF, 0x0102_03FF, 0xFFFF_FF00, 0x0000_0080, 0x0000_0010])
        #expect(palette.colours == [0xFFFF_FF00, 0x0000_0010, 0x0000_0080, 0x0102_03FF, 0x0A0B_0CFF])
        #expect(palette.transparentCount == 3)
        #expect(palette.bytes.prefix(4) == [255, 255, 255, 0] && palette.bytes.suffix(4) == [10, 11, 12, 255])
    }

    @Test("A table gives each colour its place in the palette, and none to others", arguments: [1, 2, 100, 256])
    func table(count: Int) {
        var noise = SampleNoise(seed: UInt64(count))
        var colours: Set<UInt32> = []
        while colours.count < count { colours.insert(.random(in: 0...UInt32.max, using: &noise)) }
        let palette = PNGPalette(colours)
        let table = PNGColourTable(palette)
        for (index, colour) in palette.colours.enumerated() { #expect(table.index(of: colour) == UInt8(index)) }
        for _ in 0..<200 {
            let other = UInt32.random(in: 0...UInt32.max, using: &noise)
            if !colours.contains(other) { #expect(table.index(of: other) == nil) }
        }
    }

    @Test("Colours that share a slot are told apart")
    func collisions() {
        // The same ten highest bits of the product: found by search.
        let slot = { (colour: UInt32) in (colour &* 0x9E37_79B1) >> 22 }
        let alike = (UInt32(0)..<400_000).filter { slot($0) == slot(7) }.prefix(200)
        #expect(alike.count == 200)
        var table = PNGColourTable()
        for colour in alike { table.insert(colour) }
        #expect(table.colours == Array(alike) && !table.isOverfull)
        for (index, colour) in alike.enumerated() { #expect(table.index(of: colour) == UInt8(index)) }
    }

    @Test("The 257th colour makes a table overfull, a known one does not")
    func overfull() {
        var table = PNGColourTable()
        for colour in UInt32(0)..<256 { table.insert(colour) }
        table.insert(3)
        #expect(!table.isOverfull && table.colours.count == 256)
        table.insert(1000)
        #expect(table.isOverfull && table.colours.count == 256)
        #expect(table.index(of: 255) == 255 && table.index(of: 1000) == nil)
    }

    @Test(
        "A census knows opacity, grays and the depth that holds them",
        arguments: [
            ([0, 255], true, true, 1), ([0, 85, 170, 255], true, true, 2), ([0, 17, 34], true, true, 4),
            ([0, 1], true, true, 8), ([85], true, true, 2), ([51], true, true, 4),
        ] as [([UInt8], Bool, Bool, Int)])
    func grays(levels: [UInt8], isOpaque: Bool, isGray: Bool, bits: Int) {
        let census = PNGColourCensus(of: plane([levels]))
        #expect(census.isOpaque == isOpaque && census.isGray == isGray && census.grayBits == bits)
        let coloured = PNGColourCensus(of: plane([levels.flatMap { [$0, $0, $0, 255] }], channels: 4))
        #expect(coloured.isOpaque && coloured.isGray && coloured.grayBits == bits)
        #expect(coloured.palette == census.palette)
    }

    @Test("One coloured or clear pixel at the end is seen")
    func last() {
        var samples = [UInt8](repeating: 9, count: 4 * 50)
        for x in 0..<50 { samples[4 * x + 3] = 255 }
        var clear = samples
        clear[199] = 254
        #expect(!PNGColourCensus(of: plane([samples, clear], channels: 4)).isOpaque)
        var blue = samples
        blue[198] = 10
        let census = PNGColourCensus(of: plane([samples, blue], channels: 4))
        #expect(!census.isGray && census.isOpaque && census.grayBits == 8)
    }

    @Test("A pixel is packed from the highest byte down, whatever its channels")
    func packed() {
        func colour(_ samples: [UInt8]) -> UInt32 {
            PNGColourCensus.colour(of: samples.span, at: 0, channels: samples.count)
        }
        #expect(colour([0xAB]) == 0xABAB_ABFF && colour([0xAB, 0xCD]) == 0xABAB_ABCD)
        #expect(colour([1, 2, 3]) == 0x0102_03FF && colour([1, 2, 3, 4]) == 0x0102_0304)
    }

    @Test(
        "Layouts have the channels, bits and row bytes that PNG allows",
        arguments: [
            (PNGLayout.gray(bits: 1), 1, true, 10), (.gray(bits: 3), 1, false, 10), (.gray(bits: 16), 1, true, 20),
            (.grayAlpha(bits: 8), 2, true, 20), (.grayAlpha(bits: 4), 2, false, 20), (.rgb(bits: 8), 3, true, 30),
            (.rgb(bits: 16), 3, true, 60), (.rgb(bits: 1), 3, false, 30), (.rgba(bits: 16), 4, true, 80),
            (.rgba(bits: 2), 4, false, 40), (.palette(PNGPalette([1, 2]), bits: 1), 1, true, 10),
            (.palette(PNGPalette([1, 2, 3]), bits: 1), 1, false, 10),
            (.palette(PNGPalette([1]), bits: 16), 1, false, 20),
            (.palette(PNGPalette([] as [UInt32]), bits: 8), 1, false, 10),
        ])
    func layouts(layout: PNGLayout, channels: Int, isAllowed: Bool, rowBytes: Int) {
        #expect(layout.channels == channels && layout.isAllowed == isAllowed)
        #expect(layout.rowByteCount(width: 10) == rowBytes)
    }
}
