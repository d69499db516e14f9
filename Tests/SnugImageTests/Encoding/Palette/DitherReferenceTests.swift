// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

/// Mapping to a palette pixel by pixel, against a search and a diffusion of errors written out in Swift.
@Suite struct DitherReferenceTests {
    private let cancellation = CancellationFlag()

    private static func plane(_ width: Int, _ height: Int, channels: Int, seed: UInt64) -> Plane {
        var random = SeededGenerator(seed: seed)
        let plane = Plane(width: width, height: height, channels: channels)
        for y in 0..<height {
            var row = plane.mutableRow(y)
            for x in 0..<width {
                for channel in 0..<channels {
                    row[x * channels + channel] = UInt8(clamping: (x * 5 + y * 3 * (channel + 1)) % 300 - 20)
                }
                // Alpha, with pixels that do not show.
                if channels.isMultiple(of: 2) {
                    row[x * channels + channels - 1] =
                        [0, 255, 255, .random(in: 1...254, using: &random)].randomElement(using: &random) ?? 0
                }
            }
        }
        return plane
    }

    /// Red, green, blue and alpha; what does not show has no colour.
    private static func pixel(_ row: Span<UInt8>, _ x: Int, channels: Int) -> [Int] {
        let samples = (0..<channels).map { Int(row[x * channels + $0]) }
        let rgba =
            switch channels {
            case 1: [samples[0], samples[0], samples[0], 255]
            case 2: [samples[0], samples[0], samples[0], samples[1]]
            case 3: samples + [255]
            default: samples
            }
        return rgba[3] == 0 ? [0, 0, 0, 0] : rgba
    }

    private static func rgba(_ colour: UInt32) -> [Int] { [24, 16, 8, 0].map { Int(colour >> UInt32($0) & 255) } }

    /// Distances between colours go with the weights of luma, multiplied by their opacity.
    private static func distance(_ one: [Int], _ other: [Int]) -> Double {
        func square(_ channel: Int, _ weight: Double) -> Double {
            let error = Double(one[channel] * one[3] - other[channel] * other[3]) / 255 * weight
            return error * error
        }
        let transparency = Double(one[3] - other[3])
        return square(0, 0.75) + square(1, 1) + square(2, 0.55) + transparency * transparency
    }

    @Test("Without dithering each pixel has an entry that none is nearer than", arguments: 1...4, [2, 17, 90])
    func nearest(channels: Int, count: Int) throws {
        let plane = Self.plane(31, 11, channels: channels, seed: UInt64(count))
        let (palette, colours) = try PaletteQuantiser(plane, cancellation: cancellation).palette(count)
        let mapped = try PaletteMapper(palette, cancellation: cancellation).map(plane, dithers: false)
        let entries = colours.map(Self.rgba)
        for y in 0..<plane.height {
            for x in 0..<plane.width {
                let pixel = Self.pixel(plane.row(y), x, channels: channels)
                let chosen = Self.distance(pixel, entries[Int(mapped.row(y)[x])])
                let least = entries.map { Self.distance(pixel, $0) }.min() ?? 0
                #expect(chosen <= least * 1.0001 + 0.01)
            }
        }
    }

    /// Floyd and Steinberg's weights, rows in alternating directions, four fifths of each error passed on, errors longer than
    /// 32 cut to that; what does not show takes no error and gives none.
    private static func diffused(_ plane: Plane, _ entries: [[Int]]) -> [[Int]] {
        let channels = plane.channels
        var errors = [[[Float]]](
            repeating: [[Float]](repeating: [0, 0, 0, 0], count: plane.width + 2), count: plane.height + 1)
        var result = [[Int]](repeating: [Int](repeating: 0, count: plane.width), count: plane.height)
        for y in 0..<plane.height {
            let step = y.isMultiple(of: 2) ? 1 : -1
            for x in step > 0 ? Array(0..<plane.width) : Array((0..<plane.width).reversed()) {
                let pixel = pixel(plane.row(y), x, channels: channels)
                guard pixel[3] > 0 else {
                    result[y][x] = nearestIndex([0, 0, 0, 0], entries)
                    continue
                }
                let wanted = (0..<4).map { Float(pixel[$0]) + errors[y][x + 1][$0] * 0.8 }
                let shown = wanted.map { Int(min(max($0, 0), 255) + 0.5) }
                let index = nearestIndex(shown[3] == 0 ? [0, 0, 0, 0] : shown, entries)
                result[y][x] = index
                var error = (0..<4).map { wanted[$0] - Float(entries[index][$0]) }
                let length = error.reduce(0) { $0 + $1 * $1 }.squareRoot()
                if length > 32 { error = error.map { $0 * 32 / length } }
                for channel in 0..<4 {
                    errors[y][x + 1 + step][channel] += error[channel] * 7 / 16
                    errors[y + 1][x + 1 - step][channel] += error[channel] * 3 / 16
                    errors[y + 1][x + 1][channel] += error[channel] * 5 / 16
                    errors[y + 1][x + 1 + step][channel] += error[channel] * 1 / 16
                }
            }
        }
        return result
    }

    private static func nearestIndex(_ pixel: [Int], _ entries: [[Int]]) -> Int {
        let distances = entries.map { distance(pixel, $0) }
        return distances.indices.min { distances[$0] < distances[$1] } ?? 0
    }

    @Test("Errors are diffused by Floyd and Steinberg's weights, back and forth", arguments: 1...4)
    func dithered(channels: Int) throws {
        let plane = Self.plane(30, 13, channels: channels, seed: 9)
        let (palette, colours) = try PaletteQuantiser(plane, cancellation: cancellation).palette(7)
        let mapped = try PaletteMapper(palette, cancellation: cancellation).map(plane, dithers: true)
        let expected = Self.diffused(plane, colours.map(Self.rgba))
        var equal = 0
        for y in 0..<plane.height {
            for x in 0..<plane.width where Int(mapped.row(y)[x]) == expected[y][x] { equal += 1 }
        }
        // Two entries as near as each other may change places, and what follows with them.
        #expect(equal * 100 >= plane.width * plane.height * 95, "\(equal) of \(plane.width * plane.height)")
    }

    @Test("A palette of a colour for each pixel loses nothing, however the image is dithered", arguments: [3, 4])
    func exact(channels: Int) throws {
        let plane = Self.plane(12, 9, channels: channels, seed: 2)
        let (palette, colours) = try PaletteQuantiser(plane, cancellation: cancellation).palette(256)
        for dithers in [false, true] {
            let mapped = try PaletteMapper(palette, cancellation: cancellation).map(plane, dithers: dithers)
            for y in 0..<plane.height {
                for x in 0..<plane.width {
                    let shown = Self.rgba(colours[Int(mapped.row(y)[x])])
                    #expect(shown == Self.pixel(plane.row(y), x, channels: channels))
                }
            }
        }
    }

    @Test("More entries are never worse, and few are about as good as an even grid of colours", arguments: [3, 4])
    func quality(channels: Int) throws {
        let plane = DrawnImage.scene(width: 36, height: 24, channels: channels)
        func loss(_ entries: [[Int]], _ indices: (Int, Int) -> Int) -> Double {
            var sum = 0.0
            for y in 0..<plane.height {
                for x in 0..<plane.width {
                    sum += Self.distance(Self.pixel(plane.row(y), x, channels: channels), entries[indices(x, y)])
                }
            }
            return sum
        }
        var losses: [Double] = []
        for count in [8, 64, 200] {
            let (palette, colours) = try PaletteQuantiser(plane, cancellation: cancellation).palette(count)
            let mapped = try PaletteMapper(palette, cancellation: cancellation).map(plane, dithers: false)
            losses.append(loss(colours.map(Self.rgba)) { Int(mapped.row($1)[$0]) })
        }
        for (fewer, more) in zip(losses, losses.dropFirst()) { #expect(more < fewer) }
        guard channels == 3 else { return }
        // Four levels of each channel, and the nearest of these 64.
        let levels = [32, 96, 160, 224]
        let grid = levels.flatMap { r in levels.flatMap { g in levels.map { [r, g, $0, 255] } } }
        let even = loss(grid) { x, y in Self.nearestIndex(Self.pixel(plane.row(y), x, channels: channels), grid) }
        #expect(losses[1] < even * 0.6)
    }
}
