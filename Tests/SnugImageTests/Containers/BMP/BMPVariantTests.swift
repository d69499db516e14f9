// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Bitmaps of every header, depth and mask, drawn at random and read back.
@Suite struct BMPVariantTests {
    struct Variant: Sendable, CustomTestStringConvertible {
        var header: Int
        var bits: Int
        var compression = 0
        var testDescription: String { "header \(header), \(bits) bits, compression \(compression)" }
    }

    private static let variants: [Variant] = {
        let plain = [12, 16, 40, 52, 56, 64, 108, 124].flatMap { header in
            [1, 2, 4, 8, 16, 24, 32].map { Variant(header: header, bits: $0) }
        }
        let masked = [40, 52, 56, 108, 124].flatMap { header in
            [16, 32].flatMap { bits in [3, 6].map { Variant(header: header, bits: bits, compression: $0) } }
        }
        return plain + masked
    }()

    /// Four masks side by side, from the lowest bit on, in any order.
    private static func masks(bits: Int, count: Int, _ random: inout SeededGenerator) -> [Int] {
        var masks: [Int] = []
        var place = 0
        for rest in (0..<count).reversed() {
            let most = min(bits - place - rest, 12)
            let width = Int.random(in: 1...most, using: &random)
            masks.append((1 << width - 1) << place)
            place += width
        }
        return masks.shuffled(using: &random)
    }

    private static func file(_ variant: Variant, _ random: inout SeededGenerator) -> BMPBuilder {
        var file = BMPBuilder(
            width: .random(in: 1...37, using: &random), height: .random(in: 1...11, using: &random), bits: variant.bits,
            headerLength: variant.header, compression: variant.compression)
        file.isTopDown = variant.header != 12 && Bool.random(using: &random)
        // Without a number of colours the palette is whole.
        file.gap = [0, 0, 5].randomElement(using: &random) ?? 0
        let (width, height) = (file.width, file.height)
        if variant.bits <= 8 {
            let count = variant.header < 40 ? 1 << variant.bits : Int.random(in: 1...1 << variant.bits, using: &random)
            file.palette = (0..<count).map { _ in (0..<3).map { _ in .random(in: 0...255, using: &random) } }
            file.pixels = (0..<width * height).map { _ in .random(in: 0..<count, using: &random) }
        } else {
            if variant.compression > 0 {
                let count = variant.compression == 6 || variant.header >= 56 ? 4 : 3
                file.masks = masks(bits: variant.bits, count: count, &random)
                if count == 4 && Bool.random(using: &random) { file.masks[3] = 0 }
            }
            file.pixels = (0..<width * height).map { _ in .random(in: 0..<1 << variant.bits, using: &random) }
        }
        return file
    }

    /// What the pixels mean, by the documentation of the depths.
    private static func samples(_ file: BMPBuilder) -> (samples: [UInt8], channels: Int) {
        if file.bits <= 8 { return (file.pixels.flatMap { file.palette[$0] }, 3) }
        var masks = file.bits == 16 ? [0x7C00, 0x3E0, 0x1F] : [0xFF0000, 0xFF00, 0xFF]
        if file.compression > 0 {
            let held = file.headerLength == 52 ? 3 : file.headerLength == 40 && file.compression == 3 ? 3 : 4
            masks = Array(file.masks.prefix(held))
        }
        if masks.count == 4 && masks[3] == 0 { masks.removeLast() }
        return (file.pixels.flatMap { pixel in masks.map { BMPBuilder.sample(pixel, mask: $0) } }, masks.count)
    }

    @Test("Every header with every depth has the pixels that were drawn", arguments: variants)
    func drawn(variant: Variant) throws {
        var random = SeededGenerator(seed: UInt64(variant.header * 1_000 + variant.bits * 10 + variant.compression))
        for _ in 0..<4 {
            let file = Self.file(variant, &random)
            let (samples, channels, report) = try FixtureFolder.decoded(file.bytes)
            let expected = Self.samples(file)
            #expect(channels == expected.channels && samples == expected.samples, "\(file)")
            #expect(!report.isDamaged && report.warnings.isEmpty)
            let header = try probe(file.bytes)
            #expect(header.width == file.width && header.height == file.height)
            #expect(header.hasAlpha == (expected.channels == 4))
            #expect(header.colourModel == (file.bits <= 8 ? .palette : expected.channels == 4 ? .rgba : .rgb))
        }
    }

    /// Runs, single pixels, jumps and ends of lines, and the indexes that they leave behind.
    private static func runs(
        width: Int, height: Int, bits: Int, _ random: inout SeededGenerator
    ) -> (bytes: [UInt8], rows: [[Int]]) {
        var rows = [[Int]](repeating: [Int](repeating: 0, count: width), count: height)
        var bytes: [UInt8] = []
        var (x, y) = (0, 0)
        func index() -> Int { .random(in: 0..<1 << bits, using: &random) }
        while y < height {
            let left = width - x
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1:
                guard left > 0 else { continue }
                let count = Int.random(in: 1...min(left, 255), using: &random)
                let pair = [index(), index()]
                bytes += [UInt8(count), UInt8(bits == 8 ? pair[0] : pair[0] << 4 | pair[1])]
                for place in 0..<count { rows[y][x + place] = bits == 8 ? pair[0] : pair[place % 2] }
                x += count
            case 2 where left >= 3:
                let count = Int.random(in: 3...min(left, 255), using: &random)
                let values = (0..<count).map { _ in index() }
                bytes += [0, UInt8(count)]
                var stored = values.map { UInt8($0) }
                if bits == 4 {
                    stored = stride(from: 0, to: count, by: 2).map {
                        UInt8(values[$0] << 4 | ($0 + 1 < count ? values[$0 + 1] : 0))
                    }
                }
                bytes += stored + (stored.count.isMultiple(of: 2) ? [] : [0])
                rows[y].replaceSubrange(x..<x + count, with: values)
                x += count
            case 3:
                let (right, up) = (Int.random(in: 0...left, using: &random), Int.random(in: 0...1, using: &random))
                bytes += [0, 2, UInt8(right), UInt8(up)]
                (x, y) = (x + right, y + up)
            case 4 where Int.random(in: 0..<12, using: &random) == 0:
                return (bytes + [0, 1], rows)
            default:
                bytes += [0, 0]
                (x, y) = (0, y + 1)
            }
        }
        return (bytes + [0, 1], rows)
    }

    @Test("Runs, single pixels, jumps and ends of lines leave the indexes that they say", arguments: UInt64(0)..<60)
    func runLengths(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let bits = seed.isMultiple(of: 2) ? 8 : 4
        var file = BMPBuilder(
            width: .random(in: 1...40, using: &random), height: .random(in: 1...12, using: &random), bits: bits,
            compression: bits == 8 ? 1 : 2)
        file.palette = (0..<1 << bits).map { _ in (0..<3).map { _ in .random(in: 0...255, using: &random) } }
        let (bytes, rows) = Self.runs(width: file.width, height: file.height, bits: bits, &random)
        file.runs = bytes
        let (samples, _, report) = try FixtureFolder.decoded(file.bytes)
        // The first row stored is the lowest.
        #expect(samples == rows.reversed().flatMap { $0.flatMap { file.palette[$0] } })
        #expect(!report.isDamaged)
    }

    @Test("Runs that go past their row or the image change nothing else")
    func overlongRuns() throws {
        var file = BMPBuilder(width: 3, height: 2, bits: 8, compression: 1)
        file.palette = [[0, 0, 0], [1, 1, 1], [2, 2, 2]]
        file.runs = [200, 1, 0, 0, 0, 2, 2, 0, 5, 2, 0, 0, 9, 1, 0, 1]
        #expect(
            try FixtureFolder.decoded(file.bytes).samples
                == [0, 0, 0, 0, 0, 0, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1])
    }

    @Test("A number of colours over what the depth has, or none, means all of them", arguments: [0, 256, 100_000, -1])
    func coloursUsed(count: Int) throws {
        var file = BMPBuilder(width: 2, height: 1, bits: 8)
        file.palette = (0..<256).map { [UInt8($0), 0, UInt8(255 - $0)] }
        file.pixels = [255, 3]
        file.coloursUsed = count
        #expect(try FixtureFolder.decoded(file.bytes).samples == [255, 0, 0, 3, 0, 252])
    }

    @Test("A place of the pixels inside of the headers is none: they follow the colours", arguments: [0, 14, 53])
    func place(offset: Int) throws {
        var file = BMPBuilder(width: 1, height: 1, bits: 24)
        file.pixels = [0x0A0B0C]
        var bytes = file.bytes
        bytes.replaceSubrange(10..<14, with: BMPBuilder.little(offset, 4))
        #expect(try FixtureFolder.decoded(bytes).samples == [0x0A, 0x0B, 0x0C])
    }
}
