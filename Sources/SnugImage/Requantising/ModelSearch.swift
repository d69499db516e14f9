// SPDX-License-Identifier: Apache-2.0
import RealModule

/// Finds the model whose predicted size is the one aimed at.
struct ModelSearch {
    struct Result {
        var model: RateModel
        /// Predicted bytes of the file.
        var bytes: Double
        /// Bytes at the least and the most λ that control may take, over ``bytes``.
        var low: Double
        var high: Double
        /// Nothing finer is allowed, or there is nothing finer.
        var isFinest = false
        /// Nothing coarser is allowed, and it is over all the same.
        var isTooLarge = false
    }

    /// Sizes go about with the scale to this power.
    private static let slope = -0.75
    private static let tolerance = 0.008
    private static let mostSteps = 9

    private let evaluator: RateEvaluator
    private let scales: ClosedRange<Double>
    private let isGreedy: Bool

    /// - Parameter scales: Finest and coarsest scale allowed.
    init(_ evaluator: RateEvaluator, scales: ClosedRange<Double>, isGreedy: Bool) {
        self.evaluator = evaluator
        self.scales = scales
        self.isGreedy = isGreedy
    }

    /// - Parameter start: A scale to begin with.
    func search(target: Double, start: Double = 2) throws -> Result {
        let scale = try findScale(target: target, start: min(max(start, scales.lowerBound), scales.upperBound))
        return try adjustLambda(scale: scale, target: target)
    }

    private func bytes(_ scale: Double, lambda: Double = 1, every: Int = 1) throws -> Double {
        try evaluator.estimate(RateModel(scale: scale, lambdaFactor: lambda), every: every).bytes
    }

    private func findScale(target: Double, start: Double) throws -> Double {
        let (finest, coarsest) = (Double.log(scales.lowerBound), Double.log(scales.upperBound))
        var x = Double.log(start)
        // Logarithms of scale and of bytes over target: above it, and below.
        var above: (x: Double, y: Double)?
        var below: (x: Double, y: Double)?
        if isGreedy { try evaluator.learnCosts(at: RateModel(scale: start)) }
        for step in 0..<Self.mostSteps {
            let y = Double.log(try bytes(.exp(x), every: step == 0 ? 2 : 1) / target)
            if abs(y) < Self.tolerance && step >= 2 { break }
            // At an end of the range there is nothing further that way.
            if x <= finest && y < 0 || x >= coarsest && y > 0 { break }
            if isGreedy && step < 3 { try evaluator.learnCosts(at: RateModel(scale: .exp(x))) }
            if step >= 2 {
                if y > 0 { above = (x, y) } else { below = (x, y) }
            }
            if let above, let below {
                if below.x - above.x < 0.004 { break }
                let share = min(max(above.y / (above.y - below.y), 0.1), 0.9)
                x = above.x + (below.x - above.x) * share
            } else {
                x -= y / Self.slope
            }
            x = min(max(x, finest), coarsest)
        }
        return .exp(x)
    }

    /// Steps are whole numbers, so sizes jump; λ fills the gaps, and goes where no finer steps are left.
    private func adjustLambda(scale: Double, target: Double) throws -> Result {
        var factor = 1.0
        var size = try bytes(scale)
        let isAtFinest = scale <= scales.lowerBound * 1.0001
        if isAtFinest && size < target {
            let finest = try bytes(scale, lambda: 0)
            if finest <= target {
                return Result(
                    model: RateModel(scale: scale, lambdaFactor: 0), bytes: finest, low: 1, high: 1, isFinest: true)
            }
            (factor, size) = try solve(scale, target: target, from: (0, finest), to: (1, size))
        } else {
            let far = size > target ? 3.5 : 0.35
            let other = try bytes(scale, lambda: far)
            if (other - target) * (size - target) < 0 {
                (factor, size) = try solve(scale, target: target, from: (1, size), to: (far, other))
            } else if abs(other - target) < abs(size - target) {
                (factor, size) = (far, other)
            }
        }
        let half = 2
        let base = try bytes(scale, lambda: factor, every: half)
        let low = try bytes(scale, lambda: factor * 0.35, every: half) / base
        let high = try bytes(scale, lambda: factor * 3.5, every: half) / base
        return Result(
            model: RateModel(scale: scale, lambdaFactor: factor), bytes: size, low: low, high: high,
            isTooLarge: scale >= scales.upperBound * 0.9999 && size > target * 1.02)
    }

    /// λ between two bounds, by false position on bytes.
    private func solve(
        _ scale: Double, target: Double, from: (Double, Double), to: (Double, Double)
    ) throws -> (Double, Double) {
        var (a, b) = from.0 < to.0 ? (from, to) : (to, from)
        // The smaller λ has more bytes.
        var best = abs(a.1 - target) < abs(b.1 - target) ? a : b
        for _ in 0..<(evaluator.sample.isWhole ? 7 : 3) {
            guard a.1 > b.1, abs(best.1 / target - 1) > (evaluator.sample.isWhole ? 0.0005 : 0.002) else { break }
            let share = min(max((a.1 - target) / (a.1 - b.1), 0.05), 0.95)
            let factor = a.0 + (b.0 - a.0) * share
            let size = try bytes(scale, lambda: factor)
            if abs(size - target) < abs(best.1 - target) { best = (factor, size) }
            if size > target { a = (factor, size) } else { b = (factor, size) }
        }
        return best
    }
}
