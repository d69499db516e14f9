// SPDX-License-Identifier: Apache-2.0

/// How scale and quality are chosen together, by the bits that the limit leaves for each pixel.
///
/// Measured on camera pictures (SSIMULACRA2 at the original's size, smaller results scaled back up): with plenty of bits
/// the full size is best at any quality; with few the best size is the one at which quality lands between 75 and 84; in
/// between the optimum depends on the picture: sharp and noisy ones want their pixels, soft ones do not miss them.
enum ScaleChoice: Sendable, Hashable {
    /// Keep the size.
    case full
    /// Try sizes and compare how the results look.
    case compare
    /// Take the size at which quality lands at ``landingQuality``.
    case land

    private static let plentyOfBits = 1.5
    private static let fewBits = 0.5
    /// Where quality should land when bits are short.
    static let landingQuality = 80.0
    /// Sides of neighbouring sizes that are compared.
    static let comparedRatio = 1.16

    /// The way to choose for so many bits of limit for each pixel.
    static func way(bitsPerPixel: Double) -> ScaleChoice {
        bitsPerPixel >= plentyOfBits ? .full : bitsPerPixel > fewBits ? .compare : .land
    }
}
