// SPDX-License-Identifier: Apache-2.0
import RealModule

/// The mean squared error that coarser steps, or fewer pixels, bring to an image's luma: predicted from a sample.
///
/// A coefficient under about 0.6 steps is lost, another is off by a step's uniform error. An image of a share of the sides
/// keeps the frequencies below that share of the highest, with steps that weigh more for being of larger pixels.
struct LumaLoss {
    /// Blocks that are looked at.
    private static let mostBlocks = 4_000
    /// Magnitudes in steps up to which a coefficient becomes 0.
    private static let deadZone: Float = 0.6

    /// Magnitudes in units of the orthonormal transform of samples, 64 a block in zigzag order.
    private let magnitudes: [Float]

    /// - Parameter steps: The luma's own in zigzag order; `nil` when coefficients are eighths.
    init(_ sample: BlockSample, steps: [UInt16]?) {
        let units = steps?.map(Float.init) ?? Array(repeating: 0.125, count: 64)
        let luma = sample.layout.components[0]
        let blocks = sample.runs.reduce(0) { $0 + $1.rows.capacity } * luma.horizontal * luma.vertical
        let every = max(blocks / Self.mostBlocks, 1)
        var magnitudes: [Float] = []
        magnitudes.reserveCapacity(min(blocks, 2 * Self.mostBlocks) * 64)
        var number = 0
        for run in sample.runs {
            for row in 0..<luma.vertical {
                unsafe run.rows.withBlocks(component: 0, row: row) { source in
                    for block in 0..<run.rows.capacity * luma.horizontal {
                        number += 1
                        guard number.isMultiple(of: every) else { continue }
                        for place in 0..<64 {
                            unsafe magnitudes.append(abs(Float(source[block * 64 + place])) * units[place])
                        }
                    }
                }
            }
        }
        self.magnitudes = magnitudes
    }

    /// For each pixel, at the image's size and a scale of the steps.
    func atFullSize(scale: Double, shape: StepShape = .fullSize) -> Double {
        error { u, v in shape.lumaStep(u, v) * scale }
    }

    /// For each pixel of the image, when a smaller one with steps at a scale is enlarged to its size.
    func reduced(to share: Double, scale: Double, shape: StepShape = .reduced) -> Double {
        guard share < 1 else { return atFullSize(scale: scale) }
        return error { u, v in
            let (across, down) = (u / share, v / share)
            return across < 8 && down < 8 ? shape.lumaStep(across, down) * scale / share : .infinity
        }
    }

    private func error(_ step: (Double, Double) -> Double) -> Double {
        let steps = Zigzag.naturalIndices.map { Float(step(Double($0 % 8), Double($0 / 8))) }
        let thresholds = steps.map { $0 * Self.deadZone }
        let errors = steps.map { $0.isFinite ? $0 * $0 / 12 : 0 }
        var total = 0.0
        var start = 0
        while start + 64 <= magnitudes.count {
            var sum: Float = 0
            for place in 0..<64 {
                let magnitude = magnitudes[start + place]
                sum += magnitude < thresholds[place] ? magnitude * magnitude : errors[place]
            }
            total += Double(sum)
            start += 64
        }
        return magnitudes.isEmpty ? 0 : total / Double(magnitudes.count)
    }
}
