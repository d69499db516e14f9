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
}
