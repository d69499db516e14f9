// SPDX-License-Identifier: Apache-2.0

/// What an input may ask of us before it is refused.
///
/// Checked on the header, before anything is allocated for pixels. Every field is a guard against a file that is small on
/// disk and huge in memory or time.
public struct DecodingLimits: Sendable, Hashable {
    /// Most pixels of an image.
    ///
    /// Default 268,402,689 (16,383²), the figure that sharp settled on.
    public var maximumPixelCount: Int
    /// Most pixels along one side.
    ///
    /// Default 65,535, the most a JPEG can say.
    public var maximumSide: Int
    /// Most scans of a progressive JPEG.
    ///
    /// Default 100; a camera writes about 10. Scans × pixels is bounded too, by ``maximumScanWork``.
    public var maximumScanCount: Int
    /// Most scans × pixels of a progressive JPEG: its decoding time.
    ///
    /// Default 4 × 10⁹, about 100 scans of 40 megapixels.
    public var maximumScanWork: Int
    /// Largest ICC profile that is read, in bytes.
    ///
    /// Default 4 MiB. A larger one is ignored with a warning.
    public var maximumProfileBytes: Int
    /// Most metadata before the image, in bytes, and most bytes of one chunk or segment sequence that is kept.
    ///
    /// Default 64 MiB.
    public var maximumMetadataBytes: Int
    /// Most chunks or segments.
    ///
    /// Default 10,000 outside image data.
    public var maximumChunkCount: Int
    /// Codec warnings after which a file is given up as corrupt.
    ///
    /// Default 100.
    public var maximumWarningCount: Int

    /// Makes limits with the defaults that each field states.
    public init(
        maximumPixelCount: Int = 16_383 * 16_383,
        maximumSide: Int = 65_535,
        maximumScanCount: Int = 100,
        maximumScanWork: Int = 4_000_000_000,
        maximumProfileBytes: Int = 4 << 20,
        maximumMetadataBytes: Int = 64 << 20,
        maximumChunkCount: Int = 10_000,
        maximumWarningCount: Int = 100
    ) {
        self.maximumPixelCount = maximumPixelCount
        self.maximumSide = maximumSide
        self.maximumScanCount = maximumScanCount
        self.maximumScanWork = maximumScanWork
        self.maximumProfileBytes = maximumProfileBytes
        self.maximumMetadataBytes = maximumMetadataBytes
        self.maximumChunkCount = maximumChunkCount
        self.maximumWarningCount = maximumWarningCount
    }
}
