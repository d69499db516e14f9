// SPDX-License-Identifier: Apache-2.0

/// An image that fits, and how it came to.
public struct FittedImage: Sendable {
    /// What was done to reach the limit.
    public enum Status: String, Sendable, Hashable, CaseIterable {
        /// Encoded anew.
        case fitted
        /// It complied already and was sound to the end: to be passed on byte for byte.
        case copied
        /// Only metadata and trailing data were taken away; every pixel is the same.
        case stripped
    }
    /// Where the bytes are.
    public enum Content: Sendable {
        /// The source's own bytes, unchanged.
        case source
        case bytes([UInt8])
    }

    /// What was done.
    public var status: Status
    /// The result's bytes.
    public var content: Content
    /// Bytes of the result.
    public var byteCount: Int
    /// The result's format.
    public var format: ImageFormat
    /// Pixels in a row of the result, as stored in it.
    public var width: Int
    /// Rows of the result, as stored in it.
    public var height: Int
    /// The JPEG quality on libjpeg's scale, fractions included; `nil` where the pixels were kept without loss.
    public var quality: Double?
    /// Output side over upright input side: 1 when no pixels were given up.
    public var scale: Double
    /// Full encodes that it took (samples and checks not counted).
    public var encodes: Int
    /// What is odd about the input or was given up, in words for a person.
    public var warnings: [String]
    /// What the probe saw.
    public var header: ImageHeader
}
