// SPDX-License-Identifier: Apache-2.0
import CKernels
import SnugSystem
import Testing

@testable import SnugImage

@Suite struct PaletteQuantiserTests {
    private let cancellation = CancellationFlag()

    /// A plane whose pixel `(x, y)` has the samples that `samples` gives.
    private func plane(
        width: Int = 96, height: Int = 64, channels: Int, _ samples: (Int, Int) -> [UInt8]
    ) -> Plane {
        let plane = Plane(width: width, height: height, channels: channels)
        for y in 0..<height {
            var row = plane.mutableRow(y)
            for x in 0..<width {
                for (index, sample) in samples(x, y).enumerated() { row[x * channels + index] = sample }
            }
        }
        return plane
    }

    private func colour(_ plane: Plane, _ x: Int, _ y: Int) -> UInt32 {
        PNGColourCensus.colour(of: plane.row(y), at: x * plane.channels, channels: plane.channels)
    }

    @Test("An image of few colours keeps them all", arguments: [1, 3, 4])
    func fewColours(channels: Int) throws {
        let plane = plane(channels: channels) { x, y in
            let level = UInt8((x / 12 + y / 8 * 8) % 40 * 6)
            let samples: [UInt8] = [level, level ^ 1, level / 2, UInt8(255 - (x / 48) * 100)]
            return Array(samples.prefix(channels))
        }
        let (palette, colours) = try PaletteQuantiser(plane, cancellation: cancellation).palette(256)
        let mapped = try PaletteMapper(palette, cancellation: cancellation).map(plane, dithers: false)
        for y in 0..<plane.height {
            for x in 0..<plane.width { #expect(colours[Int(mapped.row(y)[x])] == colour(plane, x, y)) }
        }
        #expect(colours.count <= 80)
    }

    @Test("No more colours come than were asked for", arguments: [1, 2, 7, 16, 255, 256])
    func bounded(count: Int) throws {
        let plane = DrawnImage.scene(width: 120, height: 90)
        let (_, colours) = try PaletteQuantiser(plane, cancellation: cancellation).palette(count)
        #expect(colours.count <= count && colours.count > count / 2)
        #expect(Set(colours).count == colours.count)
    }

    @Test("The colour of a large area stays exact among many others")
    func dominantColour() throws {
        let background: UInt32 = 0x1D_2B_35_FF
        let plane = plane(channels: 3) { x, y in
            if y < 40 { return [0x1D, 0x2B, 0x35] }
            return [UInt8(x * 2), UInt8(y * 3), UInt8((x * y) & 255)]
        }
        let (palette, colours) = try PaletteQuantiser(plane, cancellation: cancellation).palette(16)
        #expect(colours.contains(background))
        let mapped = try PaletteMapper(palette, cancellation: cancellation).map(plane, dithers: false)
        #expect(colours[Int(mapped.row(3)[5])] == background)
    }

    @Test("What is wholly transparent is one entry, whatever colour hides there")
    func transparent() throws {
        let plane = plane(channels: 4) { x, y in
            x < 48 ? [UInt8(x * 5), UInt8(y * 4), 9, 0] : [200, 100, 50, 255]
        }
        let (palette, colours) = try PaletteQuantiser(plane, cancellation: cancellation).palette(8)
        #expect(colours == [0, 0xC8_64_32_FF])
        let mapped = try PaletteMapper(palette, cancellation: cancellation).map(plane, dithers: true)
        #expect((0..<48).allSatisfy { mapped.row(20)[$0] == 0 } && (48..<96).allSatisfy { mapped.row(20)[$0] == 1 })
    }

    @Test("A surface with soft edges stays opaque with few colours")
    func opaqueSurface() throws {
        // A coloured gradient that fades out in its last quarter.
        let plane = plane(channels: 4) { x, y in
            [UInt8(x * 2), UInt8(y * 3), UInt8(90 + x), x < 72 ? 255 : UInt8(255 - (x - 71) * 10)]
        }
        let (palette, colours) = try PaletteQuantiser(plane, cancellation: cancellation).palette(12)
        let mapped = try PaletteMapper(palette, cancellation: cancellation).map(plane, dithers: false)
        for y in 0..<plane.height {
            for x in 0..<64 { #expect(colours[Int(mapped.row(y)[x])] & 255 == 255, "\(x), \(y)") }
        }
        #expect(colours.contains { $0 & 255 < 255 })
    }

    @Test("Every pixel gets the nearest entry, at every level of the kernels")
    func nearest() throws {
        let plane = DrawnImage.scene(width: 60, height: 40, channels: 4)
        let (palette, colours) = try PaletteQuantiser(plane, cancellation: cancellation).palette(37)
        let weighted = colours.map { colour in
            ColourHistogram.weighted([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: colour >> UInt32($0)) })
        }
        let entries = ColourHistogram(of: plane).entries
        let indices = palette.assign(entries)
        for (entry, index) in zip(entries, indices) {
            func distance(_ other: SIMD4<Float>) -> Float {
                let difference = other - entry.colour
                return (difference * difference).sum()
            }
            let least = weighted.map(distance).min() ?? 0
            #expect(distance(weighted[Int(index)]) <= least * 1.0001 + 0.01)
        }
        let packed = entries.flatMap { entry in (0..<4).map { entry.colour[$0] } }
        for level in KernelLevel.available {
            var assigned = [UInt8](repeating: 0, count: entries.count)
            unsafe palette.withTable { table in
                unsafe snug_assign_colours(level, table, packed, entries.count, &assigned)
            }
            #expect(assigned == indices)
        }
    }

    @Test("An image of more colours than are counted one by one is grouped, its pixels all counted")
    func manyColours() throws {
        let plane = plane(width: 600, height: 600, channels: 3) { x, y in
            let mixed = x / 3 ^ y / 5
            return [UInt8(x & 255), UInt8(y & 255), UInt8(mixed & 255)]
        }
        let histogram = ColourHistogram(of: plane)
        #expect(histogram.entries.count <= ColourHistogram.maximumCount)
        #expect(histogram.entries.reduce(0) { $0 + Int($1.pixels) } == 600 * 600)
    }

    @Test("Diffused errors keep the mean of a gradient that few entries cannot show")
    func dither() throws {
        let plane = plane(channels: 1) { x, _ in [UInt8(100 + x / 6)] }
        let palette = ColourPalette.rounded(
            [[96, 96, 96, 255], [140, 140, 140, 255]].map(ColourHistogram.weighted))
        func mean(dithers: Bool) throws -> Double {
            let mapped = try PaletteMapper(palette.palette, cancellation: cancellation).map(plane, dithers: dithers)
            var sum = 0
            for y in 0..<plane.height {
                for x in 0..<plane.width { sum += Int(palette.colours[Int(mapped.row(y)[x])] >> 24) }
            }
            return Double(sum) / Double(plane.width * plane.height)
        }
        let levels: [Int] = (0..<96).map { 100 + $0 / 6 }
        let wanted = Double(levels.reduce(0, +)) / 96
        let (plain, dithered) = (try mean(dithers: false), try mean(dithers: true))
        #expect(plain == 96 && abs(dithered - wanted) < abs(plain - wanted) / 2)
    }

    @Test("A cancelled job stops")
    func cancelled() throws {
        let flag = CancellationFlag()
        flag.set()
        let plane = DrawnImage.scene(width: 60, height: 40)
        #expect(throws: CancellationError.self) { try PaletteQuantiser(plane, cancellation: flag) }
    }
}
