// SPDX-License-Identifier: Apache-2.0

/// Chooses scale and quality together, by the bits that the limit leaves for each pixel.
///
/// Measured with SSIMULACRA2 at the original's size, smaller results scaled back up, on six images from soft to very
/// noisy, nine sizes each: with plenty of bits the full size is best or ties at any quality. With few, the size at which
/// quality lands at 80 is within 0.2 points of the best size at 0.3 bits a pixel and within 1 on average at 0.5 to 0.7,
/// where soft images want 88 and noisy ones 70. In between the optimum is flat and moves towards the full size.
enum ScaleChoice {
    /// From here on the size is kept.
    private static let plentyOfBits = 1.5
    /// Up to here quality has to land where a scaled image looks best.
    private static let fewBits = 0.5
    /// From here on the full size is given up less and less readily.
    private static let turningPoint = 0.75
    private static let landing = 80.0
    private static let landingBetween = 84.0
    private static let lastLanding = 60.0

    /// The quality below which fewer pixels look better; `nil` when the size is kept whatever the quality.
    static func leastQuality(bitsPerPixel: Double) -> Double? {
        if bitsPerPixel >= plentyOfBits { return nil }
        if bitsPerPixel <= fewBits { return landing }
        if bitsPerPixel <= turningPoint { return landingBetween }
        let share = (bitsPerPixel - turningPoint) / (plentyOfBits - turningPoint)
        return landingBetween + (lastLanding - landingBetween) * share
    }
}
