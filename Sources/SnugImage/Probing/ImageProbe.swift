// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// Reads the headers of images.
public enum ImageProbe {
    /// Reads the header of an image.
    ///
    /// Reads the bytes around the image data, never the pixels: a few reads, whatever the file's size. For formats
    /// that are recognised but not decoded, size and animation are filled in where the first bytes have them, else 0.
    /// The header of a camera's raw file is that of its embedded JPEG of full size.
    /// - Parameters:
    ///   - source: The file or the bytes.
    ///   - limits: What a header may ask for.
    ///   - page: The page of a TIFF file, from 1. Frames of animations all have the header of the file.
    /// - Throws: `empty_input`, `not_an_image`, `unsupported_feature`, `corrupt_input`, `truncated_input`,
    ///   `invalid_argument` for a page that is not there, `limit_exceeded` (details `value`, `limit`), `io_failed`,
    ///   `input_changed`.
    public static func header(
        of source: ImageSource, limits: DecodingLimits = DecodingLimits(), page: Int = 1
    ) throws(ImageError) -> ImageHeader {
        let start = ByteView(try source.bytes(at: 0, count: ContentSignature.byteCount))
        let format = try ImageFormat.recognise(start)
        if format == .tiff, let preview = try RawPreview(of: source, limits: limits) {
            var header = try header(of: preview.source, limits: limits)
            header.warnings.insert(preview.note, at: 0)
            return header
        }
        switch format {
        case .jpeg:
            var probe = JPEGHeaderProbe(source, limits: limits)
            return try probe.read()
        case .png:
            var probe = PNGHeaderProbe(source, limits: limits)
            return try probe.read()
        case .heif where format.isDecodable, .avif where format.isDecodable:
            return try ISOMediaHeaderProbe.header(of: source, format: format, start: start, limits: limits)
        case .tiff where format.isDecodable:
            return try TIFFHeaderProbe.header(of: source, start: start, limits: limits, page: page)
        case .jpegXL where format.isDecodable:
            return try JPEGXLHeaderProbe.header(of: source, limits: limits)
        case .webp:
            var probe = WebPHeaderProbe(source, limits: limits)
            return try probe.read()
        case .gif:
            var probe = GIFHeaderProbe(source, limits: limits)
            return try probe.read()
        case .bmp: return try BMPHeaderProbe.header(of: source, limits: limits)
        case .ico: return try ICOHeaderProbe.header(of: source, limits: limits)
        case .tiff, .heif, .avif, .jpegXL, .svg, .pdf:
            return try RecognisedFormatProbe.header(of: source, format: format, start: start)
        }
    }
}
