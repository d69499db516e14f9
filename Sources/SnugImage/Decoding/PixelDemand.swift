// SPDX-License-Identifier: Apache-2.0

/// The form in which a fit wants its pixels.
struct PixelDemand: Sendable, Hashable {
    /// Luma and chroma planes for a JPEG, or interleaved samples for a PNG.
    var isPlanar: Bool
    /// Eighths of the full size to decode at, 1…8; only JPEG can do less than 8.
    var eighths = 8
    /// Planes: chroma at half of luma's resolution is all that is needed, where the decoder can give that.
    var halvesChroma = false
    /// Pixels have to be libjpeg-turbo's, to the last bit.
    var usesLibrary = false
    /// The colour behind transparent pixels.
    var background: RGBColour?
}
