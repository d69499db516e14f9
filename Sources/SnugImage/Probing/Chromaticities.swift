// SPDX-License-Identifier: Apache-2.0

/// CIE xy coordinates of white and primaries (PNG `cHRM`).
public struct Chromaticities: Sendable, Hashable {
    public var whiteX, whiteY, redX, redY, greenX, greenY, blueX, blueY: Double

    /// Creates chromaticities from eight CIE coordinates.
    public init(
        whiteX: Double, whiteY: Double, redX: Double, redY: Double,
        greenX: Double, greenY: Double, blueX: Double, blueY: Double
    ) {
        self.whiteX = whiteX
        self.whiteY = whiteY
        self.redX = redX
        self.redY = redY
        self.greenX = greenX
        self.greenY = greenY
        self.blueX = blueX
        self.blueY = blueY
    }
}
