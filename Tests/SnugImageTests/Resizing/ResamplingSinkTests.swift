// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

/// Which planes are passed on, averaged or resampled.
@Suite struct ResamplingSinkTests {
    private func send(
        _ input: [[UInt8]], channels: Int = 1, from source: RasterShape, to target: RasterShape, plane: Int = 0
    ) throws -> [[UInt8]] {
        let recorder = RowRecorder()
        let sink = ResamplingSink(from: source, to: target, next: recorder)
        for row in input { try sink.receive(row.span, plane: plane) }
        return recorder.plane(plane)
    }

    private func noise(width: Int, height: Int, seed: UInt64 = 3) -> [[UInt8]] {
        var noise = SampleNoise(seed: seed)
        return (0..<height).map { _ in noise.bytes(width) }
    }

    private func planar(_ width: Int, _ height: Int, half: Bool) -> RasterShape {
        .planar(width: width, height: height, isGray: false, subsamplesChroma: half)
    }

    @Test("Planes of the target's size pass through untouched", arguments: [true, false])
    func pass(half: Bool) throws {
        let shape = planar(9, 5, half: half)
        for plane in 0..<3 {
            let rows = noise(width: shape.planes[plane].width, height: shape.planes[plane].height)
            #expect(try send(rows, from: shape, to: shape, plane: plane) == rows)
        }
    }

    @Test("Full chroma is averaged to half of it, odd ends standing alone", arguments: [8, 9], [6, 7])
    func halve(width: Int, height: Int) throws {
        let rows = noise(width: width, height: height)
        let halved = try send(
            rows, from: planar(width, height, half: false), to: planar(width, height, half: true), plane: 1)
        #expect(halved.count == (height + 1) / 2 && halved.allSatisfy { $0.count == (width + 1) / 2 })
        for (y, row) in halved.enumerated() {
            for (x, sample) in row.enumerated() {
                let ys = [2 * y, min(2 * y + 1, height - 1)]
                let xs = [2 * x, min(2 * x + 1, width - 1)]
                let mean = ys.flatMap { y in xs.map { Double(rows[y][$0]) } }.reduce(0, +) / 4
                #expect(abs(Double(sample) - mean) <= 0.75)
            }
        }
    }

    @Test("Luma passes while its chroma is halved")
    func lumaPasses() throws {
        let rows = noise(width: 8, height: 4)
        #expect(try send(rows, from: planar(8, 4, half: false), to: planar(8, 4, half: true)) == rows)
    }

    /// One chroma plane with other sizes and extents than those of whole shapes.
    private func single(_ plane: PlaneShape, image: (Int, Int)) -> RasterShape {
        RasterShape(model: .gray, width: image.0, height: image.1, planes: [plane])
    }

    @Test("One axis alone is averaged where only that one is halved")
    func oneWay() throws {
        let rows = noise(width: 4, height: 6)
        let tall = PlaneShape(width: 4, height: 6, extentWidth: 4, extentHeight: 6)
        let low = PlaneShape(width: 4, height: 3, extentWidth: 4, extentHeight: 3)
        let down = try send(rows, from: single(tall, image: (8, 6)), to: single(low, image: (8, 6)))
        for y in 0..<3 {
            for x in 0..<4 {
                let mean = (Double(rows[2 * y][x]) + Double(rows[2 * y + 1][x])) / 2
                #expect(abs(Double(down[y][x]) - mean) <= 0.5)
            }
        }
        let narrow = PlaneShape(width: 2, height: 6, extentWidth: 2, extentHeight: 6)
        let across = try send(rows, from: single(tall, image: (4, 6)), to: single(narrow, image: (4, 6)))
        for y in 0..<6 {
            for x in 0..<2 {
                let mean = (Double(rows[y][2 * x]) + Double(rows[y][2 * x + 1])) / 2
                #expect(abs(Double(across[y][x]) - mean) <= 0.5)
            }
        }
    }

    @Test("Half of an image that shrinks with it is resampled, not averaged")
    func notHalved() throws {
        // The image itself is halved: then luma is filtered as any other size is.
        let flat = [[UInt8]](repeating: [UInt8](repeating: 90, count: 16), count: 16)
        let out = try send(
            flat, from: .interleaved(width: 16, height: 16, channels: 1),
            to: .interleaved(width: 8, height: 8, channels: 1))
        #expect(out == [[UInt8]](repeating: [UInt8](repeating: 90, count: 8), count: 8))
        var step = flat
        for y in step.indices { step[y] = [UInt8](repeating: 0, count: 7) + [UInt8](repeating: 200, count: 9) }
        let filtered = try send(
            step, from: .interleaved(width: 16, height: 16, channels: 1),
            to: .interleaved(width: 8, height: 8, channels: 1))
        // An average has no values but 0, 100 and 200; Lanczos rings beyond the edge.
        #expect(Set(filtered[4]).count > 3)
    }

    @Test("The last channel of two or four is alpha: hidden colours do not bleed", arguments: [2, 4])
    func alpha(channels: Int) throws {
        let visible = [UInt8](repeating: 200, count: channels - 1) + [255]
        let hidden = [UInt8](repeating: 0, count: channels - 1) + [0]
        let row = (0..<16).flatMap { $0 < 8 ? visible : hidden }
        let out = try send(
            [[UInt8]](repeating: row, count: 16), channels: channels,
            from: .interleaved(width: 16, height: 16, channels: channels),
            to: .interleaved(width: 5, height: 5, channels: channels))
        for pixel in stride(from: 0, to: out[2].count, by: channels) where out[2][pixel + channels - 1] > 8 {
            #expect(abs(Int(out[2][pixel]) - 200) <= 2)
        }
    }

    @Test("An error of the next sink reaches the caller")
    func failing() {
        final class Refusing: RowSink {
            func receive(_ row: Span<UInt8>, plane: Int) throws { throw CancellationError() }
        }
        let sink = ResamplingSink(
            from: .interleaved(width: 8, height: 8, channels: 1), to: .interleaved(width: 3, height: 3, channels: 1),
            next: Refusing())
        #expect(throws: CancellationError.self) {
            for _ in 0..<8 { try sink.receive([UInt8](repeating: 1, count: 8).span, plane: 0) }
        }
    }

    @Test("A change of the number of planes traps")
    func trap() async {
        await #expect(processExitsWith: .failure) {
            _ = ResamplingSink(
                from: .planar(width: 4, height: 4, isGray: true, subsamplesChroma: false),
                to: .planar(width: 4, height: 4, isGray: false, subsamplesChroma: false), next: RowRecorder())
        }
    }
}
