// SPDX-License-Identifier: Apache-2.0

extension Chromaticities {
    /// The primaries and white of sRGB (IEC 61966-2-1, the same as ITU-R BT.709).
    static let sRGB = Chromaticities(
        whiteX: 0.3127, whiteY: 0.3290, redX: 0.64, redY: 0.33, greenX: 0.30, greenY: 0.60, blueX: 0.15, blueY: 0.06)

    /// White, red, green, blue; x before y.
    var coordinates: [Double] { [whiteX, whiteY, redX, redY, greenX, greenY, blueX, blueY] }

    /// True when three lights of these colours can make white.
    ///
    /// Coordinates may lie a little outside the triangle of real colours (ACES does); they may not be anywhere.
    var areUsable: Bool {
        guard coordinates.allSatisfy({ $0.isFinite && (-1...2).contains($0) }) else { return false }
        guard whiteY > 0.01, redY != 0, greenY != 0, blueY != 0 else { return false }
        let area = (greenX - redX) * (blueY - redY) - (blueX - redX) * (greenY - redY)
        return abs(area) > 1e-4
    }
}
