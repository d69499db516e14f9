// SPDX-License-Identifier: Apache-2.0
import RealModule

/// Chooses how many pixels an output keeps, by how coarse its steps have to be.
///
/// Measured with SSIMULACRA2 at the original's size, smaller results scaled back up: down to steps of about 4.2 times the
/// finest the full size looks best. Where it would take coarser ones, that depends on the image: photos as cameras make
/// them are soft, and fewer pixels with steps about half as coarse look better; those that were scaled down before are
/// sharp to the last pixel, and keep their size down to about quality 55. Which of both an image is, its coefficients
/// tell (see ``LumaLoss``). Photos that are quantised coarsely already keep it too, where the limit is near: at another size
/// they have more to code. Text and lines keep their size as long as the limit allows. Exact fractions of the size gain more
/// than a point over their neighbours, because every output pixel then has the same phase.
enum SizeChoice {
    /// Scale of the steps up to which the full size looks best, whatever the image.
    static let coarsestAtFullSize = 4.2
    /// Scale of the steps from which on fewer pixels look better, for photos.
    static let coarsestOfSharpImages = 15.7
    /// The error that fewer pixels have to bring over that of coarser steps, for the latter to look better: camera photos are
    /// given the benefit of the doubt to be soft, images of up to a megapixel to be sharp.
    static func leastLossOfSharpImages(pixels: Int) -> Double {
        let smallness = min(max(Double.log2(4_000_000 / Double(max(pixels, 1))) / 2, 0), 1)
        return 1.75 - 0.79 * smallness
    }
    /// The smallest ratio at ``coarsestOfSharpImages`` of text and lines, which keep their size: photos are below 3
    /// there; text, charts and screenshots above 3.6, and nearly all 4 to 49 points better at the full size.
    static let leastLossOfLines = 3.3
    /// Predicted bytes over the limit up to which dropping more coefficients may still do.
    static let mostExcess = 1.7
    /// Scale of the steps aimed at when pixels are given up: the fewer are left, the coarser each may be.
    static func landing(_ share: Double) -> Double { min(2.4 * Double.pow(max(share, 0.001), -0.45), 8) }

    /// True when a size is near enough to the one aimed at; exact fractions may be further off.
    static func accepts(scale: Double, at share: Double) -> Bool {
        let ratio = scale / landing(share)
        return isFraction(share) ? (0.66...1.7).contains(ratio) : (0.75...1.45).contains(ratio)
    }

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
