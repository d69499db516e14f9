// SPDX-License-Identifier: Apache-2.0

/// A file format, recognised by content.
public enum ImageFormat: String, Sendable, Hashable, CaseIterable, Codable, CustomStringConvertible {
    case jpeg, png, gif, webp, tiff, bmp, ico, heif, avif, jpegXL = "jxl", svg, pdf

    /// True when Snug decodes this format.
    public var isDecodable: Bool {
        switch self {
        case .jpeg, .png, .bmp, .ico: true
        case .gif, .webp, .heif, .avif, .tiff, .jpegXL: missingTrait == nil
        case .svg, .pdf: false
        }
    }

    /// The formats that pixels can be written in.
    public static var writable: Set<ImageFormat> { Set([.jpeg, .png, .webp].filter(\.isDecodable)) }

    /// The formats of outputs: a GIF that complies is passed on, or without its metadata.
    public static var deliverable: Set<ImageFormat> {
        writable.union(ImageFormat.gif.isDecodable ? [.gif] : [])
    }

    /// The package trait that this build lacks for the format; `nil` for formats that it reads, or that none reads.
    public var missingTrait: String? {
        switch self {
        case .webp:
            #if WebP
                nil
            #else
                "WebP"
            #endif
        case .gif:
            #if GIF
                nil
            #else
                "GIF"
            #endif
        case .heif, .avif:
            #if HEIF
                nil
            #else
                "HEIF"
            #endif
        case .tiff:
            #if TIFF
                nil
            #else
                "TIFF"
            #endif
        case .jpegXL:
            #if JPEGXL
                nil
            #else
                "JPEGXL"
            #endif
        default: nil
        }
    }

    /// True for formats whose pixels are mostly approximations already: keeping them exactly is worth no bytes.
    var isMostlyLossy: Bool { [.jpeg, .webp, .heif, .avif, .jpegXL].contains(self) }

    /// True when pixels are decoded to planes of luma and chroma, at a share of the size where that is enough.
    ///
    /// The pixels of other formats come by rows, their samples side by side.
    var decodesToPlanes: Bool { self == .jpeg }

    /// The longest side that a file of the format can have here; `nil` for sides beyond every limit on inputs.
    var maximumSide: Int? {
        switch self {
        // libjpeg's own bound, a little under the format's.
        case .jpeg: 65_500
        case .webp: 16_383
        default: nil
        }
    }

    /// The customary file name extension, without the dot.
    public var fileExtension: String {
        switch self {
        case .jpeg: "jpg"
        case .heif: "heic"
        case .tiff: "tif"
        default: rawValue
        }
    }

    /// The registered media type.
    public var mediaType: String {
        switch self {
        case .svg: "image/svg+xml"
        case .pdf: "application/pdf"
        case .ico: "image/vnd.microsoft.icon"
        default: "image/\(rawValue)"
        }
    }

    /// The format's name for people.
    public var description: String {
        switch self {
        case .jpegXL: "JPEG XL"
        case .webp: "WebP"
        case .heif: "HEIF"
        default: rawValue.uppercased()
        }
    }
}
