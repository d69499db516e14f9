// SPDX-License-Identifier: Apache-2.0
import CKernels
import RealModule
import Testing

@testable import SnugImage

/// The weights of one axis, against the filter's formula.
@Suite struct AxisWeightsTests {
    private static let one = 1 << SNUG_WEIGHT_BITS

    private func lanczos(_ x: Double) -> Double {
        if abs(x) < 1e-9 { return 1 }
        if abs(x) >= 3 { return 0 }
        func sinc(_ x: Double) -> Double { Double.sin(.pi * x) / (.pi * x) }
        return sinc(x) * sinc(x / 3)
    }

    /// The weights of one target pixel by the formula, for all source pixels.
    private func exact(source: Int, target: Int, index: Int) -> [Double] {
        let ratio = Double(source) / Double(target)
        let scale = max(ratio, 1)
        let centre = (Double(index) + 0.5) * ratio
        let raw = (0..<source).map { lanczos((Double($0) + 0.5 - centre) / scale) }
        let sum = raw.reduce(0, +)
        return raw.map { $0 / sum }
    }

    private func weights(_ axis: borrowing AxisWeights, source: Int, index: Int) -> [Double] {
        var all = [Double](repeating: 0, count: source)
        let start = Int(axis.starts.span[index])
        for tap in 0..<axis.taps {
            let weight = Int(axis.weights.span[index * axis.taps + tap])
            if weight != 0 { all[start + tap] += Double(weight) / Double(Self.one) }
        }
        return all
    }

    static let sizes = [(1, 1), (1, 9), (9, 1), (7, 7), (20, 13), (13, 20), (100, 3), (3, 100), (640, 61), (1000, 999)]

    @Test("Every weight is the formula's, rounded", arguments: sizes)
    func formula(source: Int, target: Int) {
        let axis = AxisWeights(
            sourceCount: source, targetCount: target, origin: 0, length: Double(source),
            tapMultiple: 4)
        #expect(axis.count == target)
        var worst = 0.0
        for index in 0..<target {
            let expected = exact(source: source, target: target, index: index)
            for (a, b) in zip(weights(axis, source: source, index: index), expected) { worst = max(worst, abs(a - b)) }
        }
        #expect(worst * Double(Self.one) <= 1.01)
    }

    @Test("The weights of a pixel sum to one exactly", arguments: sizes)
    func sums(size: (Int, Int)) {
        let axis = AxisWeights(
            sourceCount: size.0, targetCount: size.1, origin: 0, length: Double(size.0),
            tapMultiple: 16)
        for index in 0..<size.1 {
            let sum = (0..<axis.taps).reduce(0) { $0 + Int(axis.weights.span[index * axis.taps + $1]) }
            #expect(sum == Self.one)
        }
    }

    @Test("Taps are a multiple as asked, and no fewer than are needed", arguments: [1, 2, 4, 16], sizes)
    func taps(multiple: Int, size: (Int, Int)) {
        let axis = AxisWeights(
            sourceCount: size.0, targetCount: size.1, origin: 0, length: Double(size.0),
            tapMultiple: multiple)
        #expect(axis.taps.isMultiple(of: multiple) && axis.taps >= axis.reach && axis.taps < axis.reach + multiple)
        for index in 0..<size.1 {
            #expect(axis.ends[index] - Int(axis.starts.span[index]) <= axis.reach)
            #expect((1...size.0).contains(axis.ends[index]) && axis.starts.span[index] >= 0)
            if index > 0 {
                #expect(axis.starts.span[index] >= axis.starts.span[index - 1])
                #expect(axis.ends[index] >= axis.ends[index - 1])
            }
        }
    }

    @Test("An extent shifts the centres", arguments: [0.25, 1.5, 3])
    func origin(origin: Double) {
        let shifted = AxisWeights(
            sourceCount: 20, targetCount: 5, origin: origin, length: 10, tapMultiple: 1)
        for index in 0..<5 {
            let centre = origin + (Double(index) + 0.5) * 2
            let raw = (0..<20).map { lanczos((Double($0) + 0.5 - centre) / 2) }
            let sum = raw.reduce(0, +)
            for (a, b) in zip(weights(shifted, source: 20, index: index), raw) {
                #expect(abs(a - b / sum) * Double(Self.one) <= 1.01)
            }
        }
    }

    @Test("Three lobes, stretched with the ratio, are in reach")
    func radii() {
        #expect(ScaledKernel(scale: 1).radius == 3 && ScaledKernel(scale: 2.5).radius == 7.5)
    }

    @Test("The filter keeps low waves, halves that of the highest frequency and leaves nothing of twice that")
    func response() {
        #expect(abs(ScaledKernel.response(0) - 1) < 1e-6)
        #expect(abs(ScaledKernel.response(0.5) - 1) < 0.03)
        #expect(abs(ScaledKernel.response(1) - 0.5) < 0.02)
        #expect(abs(ScaledKernel.response(2)) < 0.03)
        #expect(ScaledKernel.response(-0.7) == ScaledKernel.response(0.7))
    }
}
