// SPDX-License-Identifier: Apache-2.0

/// How the samples of a pixel make a colour.
public enum ColourModel: String, Sendable, Hashable, CaseIterable {
    case gray, grayAlpha = "gray_alpha", rgb, rgba, palette
    /// JPEG's usual luma and chroma.
    case ycbcr
    /// Four inks; Adobe stores them inverted.
    case cmyk
    /// Four inks, the first three as YCbCr (Adobe transform 2).
    case ycck

    /// Whether each pixel carries its own opacity.
    public var hasAlphaChannel: Bool { self == .grayAlpha || self == .rgba }
}
