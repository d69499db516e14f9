// SPDX-License-Identifier: Apache-2.0

/// The colour space a file declares for its samples.
public enum ColourSpaceDeclaration: Sendable, Hashable {
    /// Nothing is said: sRGB by custom.
    case undeclared
    /// sRGB by chunk (PNG `sRGB`) or by EXIF.
    case sRGB
    /// An embedded ICC profile of so many bytes, found by ``ImageProbe``.
    case icc(byteCount: Int)
    /// Code points (PNG `cICP`) other than those of sRGB.
    case codePoints(CodingIndependentColour)
    /// PNG `gAMA` and `cHRM` without a profile.
    case gamma(Double, chromaticities: Chromaticities?)
}
