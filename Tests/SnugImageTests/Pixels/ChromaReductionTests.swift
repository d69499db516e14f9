// SPDX-License-Identifier: Apache-2.0
import CKernels
import Testing

@testable import SnugImage

@Suite struct ChromaReductionTests {
    private func reduced(_ count: Int, _ body: (inout MutableSpan<UInt8>) -> Void) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: count)
        var span = out.mutableSpan
        body(&span)
        return out
    }

    private func squares(_ upper: [UInt8], _ lower: [UInt8], _ level: KernelLevel) -> [UInt8] {
        reduced((upper.count + 1) / 2) {
            ChromaReduction.halveBoth(upper.span, lower.span, into: &$0, level: level)
        }
    }

    @Test("Averages are within one rounding of exact, odd ends included", arguments: RowConversionTests.widths)
    func averages(width: Int) {
        var noise = SampleNoise(seed: UInt64(width))
        let upper = noise.bytes(width)
        let lower = noise.bytes(width)
        for level in KernelLevel.available {
            let both = squares(upper, lower, level)
            let across = reduced((width + 1) / 2) {
                ChromaReduction.halveHorizontally(upper.span, into: &$0, level: level)
            }
            let down = reduced(width) {
                ChromaReduction.halveVertically(upper.span, lower.span, into: &$0, level: level)
            }
            for i in both.indices {
                let (a, b) = (2 * i, min(2 * i + 1, width - 1))
                let pair = (Double(upper[a]) + Double(upper[b])) / 2
                #expect(abs(Double(across[i]) - pair) <= 0.5)
                #expect(abs(Double(both[i]) - (pair + (Double(lower[a]) + Double(lower[b])) / 2) / 2) <= 0.5)
            }
            for i in down.indices {
                #expect(abs(Double(down[i]) - (Double(upper[i]) + Double(lower[i])) / 2) <= 0.5)
            }
        }
    }

    @Test("All instruction sets round alike", arguments: RowConversionTests.widths)
    func levelsAgree(width: Int) {
        var noise = SampleNoise(seed: UInt64(width))
        let upper = noise.bytes(width)
        let lower = noise.bytes(width)
        for level in KernelLevel.available {
            #expect(squares(upper, lower, level) == squares(upper, lower, .portable))
        }
    }

    @Test("Noise keeps its mean: halves do not all round the same way")
    func unbiased() {
        var noise = SampleNoise(seed: 4)
        let upper = noise.bytes(200_000)
        let lower = noise.bytes(200_000)
        func mean(_ samples: [UInt8]) -> Double { samples.reduce(0) { $0 + Double($1) } / Double(samples.count) }
        let exact = (mean(upper) + mean(lower)) / 2
        #expect(abs(mean(squares(upper, lower, .best)) - exact) < 0.01)
        let down = reduced(upper.count) { ChromaReduction.halveVertically(upper.span, lower.span, into: &$0) }
        #expect(abs(mean(down) - exact) < 0.01)
        let across = reduced(upper.count / 2) { ChromaReduction.halveHorizontally(upper.span, into: &$0) }
        #expect(abs(mean(across) - mean(upper)) < 0.01)
    }
}
