// SPDX-License-Identifier: Apache-2.0
import RealModule

/// Finds the model whose predicted size is the one aimed at.
///
/// A rough search on a part of the sample tells how coarse the steps have to be, which is all that the choice of an
/// image's size needs. ``refine(_:target:)`` finds the model to encode with.
struct ModelSearch {
    struct Result {
        var model: RateModel
        /// Predicted bytes of the file.
        var bytes: Double
        /// Bytes at the least and the most λ that control may take, over ``bytes``.
        var low = 1.0
        var high = 1.0
        /// Nothing finer is allowed, or there is nothing finer.
        var isFinest = false
        /// The finest steps that are allowed fit.
        var isAtFinestSteps = false
        /// Nothing coarser is allowed, and it is over all the same.
        var isTooLarge = false
    }

    /// A scale that was evaluated: its logarithm, and that of its bytes over the target.
    private struct Point {
        var x: Double
        var y: Double
    }

    /// Sizes go about with the scale to this power.
    private static let slope = -0.75
    private static let slopes = -1.5 ... -0.35
    private static let roughTolerance = 0.02
    private static let tolerance = 0.012
    /// Share of the target under which λ was not enough to fill the gap between two steps.
    private static let filled = 0.997
    private static let roughSteps = 6
    private static let fineSteps = 4
    /// Multiples of λ that fill the gaps between steps.
    private static let lambdas = 0.35...3.5

    private let evaluator: RateEvaluator
    private let scales: ClosedRange<Double>
    private let isGreedy: Bool

    /// - Parameter scales: Finest and coarsest scale allowed.
    init(_ evaluator: RateEvaluator, scales: ClosedRange<Double>, isGreedy: Bool) {
        self.evaluator = evaluator
        self.scales = scales
        self.isGreedy = isGreedy
    }

    private var finest: Double { .log(scales.lowerBound) }
    private var coarsest: Double { .log(scales.upperBound) }
    private var part: Int { evaluator.sample.part }
    private var isExact: Bool { evaluator.sample.isWhole }

    private func bytes(_ scale: Double, lambda: Double = 1, every: Int = 1) throws -> Double {
        try evaluator.estimate(RateModel(scale: scale, lambdaFactor: lambda), every: every).bytes
    }

    /// Predictions by a part of the sample, corrected by what all of it says at one scale.
    private struct Quick {
        let search: ModelSearch
        let correction: Double

        init(_ search: ModelSearch, at scale: Double) throws {
            self.search = search
            guard !search.isExact, search.part > 1 else {
                correction = 1
                return
            }
            correction = try search.bytes(scale) / max(search.bytes(scale, every: search.part), 1)
        }

        func bytes(_ scale: Double, lambda: Double = 1) throws -> Double {
            try search.bytes(scale, lambda: lambda, every: search.isExact ? 1 : search.part) * correction
        }
    }

    private func clamped(_ x: Double) -> Double { min(max(x, finest), coarsest) }

    /// True at an end of the range with nothing further that way.
    private func isAtEnd(_ point: Point) -> Bool {
        point.x <= finest && point.y < 0 || point.x >= coarsest && point.y > 0
    }

    /// How coarse the steps have to be, from a part of the sample.
    /// - Parameter start: A scale to begin with.
    func rough(target: Double, start: Double = 2) throws -> Result {
        var x = clamped(.log(start))
        var slope = Self.slope
        var last: Point?
        var learned: [Double] = []
        for step in 0..<Self.roughSteps {
            if isGreedy, learned.count < 3, learned.last.map({ abs($0 - x) > 0.1 }) ?? true {
                try evaluator.learnCosts(at: RateModel(scale: .exp(x)))
                learned.append(x)
            }
            let point = Point(x: x, y: .log(try bytes(.exp(x), every: part) / target))
            if let last, abs(x - last.x) > 0.02 {
                slope = ((point.y - last.y) / (x - last.x)).clamped(to: Self.slopes)
            }
            last = point
            if isAtEnd(point) || abs(point.y) < Self.roughTolerance && step > 0 { break }
            x = clamped(x - point.y / slope)
        }
        let point = last ?? Point(x: x, y: 0)
        var result = Result(
            model: RateModel(scale: .exp(point.x)), bytes: target * .exp(point.y),
            isAtFinestSteps: point.x <= finest && point.y < Self.roughTolerance,
            isTooLarge: point.x >= coarsest && point.y > 0.02)
        if point.x <= finest && point.y < 0 {
            result.isFinest = try bytes(.exp(point.x), lambda: 0, every: part) <= target
        }
        return result
    }

    /// The model to encode with.
    /// - Parameter result: A rough one for about the same target.
    func refine(_ result: Result, target: Double) throws -> Result {
        let start = clamped(.log(result.model.scale))
        let quick = try Quick(self, at: .exp(start))
        let point = try fineScale(quick, target: target, start: start)
        let found = try adjustLambda(quick, scale: .exp(point.x), size: target * .exp(point.y), target: target)
        guard !found.isFinest, found.bytes < target * Self.filled,
            let finer = try finerScale(quick, than: point.x, target: target)
        else { return found }
        // Finer steps, of which a greater λ leaves as much as there is room for.
        let other = try adjustLambda(quick, scale: .exp(finer.x), size: target * .exp(finer.y), target: target)
        return abs(other.bytes - target) < abs(found.bytes - target) ? other : found
    }

    /// A little finer scale, at which the target is passed, or the finest.
    private func finerScale(_ quick: Quick, than x: Double, target: Double) throws -> Point? {
        for step in [0.02, 0.04, 0.08, 0.16, 0.32, 0.64] where x > finest {
            let finer = clamped(x - step)
            let point = Point(x: finer, y: .log(try quick.bytes(.exp(finer)) / target))
            // At the finest, λ goes down to 0.
            if point.y > 0 || finer <= finest { return point }
        }
        return nil
    }

    /// Another λ at a result's steps, for another target.
    func adjust(_ result: Result, target: Double) throws -> Result {
        let scale = result.model.scale
        let quick = try Quick(self, at: scale)
        let adjusted = try adjustLambda(quick, scale: scale, size: try quick.bytes(scale), target: target)
        return abs(adjusted.bytes / target - 1) < 0.02 ? adjusted : try refine(adjusted, target: target)
    }

    /// The scale nearest to the target of those evaluated.
    private func fineScale(_ quick: Quick, target: Double, start: Double) throws -> Point {
        var x = start
        var best: Point?
        var above: Point?
        var below: Point?
        for _ in 0..<Self.fineSteps {
            let point = Point(x: x, y: .log(try quick.bytes(.exp(x)) / target))
            if abs(point.y) < best.map({ abs($0.y) }) ?? .infinity { best = point }
            if isAtEnd(point) || abs(point.y) < Self.tolerance { break }
            if point.y > 0 { above = point } else { below = point }
            if let above, let below {
                if below.x - above.x < 0.004 { break }
                x = above.x + (below.x - above.x) * (above.y / (above.y - below.y)).clamped(to: 0.1...0.9)
            } else {
                x = clamped(x - point.y / Self.slope)
            }
        }
        return best ?? Point(x: x, y: 0)
    }

    /// Steps are whole numbers, so sizes jump; λ fills the gaps, and goes where no finer steps are left.
    private func adjustLambda(_ quick: Quick, scale: Double, size: Double, target: Double) throws -> Result {
        var best = (factor: 1.0, size: size)
        if scale <= scales.lowerBound * 1.0001 && size < target {
            let largest = try bytes(scale, lambda: 0)
            if largest <= target {
                return Result(model: RateModel(scale: scale, lambdaFactor: 0), bytes: largest, isFinest: true)
            }
            best = try solve(quick, scale, target: target, from: (0, largest), to: best)
        } else if abs(size / target - 1) > (isExact ? 0.0004 : 0.002) {
            let far = size > target ? Self.lambdas.upperBound : Self.lambdas.lowerBound
            let other = (factor: far, size: try quick.bytes(scale, lambda: far))
            if (other.size - target) * (size - target) < 0 {
                best = try solve(quick, scale, target: target, from: best, to: other)
            } else if abs(other.size - target) < abs(size - target) {
                best = other
            }
        }
        var result = Result(
            model: RateModel(scale: scale, lambdaFactor: best.factor), bytes: best.size,
            isTooLarge: scale >= scales.upperBound * 0.9999 && best.size > target * 1.02)
        if !isExact {
            let base = try bytes(scale, lambda: best.factor, every: part)
            result.low = try bytes(scale, lambda: best.factor * Self.lambdas.lowerBound, every: part) / base
            result.high = try bytes(scale, lambda: best.factor * Self.lambdas.upperBound, every: part) / base
        }
        return result
    }

    /// λ between two bounds, by false position on bytes.
    private func solve(
        _ quick: Quick, _ scale: Double, target: Double, from: (factor: Double, size: Double),
        to: (factor: Double, size: Double)
    ) throws -> (factor: Double, size: Double) {
        var (a, b) = from.factor < to.factor ? (from, to) : (to, from)
        // The smaller λ has more bytes.
        var best = abs(a.size - target) < abs(b.size - target) ? a : b
        for _ in 0..<(isExact ? 7 : 2) {
            guard a.size > b.size, abs(best.size / target - 1) > (isExact ? 0.0005 : 0.003) else { break }
            let share = ((a.size - target) / (a.size - b.size)).clamped(to: 0.05...0.95)
            // In between λ counts by its logarithm; from 0 on there is none.
            let factor =
                a.factor > 0
                ? a.factor * .pow(b.factor / a.factor, share) : a.factor + (b.factor - a.factor) * share
            let middle = (factor: factor, size: try quick.bytes(scale, lambda: factor))
            if abs(middle.size - target) < abs(best.size - target) { best = middle }
            if middle.size > target { a = middle } else { b = middle }
        }
        return best
    }
}

extension Double {
    fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}
