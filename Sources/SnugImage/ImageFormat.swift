// SPDX-License-Identifier: Apache-2.0

/// A file format, recognised by content.
public enum ImageFormat: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    case jpeg, png
    // Recognised for a precise error; not decoded.
    case gif, webp, tiff, bmp, heif, avif, jpegXL = "jxl", svg, pdf

    /// True when Snug decodes this format.
    public var isDecodable: Bool {
        switch self {
        case .jpeg, .png: true
        case .heif, .avif, .tiff, .jpegXL: workerCodec != nil
        case .gif, .webp, .bmp, .svg, .pdf: false
        }
    }

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
