// SPDX-License-Identifier: Apache-2.0

/// Chooses scale and quality together.
///
/// Measured on camera pictures (SSIMULACRA2 at the original's size, smaller results scaled back up): above about 1.5 bits
/// of limit for each pixel the full size is best at any quality; below about 0.5 the best size is the one at which
/// quality lands between 75 and 84; in between the optimum is flat and moves from one to the other.
enum ScaleChoice {
    private static let plentyOfBits = 1.5
    private static let fewBits = 0.5
    /// Where quality should land when bits are short.
    static let landingQuality = 80.0

    /// The quality below which fewer pixels look better.
    static func leastQuality(bitsPerPixel: Double, floor: Double, ceiling: Double) -> Double {
        let landing = min(max(landingQuality, floor), ceiling)
        if bitsPerPixel >= plentyOfBits { return floor }
        if bitsPerPixel <= fewBits { return landing }
        let share = (plentyOfBits - bitsPerPixel) / (plentyOfBits - fewBits)
        return floor + (landing - floor) * share
    }
}
