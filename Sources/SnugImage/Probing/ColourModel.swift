// SPDX-License-Identifier: Apache-2.0

/// The ways in which samples form a colour.
public enum ColourModel: String, Sendable, Hashable, CaseIterable {
    case gray, grayAlpha = "gray_alpha", rgb, rgba, palette
    /// JPEG's usual luma and chroma.
    case ycbcr
    /// Four inks; Adobe stores them inverted.
    case cmyk
    /// Four inks, the first three as YCbCr (Adobe transform 2).
    case ycck

    /// True when each pixel has an alpha sample.
    public var hasAlphaChannel: Bool { self == .grayAlpha || self == .rgba }
}
