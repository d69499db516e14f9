// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Rows that are rounded so that filters predict them.
@Suite struct PNGRoundingTests {
    /// Smooth content with grain; alpha has whole and half transparency, and extremes come in every channel.
    private func plane(channels: Int, width: Int, height: Int, seed: UInt64) -> Plane {
        var random = SeededGenerator(seed: seed)
        let plane = Plane(width: width, height: height, channels: channels)
        for y in 0..<height {
            var row = plane.mutableRow(y)
            for x in 0..<width {
                for channel in 0..<channels {
                    let isAlpha = channels.isMultiple(of: 2) && channel == channels - 1
                    let smooth = 3 * x + 5 * y + 40 * channel + Int.random(in: -9...9, using: &random)
                    let level = Int.random(in: 0..<12, using: &random) == 0 ? [0, 255, 1, 254][x % 4] : smooth % 256
                    row[x * channels + channel] = UInt8(
                        clamping: isAlpha ? [0, 255, 255, max(level, 0)][(x / 3 + y / 2) % 4] : max(level, 0))
                }
            }
        }
        return plane
    }

    private func reduction(_ plane: Plane) -> PNGReduction { PNGReduction(of: plane, usesPalette: false) }

    private func decoded(_ lines: PNGScanlines) throws -> DecodedPNG {
        let bytes = try #require(try DeflatedPNG.encode(lines, level: 6))
        #expect(try PNGDecoder.verify(ImageSource(bytes: bytes)).isSound)
        return try DecodedPNG(bytes)
    }

    @Test("Samples are off by half a step at most, and wholly opaque or transparent stays so", arguments: 1...4)
    func bound(channels: Int) throws {
        let hasAlpha = channels.isMultiple(of: 2)
        for (width, height) in [(1, 1), (1, 9), (2, 3), (17, 11), (150, 40)] {
            let plane = plane(channels: channels, width: width, height: height, seed: UInt64(width))
            let reduction = reduction(plane)
            guard reduction.layout.channels == channels, reduction.layout.bits == 8 else { continue }
            for step in [2, 3, 4, 5, 7, 8, 12, 33, 64] {
                let pixels = try decoded(PNGScanlines(rounding: plane, reduction: reduction, step: step)).pixels
                var worst = 0
                var keepsExtremes = true
                for y in 0..<height {
                    let row = plane.row(y)
                    for x in row.indices {
                        let (was, became) = (Int(row[x]), Int(pixels[y * row.count + x]))
                        let alpha = hasAlpha ? Int(row[x / channels * channels + channels - 1]) : 255
                        if hasAlpha, x % channels == channels - 1, was == 0 || was == 255 {
                            keepsExtremes = keepsExtremes && was == became
                        }
                        if alpha > 0 { worst = max(worst, abs(was - became)) }
                    }
                }
                #expect(worst <= step / 2 && keepsExtremes, "\(width)x\(height), step \(step)")
            }
        }
    }

    @Test("All levels give the same bytes", arguments: 1...4)
    func levels(channels: Int) {
        let plane = plane(channels: channels, width: 201, height: 30, seed: 9)
        let reduction = reduction(plane)
        for step in [2, 3, 6, 31] {
            let lines = KernelLevel.available.map {
                PNGScanlines(rounding: plane, reduction: reduction, step: step, level: $0).bytes
            }
            #expect(Set(lines).count == 1)
        }
    }

    @Test("Coarser steps take fewer bytes, and all but the finest fewer than none")
    func bytes() throws {
        let plane = DrawnImage.scene(width: 240, height: 160, channels: 4, grain: 8)
        let reduction = reduction(plane)
        let exact = try #require(try PNGLosslessEncoder.encode(plane, byteLimit: .max, effort: .quick)).count
        let sizes = try [2, 4, 8, 16].map { step in
            try DeflatedPNG.deflatedByteCount(
                PNGScanlines(rounding: plane, reduction: reduction, step: step), level: 6)
        }
        #expect(sizes[1] < exact && zip(sizes, sizes.dropFirst()).allSatisfy { $0 > $1 })
    }

    @Test("What cannot be seen costs next to nothing")
    func transparency() throws {
        var random = SeededGenerator(seed: 4)
        let plane = Plane(width: 64, height: 64, channels: 4)
        for y in 0..<64 {
            var row = plane.mutableRow(y)
            for x in row.indices { row[x] = x % 4 == 3 ? (y < 2 ? 255 : 0) : .random(in: 0...255, using: &random) }
        }
        let lines = PNGScanlines(rounding: plane, reduction: reduction(plane), step: 4)
        #expect(try DeflatedPNG.deflatedByteCount(lines, level: 6) < 700)
        let alphas = try decoded(lines).pixels.enumerated().filter { $0.offset % 4 == 3 }.map(\.element)
        #expect(alphas == [UInt8](repeating: 255, count: 128) + [UInt8](repeating: 0, count: 62 * 64))
    }
}
