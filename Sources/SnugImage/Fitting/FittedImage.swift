// SPDX-License-Identifier: Apache-2.0

/// An image within its limits, with a record of how it was made.
public struct FittedImage: Sendable {
    /// The ways to reach the limit.
    public enum Status: String, Sendable, Hashable, CaseIterable {
        /// Re-encoded or losslessly recompressed.
        case fitted
        /// The input complies and is sound: pass it on byte for byte.
        case copied
        /// Only metadata and trailing data were removed; the pixels are unchanged.
        case stripped
    }
    /// The bytes of a result.
    public enum Content: Sendable {
        /// The source's own bytes, unchanged.
        case source
        case bytes([UInt8])
    }

    /// The way in which the limit was reached.
    public var status: Status
    /// The result's bytes.
    public var content: Content
    /// Bytes of the result.
    public var byteCount: Int
    /// The result's format.
    public var format: ImageFormat
    /// Pixels in a row of the result once it is upright.
    public var width: Int
    /// Rows of the result once it is upright.
    public var height: Int
    /// The JPEG quality on libjpeg's scale, fractions included; `nil` where the pixels were kept without loss.
    public var quality: Double?
    /// Output side over upright input side: 1 when no pixels were given up.
    public var scale: Double
    /// Full encodes that it took (samples and checks not counted).
    public var encodes: Int
    /// Oddities of the input and losses of the output, in words for people.
    public var warnings: [String]
    /// The header of the input.
    public var header: ImageHeader

    /// The one remark among ``warnings`` that tells of a gain: nobody has to look at the image because of it.
    public static let losslessRemark = "losslessly recompressed: every pixel is the same"
}
