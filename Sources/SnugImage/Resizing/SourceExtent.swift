// SPDX-License-Identifier: Apache-2.0

/// The part of a source that a target covers, in source pixels, with fractions.
///
/// A chroma plane of an odd-sized image at 4:2:0 has one more column than half the image is wide; its extent is
/// the half, or chroma would drift against luma.
struct SourceExtent: Sendable, Hashable {
    var x: Double
    var y: Double
    var width: Double
    var height: Double

    /// Makes an extent, by default beginning at the first pixel.
    init(x: Double = 0, y: Double = 0, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }
}
