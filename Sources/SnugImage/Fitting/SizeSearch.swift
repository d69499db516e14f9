// SPDX-License-Identifier: Apache-2.0

/// Finds the side at which the steps that meet the limit are as coarse as looks best.
///
/// Takes what a size came to and says which to try next; holds no pixels.
struct SizeSearch {
    /// Sides closer than this, one too large and one too small, are as good as each other.
    private static let nearest = 1.05
    /// Sides closer than this are not told apart.
    private static let narrowest = 1.015

    private let target: Double
    /// True where a ceiling is asked for: fewer pixels do not make steps finer than that.
    private let hasCeiling: Bool
    /// The largest share of the side that is known to be too small, the smallest known to be too large.
    private var tooSmall = 0.0
    private var tooLarge = Double.infinity

    /// - Parameters:
    ///   - target: Bytes aimed at.
    ///   - hasCeiling: A quality ceiling is asked for.
    ///   - fullSizeIsTooLarge: Known beforehand.
    init(target: Double, hasCeiling: Bool = false, fullSizeIsTooLarge: Bool) {
        self.target = target
        self.hasCeiling = hasCeiling
        if fullSizeIsTooLarge { tooLarge = 1 }
    }

    /// The smallest share known to be too large: it uses the limit, if with coarser steps than are best.
    var fallback: Double? { tooLarge.isFinite ? tooLarge : nil }

    /// A larger share after one whose finest result left bytes unused; `nil` when none in between is known to be of use.
    mutating func larger(than share: Double) -> Double? {
        tooSmall = max(tooSmall, share)
        guard tooLarge.isFinite, tooLarge / tooSmall > Self.narrowest else { return nil }
        return (tooSmall * tooLarge).squareRoot()
    }

    /// A smaller share after one at which nothing fits; `nil` when none is known to be too small.
    mutating func smaller(than share: Double) -> Double? {
        tooLarge = min(tooLarge, share)
        guard tooSmall > 0, tooLarge / tooSmall > Self.narrowest else { return nil }
        return (tooSmall * tooLarge).squareRoot()
    }

    /// - Parameters:
    ///   - share: Of the planned side.
    ///   - result: What meeting the limit takes there.
    ///   - looksBest: True when the full size looks better than fewer pixels; asked at that size only.
    ///   - bytes: Predicted there for a scale of the steps.
    /// - Returns: The share to try next; `nil` when this one is good.
    mutating func next(
        after share: Double, result: ModelSearch.Result, looksBest: () throws -> Bool,
        bytes: (Double) throws -> Double
    ) rethrows -> Double? {
        let scale = result.model.scale
        let isUnderused = result.isFinest && share < 1
        let isCoarse = share >= 1 ? try !looksBest() : scale > SizeChoice.landing(share)
        let isFineEnough =
            share >= 1 && !isCoarse || share < 1 && SizeChoice.accepts(scale: scale, at: share)
            || hasCeiling && isCoarse && result.isAtFinestSteps
        // Where it looks best all the same, the encoder may find what the prediction did not.
        let mayFit = !result.isTooLarge || share >= 1 && !isCoarse
        if isFineEnough && !isUnderused && mayFit { return nil }
        if scale > SizeChoice.landing(share) && !(hasCeiling && isUnderused) || result.isTooLarge {
            tooLarge = min(tooLarge, share)
        } else {
            tooSmall = max(tooSmall, share)
        }
        if tooLarge / max(tooSmall, 1e-9) < Self.nearest { return isUnderused ? fallback : nil }
        var wanted = try SizeChoice.snapped(
            SizeChoice.side(
                current: share, bytes: bytes(max(SizeChoice.landing(share), hasCeiling && isUnderused ? scale : 0)),
                target: target))
        if wanted <= tooSmall || wanted >= tooLarge {
            wanted =
                tooSmall > 0 && tooLarge.isFinite
                ? (tooSmall * tooLarge).squareRoot()
                : tooSmall > 0 ? min(tooSmall * 1.15, 1) : tooLarge * 0.87
        }
        return abs(wanted / share - 1) < 0.01 ? nil : wanted
    }
}
