// SPDX-License-Identifier: Apache-2.0
import CKernels
import Testing

@testable import SnugImage

@Suite struct RowConversionTests {
    /// Widths on both sides of what the vector loops take at once.
    static let widths = [1, 2, 15, 16, 17, 18, 19, 33, 34, 100, 257]

    private func yCbCr(_ pixels: [UInt8], _ channels: Int, _ level: KernelLevel) -> [[UInt8]] {
        let count = pixels.count / channels
        var luma = [UInt8](repeating: 0, count: count)
        var (cb, cr) = (luma, luma)
        var lumaSpan = luma.mutableSpan
        var cbSpan = cb.mutableSpan
        var crSpan = cr.mutableSpan
        RowConversion.yCbCr(
            of: pixels.span, channels: channels, luma: &lumaSpan, cb: &cbSpan, cr: &crSpan, level: level)
        return [luma, cb, cr]
    }

    private func converted(
        _ count: Int, _ body: (inout MutableSpan<UInt8>) -> Void
    ) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: count)
        var span = out.mutableSpan
        body(&span)
        return out
    }

    @Test("YCbCr is JFIF's formula, rounded", arguments: widths, [3, 4])
    func yCbCrFormula(width: Int, channels: Int) {
        var noise = SampleNoise(seed: UInt64(width))
        let pixels = noise.bytes(width * channels)
        for level in KernelLevel.available {
            let rows = yCbCr(pixels, channels, level)
            for x in 0..<width {
                let (r, g, b) = (
                    Double(pixels[x * channels]), Double(pixels[x * channels + 1]), Double(pixels[x * channels + 2])
                )
                let exact = [
                    0.299 * r + 0.587 * g + 0.114 * b, 128 - 0.168735892 * r - 0.331264108 * g + 0.5 * b,
                    128 + 0.5 * r - 0.418687589 * g - 0.081312411 * b,
                ]
                for c in 0..<3 { #expect(abs(Double(rows[c][x]) - min(exact[c], 255)) <= 0.51) }
            }
        }
    }

    @Test("Every gray keeps its value and has no colour")
    func graysStayGray() {
        let pixels = (0...255).flatMap { [UInt8($0), UInt8($0), UInt8($0)] }
        for level in KernelLevel.available {
            let rows = yCbCr(pixels, 3, level)
            #expect(rows[0] == Array(0...255))
            #expect(rows[1] == [UInt8](repeating: 128, count: 256))
            #expect(rows[2] == rows[1])
        }
    }

    @Test("All instruction sets give the same YCbCr", arguments: widths, [3, 4])
    func yCbCrLevelsAgree(width: Int, channels: Int) {
        var noise = SampleNoise(seed: 9)
        let pixels = noise.bytes(width * channels)
        let portable = yCbCr(pixels, channels, .portable)
        for level in KernelLevel.available {
            #expect(yCbCr(pixels, channels, level) == portable)
        }
    }

    @Test("Flattening rounds to the nearest for every colour, opacity and background")
    func flattenRounds() {
        let opacities = (0...255).flatMap { a in (0...255).map { (UInt8($0), UInt8(a)) } }
        let pixels = opacities.flatMap { [$0.0, $0.1] }
        for background in [0, 1, 128, 255] as [UInt8] {
            for level in KernelLevel.available {
                let colour = RGBColour(red: background, green: 0, blue: 0)
                let out = converted(opacities.count) {
                    RowConversion.flatten(pixels.span, channels: 2, onto: colour, into: &$0, level: level)
                }
                let exact = opacities.map { c, a in
                    (2 * (Int(c) * Int(a) + Int(background) * (255 - Int(a))) + 255) / 510
                }
                #expect(out.map(Int.init) == exact)
            }
        }
    }

    @Test("Each colour is laid on its own background", arguments: widths)
    func flattenColour(width: Int) {
        var noise = SampleNoise(seed: UInt64(width))
        let pixels = noise.bytes(width * 4)
        let background = [10, 200, 77]
        let expected = (0..<width * 3).map { i in
            let (c, a) = (Int(pixels[i / 3 * 4 + i % 3]), Int(pixels[i / 3 * 4 + 3]))
            return (2 * (c * a + background[i % 3] * (255 - a)) + 255) / 510
        }
        for level in KernelLevel.available {
            let out = converted(width * 3) {
                RowConversion.flatten(
                    pixels.span, channels: 4, onto: RGBColour(red: 10, green: 200, blue: 77), into: &$0, level: level)
            }
            #expect(out.map(Int.init) == expected)
        }
    }

    @Test("Mirroring reverses pixels and keeps their samples in order", arguments: widths, 1...4)
    func mirror(width: Int, channels: Int) {
        var noise = SampleNoise(seed: UInt64(width))
        let row = noise.bytes(width * channels)
        let expected = (0..<width).reversed().flatMap { row[$0 * channels..<($0 + 1) * channels] }
        for level in KernelLevel.available {
            let out = converted(row.count) {
                RowConversion.mirror(row.span, channels: channels, into: &$0, level: level)
            }
            #expect(out == expected)
        }
    }
}
