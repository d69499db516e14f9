// SPDX-License-Identifier: Apache-2.0
import RealModule

/// Keeps an output on its way to the bytes aimed at, by how readily coefficients are dropped.
///
/// Holds no pixels and writes nothing: takes what was written so far and says which λ comes next.
struct RateController {
    /// Multiples of λ that it goes through step by step.
    private static let levels = [0.35, 0.5, 0.65, 0.8, 0.9, 1, 1.12, 1.3, 1.6, 2.2, 3.5]
    private static let middle = 5
    /// The share of the image at its end where only more is dropped, in steps of any size.
    private static let endgame = 0.1
    /// Share of the image before the first step.
    private static let warmUp = 0.04

    private let base: RateModel
    private let target: Double
    private let limit: Double
    private let predicted: Double
    private let low: Double
    private let high: Double
    private let gains: [Double]
    private var level = middle
    /// Predicted bytes up to the last update, by the levels that were in use.
    private var expectedSoFar = 0.0
    /// The share of the output that was expected to be written at the last update.
    private(set) var share = 0.0

    /// - Parameters:
    ///   - base: The model chosen, predicted to take `predicted` bytes.
    ///   - low: Bytes at the first level over those at the middle one; `high`, at the last.
    init(base: RateModel, predicted: Double, low: Double, high: Double, target: Double, limit: Double) {
        self.base = base
        self.target = target
        self.limit = limit
        self.predicted = predicted
        self.low = low
        self.high = high
        gains = Self.levels.map { factor in
            factor < 1
                ? 1 + (low - 1) * Double.log(factor) / .log(Self.levels[0])
                : 1 + (high - 1) * Double.log(factor) / .log(Self.levels[Self.levels.count - 1])
        }
    }

    /// The model to go on with.
    var model: RateModel { model(factor: Self.levels[level]) }

    /// Bytes over those of the middle level, as they were expected from a point up to now.
    func meanGain(since mark: RateController) -> Double {
        (expectedSoFar - mark.expectedSoFar) / max((share - mark.share) * predicted, 1)
    }

    /// The multiple of λ that takes so many times the bytes of the middle level; `nil` where λ has no such effect.
    func factor(gain: Double) -> Double? {
        let (bound, effect) = gain > 1 ? (Self.levels[0], low - 1) : (Self.levels[Self.levels.count - 1], high - 1)
        guard gain > 1 ? effect > 0.005 : effect < -0.005 else { return nil }
        return Double.pow(bound, (gain - 1) / effect)
    }

    /// The model at a multiple of λ.
    func model(factor: Double) -> RateModel {
        RateModel(scale: base.scale, lambdaFactor: base.lambdaFactor * factor)
    }

    /// Takes the bytes written when `share` of the output was expected to be.
    /// - Returns: Whether ``model`` has changed.
    mutating func update(spent: Double, share: Double) -> Bool {
        expectedSoFar += (share - self.share) * predicted * gains[level]
        self.share = share
        let left = 1 - share
        guard share > Self.warmUp, left > 0.0005, expectedSoFar > 0 else { return false }
        // What was mispredicted so far is expected of the rest too, the more so the more has been seen.
        let drift = 1 + (spent / expectedSoFar - 1) * share
        func projection(_ level: Int) -> Double { spent + predicted * gains[level] * drift * left }
        let before = level
        if left > Self.endgame {
            let wanted = Self.levels.indices.min { cost(projection($0), $0) < cost(projection($1), $1) } ?? level
            level += (wanted - level).signum()
        } else if projection(level) > limit * 0.998 {
            while level < Self.levels.count - 1, projection(level) > limit * 0.9975 { level += 1 }
        }
        return level != before
    }

    private func cost(_ projection: Double, _ candidate: Int) -> Double {
        let error = projection - target
        return (error > 0 ? error * 2 : -error) + Double(abs(candidate - level)) * target * 2e-4
    }
}
