// SPDX-License-Identifier: Apache-2.0
import RealModule

/// The mean squared error that coarser steps, or fewer pixels, bring to an image's luma: predicted from a sample.
///
/// A coefficient under about 0.6 steps is lost, another is off by what rounding takes from it: nothing where the source's own
/// steps stay. An image of a share of the sides is off by what the resampler takes from each frequency, and by steps that weigh
/// more for being of larger pixels. Its blocks lie elsewhere in the image, so that what coarse steps left in few coefficients is
/// in many again.
struct LumaLoss {
    /// Blocks that are looked at.
    private static let mostBlocks = 1_200
    /// Magnitudes in steps up to which a coefficient becomes 0.
    private static let deadZone: Float = 0.6

    /// Magnitudes in units of the orthonormal transform of samples, 64 a block in natural order.
    private let magnitudes: [Float]
    /// Those of blocks that lie half a block further.
    private let moved: [Float]
    /// Steps that an output's do not go below, in natural order.
    private let finest: [Float]

    /// - Parameter steps: The luma's own in zigzag order; `nil` when coefficients are eighths.
    init(_ sample: BlockSample, steps: [UInt16]?) {
        var units = [Float](repeating: 0.125, count: 64)
        for (place, step) in (steps ?? []).enumerated() { units[Zigzag.naturalIndices[place]] = Float(step) }
        finest = steps == nil ? [Float](repeating: 1, count: 64) : units
        let blocks = LumaBlocks(sample, units: units)
        let every = max(blocks.count / Self.mostBlocks, 1)
        let move = BlockMove()
        var own: [Float] = []
        var other: [Float] = []
        own.reserveCapacity(min(blocks.count, 2 * Self.mostBlocks) * 64)
        other.reserveCapacity(min(blocks.count, 2 * Self.mostBlocks) * 64)
        for number in stride(from: every - 1, to: blocks.count, by: every) {
            let place = blocks.place(number)
            blocks[place].appendMagnitudes(to: &own)
            move.moved(blocks, place).appendMagnitudes(to: &other)
        }
        (magnitudes, moved) = (own, other)
    }

    /// True for text, charts and screenshots: half of the sides costs several times what the coarsest steps do.
    var isOfLines: Bool {
        let half = 0.5
        return atFullSize(scale: SizeChoice.coarsestOfSharpImages) * SizeChoice.leastLossOfLines
            <= reduced(to: half, scale: SizeChoice.landing(half))
    }

    /// For each pixel, at the image's size and a scale of the steps.
    func atFullSize(scale: Double, shape: StepShape = .fullSize) -> Double {
        let steps = (0..<64).map { index in
            let step = Float((shape.lumaStep(Double(index % 8), Double(index / 8)) * scale).rounded())
            return max(min(step, 255), finest[index])
        }
        let thresholds = steps.map { $0 * Self.deadZone }
        return Self.mean(magnitudes) { index, magnitude in
            let step = steps[index]
            let left = magnitude - step * Float(Int32(magnitude / step + 0.5))
            return magnitude < thresholds[index] ? magnitude * magnitude : left * left
        }
    }

    /// For each pixel of the image, when a smaller one with steps at a scale is enlarged to its size.
    func reduced(to share: Double, scale: Double, shape: StepShape = .reduced) -> Double {
        guard share < 1 else { return atFullSize(scale: scale) }
        let resampling = Self.resamplingErrors(share)
        let steps = (0..<64).map { index in
            let (across, down) = (Double(index % 8) / share, Double(index / 8) / share)
            return across < 8 && down < 8 ? Float(shape.lumaStep(across, down) * scale / share) : .infinity
        }
        let thresholds = steps.map { $0 * Self.deadZone }
        let errors = steps.map { $0.isFinite ? $0 * $0 / 12 : 0 }
        return Self.mean(moved) { index, magnitude in
            let energy = magnitude * magnitude
            return magnitude < thresholds[index]
                ? energy * max(resampling[index], 1) : energy * resampling[index] + errors[index]
        }
    }

    /// Of an energy at each frequency, the share that an image is off by after it was reduced and enlarged.
    private static func resamplingErrors(_ share: Double) -> [Float] {
        let kept = (0..<8).map { frequency in
            let position = Double(frequency) / 8 / share
            let own = ScaledKernel.response(position)
            // What is kept, and what appears on the other side of the highest frequency.
            return (own: own * own, mirrored: own * ScaledKernel.response(2 - position))
        }
        return (0..<64).map { index in
            let (across, down) = (kept[index % 8], kept[index / 8])
            let lost = 1 - across.own * down.own
            return Float(lost * lost + across.mirrored * across.mirrored + down.mirrored * down.mirrored)
        }
    }

    private static func mean(_ magnitudes: [Float], _ error: (Int, Float) -> Float) -> Double {
        var total = 0.0
        var start = 0
        while start + 64 <= magnitudes.count {
            var sum: Float = 0
            for index in 0..<64 { sum += error(index, magnitudes[start + index]) }
            total += Double(sum)
            start += 64
        }
        return magnitudes.isEmpty ? 0 : total / Double(magnitudes.count)
    }
}
