// SPDX-License-Identifier: Apache-2.0
import RealModule

/// Chooses how many pixels an output keeps, by how coarse its steps have to be.
///
/// Measured with SSIMULACRA2 at the original's size, smaller results scaled back up. Photos as cameras make them are soft:
/// down to steps of about 4.2 times the finest the full size looks best, then fewer pixels with steps about half as coarse.
/// Images of up to a megapixel were scaled down before, are sharp to the last pixel, and look best with coarser steps: at full
/// size down to about quality 55, then with fewer pixels at about 70. Over 146 pairs of an image of 200 to 1,200 pixels and
/// a limit of 0.15 to 1.4 bits a pixel that is 0.5 points better in the mean than the rule for cameras with what the
/// coefficients tell of sharpness (see ``LumaLoss``), which decides between. Exact fractions of the size gain more than a
/// point over their neighbours, because every output pixel then has the same phase.
enum SizeChoice {
    /// Scale of the steps up to which the full size looks best, whatever the image.
    static func coarsestAtFullSize(pixels: Int) -> Double {
        4.2 + (coarsestOfSharpImages - 4.2) * smallness(pixels)
    }
    /// Scale of the steps from which on fewer pixels look better, whatever the image.
    static let coarsestOfSharpImages = 15.7
    /// The error that fewer pixels have to bring over that of coarser steps, for those to look better.
    static let leastLossOfSharpImages = 1.6
    /// Scale of the steps aimed at when pixels are given up: the fewer are left, the coarser each may be.
    /// - Parameter pixels: Of the full size.
    static func landing(_ share: Double, pixels: Int) -> Double {
        let large = min(2.4 * Double.pow(max(share, 0.001), -0.45), 8)
        return large + (smallLanding - large) * smallness(pixels)
    }

    /// 1 for images of up to a megapixel, which are sharp to the last pixel, 0 from four megapixels on.
    private static func smallness(_ pixels: Int) -> Double {
        min(max(Double.log2(4_000_000 / Double(max(pixels, 1))) / 2, 0), 1)
    }
    /// True when a size is near enough to the one aimed at; exact fractions may be further off.
    static func accepts(scale: Double, at share: Double, pixels: Int) -> Bool {
        let ratio = scale / landing(share, pixels: pixels)
        return isFraction(share) ? (0.66...1.7).contains(ratio) : (0.75...1.45).contains(ratio)
    }

    /// Scale of the steps aimed at in small images, about quality 70: between 55 and 75 the mean over those pairs is the same
    /// within half a point, and at 88, where camera photos look best, it is two points less.
    private static let smallLanding = 10.5
    /// Bytes go about with the side to this power: small images have more detail for each pixel.
    static let bytesPower = 1.6
    private static let fractions = [
        (0.38..<0.60, 0.5), (0.29..<0.38, 0.375), (0.19..<0.29, 0.25), (0.105..<0.145, 0.125),
    ]

    /// The side, as a share of `current`, at which the landing scale takes `target` bytes.
    /// - Parameter bytes: Predicted at the landing scale for the current side.
    static func side(current: Double, bytes: Double, target: Double) -> Double {
        min(current * Double.pow(target / max(bytes, 1), 1 / bytesPower), 1)
    }

    /// The exact fraction near a share of the side, else the share itself.
    static func snapped(_ share: Double) -> Double {
        fractions.first { $0.0.contains(share) }?.1 ?? share
    }

    static func isFraction(_ share: Double) -> Bool { fractions.contains { $0.1 == share } }
}
