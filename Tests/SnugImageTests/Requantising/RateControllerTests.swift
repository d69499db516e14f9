// SPDX-License-Identifier: Apache-2.0
import RealModule
import Testing

@testable import SnugImage

@Suite struct RateControllerTests {
    /// Bytes written at the end when the image takes `factor` times what was predicted.
    private func finalBytes(target: Double, factor: Double, skew: Double = 0) -> Double {
        var controller = RateController(
            base: RateModel(scale: 2), predicted: 1_000_000, low: 1.12, high: 0.78, target: target,
            limit: 1_000_000)
        let rows = 400
        var spent = 0.0
        for row in 0..<rows {
            let lambda = controller.model.lambdaFactor
            let gain =
                lambda < 1
                ? 1 + 0.12 * Double.log(lambda) / .log(0.35) : 1 - 0.22 * Double.log(lambda) / .log(3.5)
            let content = 1 + skew * (Double(row) / Double(rows) - 0.5)
            spent += 1_000_000 * factor * gain * content / Double(rows)
            _ = controller.update(spent: spent, share: Double(row + 1) / Double(rows))
        }
        return spent
    }

    @Test("Mispredictions of some percent are steered back to the target", arguments: [0.95, 0.98, 1, 1.03, 1.08])
    func steers(factor: Double) {
        let bytes = finalBytes(target: 996_500, factor: factor)
        #expect(bytes <= 1_000_000 && bytes > 985_000)
    }

    @Test("What is predicted right is left alone")
    func calm() {
        var controller = RateController(
            base: RateModel(scale: 2), predicted: 996_500, low: 1.12, high: 0.78, target: 996_500, limit: 1_000_000)
        for row in 1...400 {
            let changes = controller.update(spent: 996_500 * Double(row) / 400, share: Double(row) / 400)
            #expect(!changes)
        }
        #expect(controller.model == RateModel(scale: 2))
    }

    @Test("Content that drifts from top to bottom ends under the limit", arguments: [-0.1, 0.1])
    func drifts(skew: Double) {
        #expect(finalBytes(target: 996_500, factor: 1, skew: skew) <= 1_000_000)
    }

    @Test("The λ that an end of known bytes asks for is the one whose effect that is")
    func ends() throws {
        var controller = RateController(
            base: RateModel(scale: 2, lambdaFactor: 1.5), predicted: 1_000_000, low: 1.12, high: 0.78,
            target: 996_500, limit: 1_000_000)
        for (gain, factor) in [(1.12, 0.35), (1, 1), (0.78, 3.5)] {
            #expect(abs(try #require(controller.factor(gain: gain)) - factor) < 1e-9)
        }
        #expect(controller.model(factor: 0.5) == RateModel(scale: 2, lambdaFactor: 0.75))
        let mark = controller
        for row in 1...50 { _ = controller.update(spent: 10_000 * Double(row), share: Double(row) / 100) }
        #expect(controller.share == 0.5 && abs(controller.meanGain(since: mark) - 1) < 0.02)
        let dull = RateController(
            base: RateModel(scale: 2), predicted: 1_000, low: 1.001, high: 0.999, target: 1_000, limit: 1_000)
        #expect(dull.factor(gain: 1.01) == nil && dull.factor(gain: 0.99) == nil)
    }
}
