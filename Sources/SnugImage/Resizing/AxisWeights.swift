// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Which source pixels make each target pixel along one axis, and with what weights.
///
/// Weights are fixed point and those of one target pixel sum to exactly `1 << SNUG_WEIGHT_BITS`, so that a flat area
/// keeps its value.
struct AxisWeights: ~Copyable {
    /// Target pixels.
    let count: Int
    /// Weights stored for each target pixel, unused ones being 0.
    let taps: Int
    /// The most source pixels that one target pixel really needs.
    let reach: Int
    /// First source pixel of each target pixel; never decreases.
    let starts: AlignedSamples<Int32>
    /// One past the last source pixel of each target pixel; never decreases.
    let ends: [Int]
    /// `taps` weights for each target pixel.
    let weights: AlignedSamples<Int16>

    /// Computes the weights.
    ///
    /// - Parameters:
    ///   - sourceCount: Pixels that exist along this axis. The filter is cut at both ends and what is left of it
    ///     scaled up, as if the edge pixels' surroundings looked like what the filter still sees.
    ///   - origin: Where the target begins, in source pixels.
    ///   - length: How many source pixels the target covers.
    ///   - tapMultiple: `taps` is rounded up to a multiple of this, for the vector loops.
    init(sourceCount: Int, targetCount: Int, origin: Double, length: Double, tapMultiple: Int) {
        precondition(sourceCount > 0 && targetCount > 0 && length > 0)
        let ratio = length / Double(targetCount)
        // The last sample of subsampled chroma may stand half outside the image.
        precondition(origin >= 0 && origin + length <= Double(sourceCount) + ratio, "extent outside the plane")
        let scaled = ScaledKernel(scale: max(ratio, 1))
        let axis = (0..<targetCount).map { target in
            let centre = origin + (Double(target) + 0.5) * ratio
            return (centre, Self.pixels(around: centre, radius: scaled.radius, sourceCount: sourceCount))
        }
        count = targetCount
        reach = axis.reduce(1) { max($0, $1.1.count) }
        taps = (reach + tapMultiple - 1) / tapMultiple * tapMultiple
        ends = axis.map { $0.1.upperBound }
        var starts = AlignedSamples<Int32>(count: targetCount)
        var weights = AlignedSamples<Int16>(count: targetCount * taps)
        var exact: [Double] = []
        exact.reserveCapacity(reach)
        for (target, (centre, pixels)) in axis.enumerated() {
            var startSpan = starts.mutableSpan
            startSpan[target] = Int32(clamping: pixels.lowerBound)
            exact.removeAll(keepingCapacity: true)
            scaled.appendWeights(of: pixels, centre: centre, to: &exact)
            var weightSpan = weights.mutableSpan
            Self.quantise(exact, into: &weightSpan, at: target * taps)
        }
        self.starts = starts
        self.weights = weights
    }

    /// The pixels whose centres are within `radius` of `centre`: at least the one nearest to it.
    private static func pixels(around centre: Double, radius: Double, sourceCount: Int) -> Range<Int> {
        // A hair less than a whole radius: the filter is 0 there, and rounding must not add an empty tap.
        let reach = radius - 1e-9
        let last = sourceCount - 1
        let nearest = min(max(Int(centre.rounded(.down)), 0), last)
        let low = min(max(Int((centre - reach - 0.5).rounded(.up)), 0), nearest)
        let high = max(min(Int((centre + reach - 0.5).rounded(.down)), last), nearest)
        return low..<high + 1
    }

    /// Rounds the running sum rather than each weight: the total is exact, and the errors of hundreds of tiny weights
    /// cannot add up.
    private static func quantise(_ exact: [Double], into weights: inout MutableSpan<Int16>, at offset: Int) {
        let one = Double(1 << SNUG_WEIGHT_BITS)
        let unit = one / exact.reduce(0, +)
        var sum = 0.0
        var spent = 0
        for (tap, weight) in exact.enumerated() {
            sum += weight * unit
            let share = Int(sum + one + 0.5) - Int(one)  // rounds: the sum stays far above -one
            weights[offset + tap] = Int16(clamping: share - spent)
            spent = share
        }
    }
}
