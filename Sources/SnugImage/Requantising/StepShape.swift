// SPDX-License-Identifier: Apache-2.0
import RealModule

/// How quantisation steps grow with frequency; a scale makes them coarser or finer as a whole.
///
/// Flat compared with the tables of T.81 annex K: the highest frequencies cost 7 times as much as the lowest, not 10.
/// Found by coordinate search on SSIMULACRA2 over mosaics of photos at 0.4 to 1.7 bits a pixel, confirmed on photos that
/// the search did not see: at equal bytes 1 to 14 points above annex K.
struct StepShape: Sendable, Hashable {
    /// Steps at radii of frequency, in between log-linear; the first is that of DC.
    private var luma: [Double]
    private var chroma: [Double]
    private static let lumaRadii = [0, 1, 2, 3.5, 5.5, 9.9]
    private static let chromaRadii = [0, 1, 2.5, 5, 9.9]
    /// The price of a bit in distortion, relative to the step.
    let lambda: Double
    /// Exponent by which busy blocks pay more.
    let activity: Double
    /// Chroma's share of the price.
    let chromaLambda = 0.7

    /// For images at their full size.
    static let fullSize = StepShape(
        luma: [0.70, 0.80, 2.10, 2.75, 3.20, 5.50], chroma: [1.0, 1.3, 5.2, 5, 8.0], lambda: 0.09, activity: 0.5)
    /// For images that were scaled down to fit few bytes.
    static let reduced = StepShape(
        luma: [1.5 * 0.70, 0.80, 2.10, 2.75, 3.20, 5.50], chroma: [1.0, 2.0, 5.2, 5, 8.0], lambda: 0.08, activity: 0.6)

    /// Steps of one component at scale 1, in zigzag order.
    ///
    /// Chroma is weighed by its true frequency: a coefficient of subsampled chroma stands for lower ones than luma's.
    func values(component: Int, layout: BlockLayout) -> [Double] {
        let across = Double(layout.components[component].horizontal) / Double(layout.horizontal)
        let down = Double(layout.components[component].vertical) / Double(layout.vertical)
        let isChroma = component > 0
        let (values, radii) = isChroma ? (chroma, Self.chromaRadii) : (luma, Self.lumaRadii)
        return Zigzag.naturalIndices.map { index in
            if index == 0 { return values[0] }
            let u = Double(index % 8) * across
            let v = Double(index / 8) * down
            return Self.interpolated(values, radii: radii, at: (u * u + v * v).squareRoot())
        }
    }

    /// The step of luma at a frequency in half waves a block, at scale 1.
    func lumaStep(_ across: Double, _ down: Double) -> Double {
        across == 0 && down == 0
            ? luma[0]
            : Self.interpolated(luma, radii: Self.lumaRadii, at: (across * across + down * down).squareRoot())
    }

    private static func interpolated(_ values: [Double], radii: [Double], at radius: Double) -> Double {
        var upper = 2
        while upper < radii.count - 1 && radius > radii[upper] { upper += 1 }
        let share = max(0, (radius - radii[upper - 1]) / (radii[upper] - radii[upper - 1]))
        return .exp(.log(values[upper - 1]) * (1 - share) + .log(values[upper]) * share)
    }
}

/// The order in which a JPEG stores the coefficients of a block (T.81 figure A.6).
enum Zigzag {
    /// Place in the block, row by row, of each coefficient in zigzag order.
    static let naturalIndices = [
        0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14,
        21,
        28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61,
        54, 47, 55, 62, 63,
    ]
}
