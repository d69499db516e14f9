// SPDX-License-Identifier: Apache-2.0
import Glibc

/// The filter that weighs source pixels by their distance from a target pixel's centre.
enum ResamplingKernel: Sendable, Hashable {
    /// Windowed sinc of three lobes: the sharpest of the usual filters, with little ringing.
    case lanczos3
    /// The exact average of the area that a target pixel covers.
    case box

    private static let lobes = 3.0

    /// How far from a target pixel's centre the centres of the source pixels that count may be, in source pixels.
    ///
    /// - Parameter scale: Source pixels that one target pixel covers, at least 1.
    func radius(scale: Double) -> Double {
        switch self {
        case .lanczos3: Self.lobes * scale
        case .box: (scale + 1) / 2  // a pixel counts as soon as its nearer half is touched
        }
    }

    /// Appends the weights of the source pixels `range` for a target pixel centred on `centre`, not normalised.
    ///
    /// - Parameters:
    ///   - centre: In source pixels; pixel `j` is centred on `j + 0.5`.
    ///   - scale: Source pixels that one target pixel covers, at least 1.
    func weights(of range: Range<Int>, centre: Double, scale: Double, into weights: inout [Double]) {
        switch self {
        case .lanczos3: lanczosWeights(of: range, centre: centre, scale: scale, into: &weights)
        case .box: boxWeights(of: range, centre: centre, scale: scale, into: &weights)
        }
    }

    /// The two sines are carried from tap to tap by rotation: calling `sin` for each would cost as much as resampling
    /// a small picture.
    private func lanczosWeights(of range: Range<Int>, centre: Double, scale: Double, into weights: inout [Double]) {
        var distance = (Double(range.lowerBound) + 0.5 - centre) / scale
        let step = 1 / scale
        var wave = Rotation(angle: .pi * distance, step: .pi * step)
        var window = Rotation(angle: .pi * distance / 3, step: .pi * step / 3)
        for _ in range {
            if abs(distance) < 1e-6 {
                weights.append(1)
            } else if abs(distance) >= Self.lobes {
                weights.append(0)
            } else {
                weights.append(3 * wave.sine * window.sine / (.pi * .pi * distance * distance))
            }
            distance += step
            wave.advance()
            window.advance()
        }
    }

    private func boxWeights(of range: Range<Int>, centre: Double, scale: Double, into weights: inout [Double]) {
        let low = centre - scale / 2
        let high = centre + scale / 2
        for pixel in range {
            weights.append(max(0, min(Double(pixel + 1), high) - max(Double(pixel), low)))
        }
    }
}

/// The sine of an angle that grows by equal steps.
private struct Rotation {
    private(set) var sine: Double
    private var cosine: Double
    private let stepSine: Double
    private let stepCosine: Double

    init(angle: Double, step: Double) {
        sine = sin(angle)
        cosine = cos(angle)
        stepSine = sin(step)
        stepCosine = cos(step)
    }

    mutating func advance() {
        (sine, cosine) = (sine * stepCosine + cosine * stepSine, cosine * stepCosine - sine * stepSine)
    }
}
