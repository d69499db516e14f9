// SPDX-License-Identifier: Apache-2.0

/// The properties of an image that are known before any pixel is decoded.
public struct ImageHeader: Sendable, Hashable {
    /// The format by content, independent of the file's name.
    public var format: ImageFormat
    /// Pixels in a row as stored, before ``orientation`` is applied.
    public var width: Int
    /// Rows as stored, before ``orientation`` is applied.
    public var height: Int
    /// Bits of one sample: 1, 2, 4, 8, 12 or 16.
    public var bitsPerSample: Int
    /// The colour model of the stored samples.
    public var colourModel: ColourModel
    /// The turn that makes the image upright.
    public var orientation: Orientation
    /// JPEG only: chroma resolution relative to luma.
    public var chromaSubsampling: ChromaSubsampling?
    /// JPEG only: the coding process, from the frame header.
    public var jpegProcess: JPEGProcess?
    /// JPEG only: the first scan lacks some components, so that several scans make the image.
    public var hasSeveralScans: Bool
    /// PNG only: Adam7 interlacing.
    public var isInterlaced: Bool
    /// More than one frame meant to be shown in turn (APNG, GIF, animated WebP).
    public var isAnimated: Bool
    /// Frames, 1 for a still image; `nil` when the header does not say.
    public var frameCount: Int?
    /// PNG only: a tRNS chunk makes some colours transparent.
    public var hasTransparency: Bool
    /// The colour space that the file declares.
    public var colourSpace: ColourSpaceDeclaration
    /// The `desc` text of the ICC profile, when there is one.
    public var iccProfileName: String?
    /// Metadata by kind, in bytes including their segment or chunk headers.
    public var metadata: MetadataSizes
    /// JPEG only: the quality of the libjpeg tables nearest to the file's, 1–100.
    public var estimatedQuality: Int?
    /// The content that the header announces after the image.
    public var trailer: AnnouncedTrailer
    /// Only format, size and animation were read: the other fields have no meaning.
    public var isPartial: Bool
    /// Oddities that do no harm, in words for people.
    public var warnings: [String]

    /// Creates a header; the probe fills in its findings.
    public init(format: ImageFormat, width: Int, height: Int) {
        self.format = format
        self.width = width
        self.height = height
        bitsPerSample = 8
        colourModel = .rgb
        orientation = .upright
        chromaSubsampling = nil
        jpegProcess = nil
        hasSeveralScans = false
        isInterlaced = false
        isAnimated = false
        frameCount = 1
        hasTransparency = false
        colourSpace = .undeclared
        iccProfileName = nil
        metadata = MetadataSizes()
        estimatedQuality = nil
        trailer = .none
        isPartial = false
        warnings = []
    }

    /// Pixels, as a product that cannot overflow for any header the probe accepts.
    public var pixelCount: Int { width.multipliedReportingOverflow(by: height).overflow ? .max : width * height }
    /// Pixels in a row once upright.
    public var uprightWidth: Int { orientation.swapsAxes ? height : width }
    /// Rows once upright.
    public var uprightHeight: Int { orientation.swapsAxes ? width : height }
    /// True when pixels can be transparent: an alpha channel or tRNS.
    public var hasAlpha: Bool { colourModel.hasAlphaChannel || hasTransparency }
}
