// SPDX-License-Identifier: Apache-2.0
import RealModule

/// Lanczos-3, a windowed sinc of three lobes, stretched to a ratio and ready to weigh the neighbours of any number of
/// target pixels: the sharpest of the usual filters, with little ringing.
struct ScaledKernel {
    private static let lobes = 3.0

    /// Source pixels that one target pixel covers, at least 1.
    private let scale: Double
    private let window: Rotation

    init(scale: Double) {
        self.scale = scale
        window = Rotation(step: .pi / Self.lobes / scale)
    }

    /// The largest distance between the centres of a target pixel and a source pixel that counts, in source pixels.
    var radius: Double { Self.lobes * scale }

    /// The frequency response: the share of a wave's amplitude that the filter keeps.
    /// - Parameter frequency: 1 for the highest that the target pixels can hold.
    static func response(_ frequency: Double) -> Double {
        let finely = 16
        var weights: [Double] = []
        let count = 2 * Int(lobes) * finely
        ScaledKernel(scale: Double(finely)).appendWeights(of: 0..<count, centre: Double(count) / 2, to: &weights)
        let (kept, total) = weights.indices.reduce((0, 0)) { sums, index in
            let position = (Double(index) + 0.5 - Double(count) / 2) / Double(finely)
            return (sums.0 + weights[index] * .cos(.pi * frequency * position), sums.1 + weights[index])
        }
        return kept / total
    }

    /// Appends the weights of the source pixels `range` for a target pixel centred on `centre`, not normalised.
    ///
    /// sinc(x) sinc(x / 3), where sin 3a = sin a (3 - 4 sin² a) leaves one sine, and that is carried from tap to tap by
    /// rotation: calling `sin` for each tap would cost as much as resampling a small image.
    ///
    /// - Parameter centre: In source pixels; pixel `j` is centred on `j + 0.5`.
    func appendWeights(of range: Range<Int>, centre: Double, to weights: inout [Double]) {
        var distance = (Double(range.lowerBound) + 0.5 - centre) / scale
        let step = 1 / scale
        var window = window.started(at: .pi / Self.lobes * distance)
        for _ in range {
            if abs(distance) < 1e-6 {
                weights.append(1)
            } else if abs(distance) >= Self.lobes {
                weights.append(0)
            } else {
                let square = window.sine * window.sine
                weights.append(Self.lobes * square * (3 - 4 * square) / (.pi * .pi * distance * distance))
            }
            distance += step
            window.advance()
        }
    }
}

/// The sine of an angle that grows by equal steps.
private struct Rotation {
    private(set) var sine = 0.0
    private var cosine = 1.0
    private let stepSine: Double
    private let stepCosine: Double

    init(step: Double) {
        stepSine = .sin(step)
        stepCosine = .cos(step)
    }

    func started(at angle: Double) -> Rotation {
        var rotation = self
        rotation.sine = .sin(angle)
        rotation.cosine = .cos(angle)
        return rotation
    }

    mutating func advance() {
        (sine, cosine) = (sine * stepCosine + cosine * stepSine, cosine * stepCosine - sine * stepSine)
    }
}
