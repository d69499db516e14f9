// SPDX-License-Identifier: Apache-2.0

/// What the first bytes of an image say about it, before any pixel is decoded.
public struct ImageHeader: Sendable, Hashable {
    /// The format by content, whatever the file's name says.
    public var format: ImageFormat
    /// Pixels in a row as stored, before ``orientation`` is applied.
    public var width: Int
    /// Rows as stored, before ``orientation`` is applied.
    public var height: Int
    /// Bits of one sample: 1, 2, 4, 8, 12 or 16.
    public var bitsPerSample: Int
    /// How colours are stored.
    public var colourModel: ColourModel
    /// How the image has to be turned to be upright.
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
    /// What the header announces after the image itself.
    public var trailer: AnnouncedTrailer
    /// Things that are odd but bearable, in words for a person.
    public var warnings: [String]

    /// Makes a header; the probe fills in what it finds.
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
        warnings = []
    }

    /// Pixels, as a product that cannot overflow for any header the probe accepts.
    public var pixelCount: Int { width.multipliedReportingOverflow(by: height).overflow ? .max : width * height }
    /// Pixels in a row once upright.
    public var uprightWidth: Int { orientation.swapsAxes ? height : width }
    /// Rows once upright.
    public var uprightHeight: Int { orientation.swapsAxes ? width : height }
    /// Whether pixels can be partly transparent: an alpha channel or tRNS.
    public var hasAlpha: Bool { colourModel.hasAlphaChannel || hasTransparency }
}

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

/// EXIF orientation (EXIF 2.32, tag 0x0112): which turn makes the stored image upright.
public enum Orientation: Int, Sendable, Hashable, CaseIterable {
    case upright = 1
    /// Mirror left to right.
    case mirrored
    /// Turn by 180°.
    case rotated180
    /// Mirror top to bottom.
    case flipped
    /// Swap rows and columns.
    case transposed
    /// Turn by 90° clockwise.
    case rotated90
    /// Swap rows and columns along the other diagonal.
    case transversed
    /// Turn by 90° counter-clockwise.
    case rotated270

    /// Whether rows become columns.
    public var swapsAxes: Bool { rawValue >= 5 }
}

/// Chroma resolution relative to luma, in the field's J:a:b notation.
public enum ChromaSubsampling: String, Sendable, Hashable, CaseIterable {
    case s444 = "4:4:4", s422 = "4:2:2", s420 = "4:2:0", s440 = "4:4:0", s411 = "4:1:1", s410 = "4:1:0"
    /// Sampling factors that have no name of their own.
    case other
}

/// The coding process named by a JPEG frame header (ITU-T T.81 table B.1).
public enum JPEGProcess: String, Sendable, Hashable, CaseIterable {
    case baseline
    case extended
    case progressive
    case lossless
    case hierarchical
    case arithmeticSequential = "arithmetic"
    case arithmeticProgressive = "arithmetic_progressive"

    /// Whether scans refine the whole image, so that all coefficients must be held.
    public var isProgressive: Bool { self == .progressive || self == .arithmeticProgressive }
}

/// The colour space a file declares for its samples.
public enum ColourSpaceDeclaration: Sendable, Hashable {
    /// Nothing is said: sRGB by custom.
    case undeclared
    /// sRGB by chunk (PNG `sRGB`) or by EXIF.
    case sRGB
    /// An embedded ICC profile of so many bytes, found by ``ImageProbe``.
    case icc(byteCount: Int)
    /// PNG `gAMA` and `cHRM` without a profile.
    case gamma(Double, chromaticities: Chromaticities?)
}

/// CIE xy coordinates of white and primaries (PNG `cHRM`).
public struct Chromaticities: Sendable, Hashable {
    public var whiteX, whiteY, redX, redY, greenX, greenY, blueX, blueY: Double

    /// Makes chromaticities from eight CIE coordinates.
    public init(
        whiteX: Double, whiteY: Double, redX: Double, redY: Double,
        greenX: Double, greenY: Double, blueX: Double, blueY: Double
    ) {
        self.whiteX = whiteX
        self.whiteY = whiteY
        self.redX = redX
        self.redY = redY
        self.greenX = greenX
        self.greenY = greenY
        self.blueX = blueX
        self.blueY = blueY
    }
}

/// Bytes of metadata by kind, segment and chunk headers included.
public struct MetadataSizes: Sendable, Hashable {
    /// EXIF, the thumbnail inside it included.
    public var exif = 0
    /// XMP packets.
    public var xmp = 0
    /// ICC profiles, compressed where the format does so.
    public var icc = 0
    /// IPTC and Photoshop resources.
    public var iptc = 0
    /// JPEG comments and PNG text.
    public var comments = 0
    /// Everything else that is no image data.
    public var other = 0

    /// Makes an empty tally.
    public init() {}

    /// All kinds together.
    public var total: Int { exif + xmp + icc + iptc + comments + other }
}

/// What a header says will follow the image.
public enum AnnouncedTrailer: Sendable, Hashable {
    case none
    /// Further images of a multi-image file (MPF): previews, gain maps, the other eye.
    case multiImage(count: Int)
    /// A video of so many bytes (motion photo), by XMP.
    case motionPhoto(byteCount: Int)
}
