// SPDX-License-Identifier: Apache-2.0

/// The limits on inputs; larger ones are refused.
///
/// They are checked on the header, before memory for pixels is allocated: a file can be small on disk and huge in memory
/// or decoding time.
public struct DecodingLimits: Sendable, Hashable, Codable {
    /// The limit on pixels.
    ///
    /// Default 268,402,689 (16,383²), the figure that sharp settled on.
    public var maximumPixelCount: Int
    /// The limit on pixels along one side.
    ///
    /// Default 65,535, the largest side of a JPEG.
    public var maximumSide: Int
    /// The limit on the scans of a progressive JPEG.
    ///
    /// Default 100; a camera writes about 10. Scans × pixels is bounded too, by ``maximumScanWork``.
    public var maximumScanCount: Int
    /// The limit on scans × pixels of a progressive JPEG, which decide its decoding time.
    ///
    /// Default 4 × 10⁹, about 100 scans of 40 megapixels.
    public var maximumScanWork: Int
    /// Largest ICC profile that is read, in bytes.
    ///
    /// Default 4 MiB. A larger one is ignored with a warning.
    public var maximumProfileBytes: Int
    /// The limit on metadata before the image, and on one kept chunk or segment sequence, in bytes.
    ///
    /// Default 64 MiB.
    public var maximumMetadataBytes: Int
    /// The limit on chunks or segments.
    ///
    /// Default 10,000 outside image data.
    public var maximumChunkCount: Int
    /// Codec warnings after which a file counts as corrupt.
    ///
    /// Default 100.
    public var maximumWarningCount: Int

    /// Creates limits with the default of each field.
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
