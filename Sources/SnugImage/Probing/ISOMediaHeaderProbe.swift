// SPDX-License-Identifier: Apache-2.0

/// Reads the header of a HEIF or AVIF file from its boxes.
enum ISOMediaHeaderProbe {
    static func header(
        of source: ImageSource, format: ImageFormat, start: ByteView, limits: DecodingLimits
    ) throws(ImageError) -> ImageHeader {
        let image = try ISOImage(source, limits: limits)
        try InputFault.checkSize(width: image.width, height: image.height, limits: limits)
        var header = ImageHeader(
            format: format, width: image.crop?.width ?? image.width, height: image.crop?.height ?? image.height)
        header.orientation = image.orientation
        header.bitsPerSample = image.bitsPerSample
        header.colourModel = image.hasAlpha ? .rgba : image.isGray && format == .avif ? .gray : .rgb
        if ["avis", "hevc", "hevx", "msf1"].contains(where: { start.has($0, at: 8) }) {
            header.isAnimated = true
            header.frameCount = nil
        }
        let isDynamic = image.codePoints.map { ToneMapping.Curve(transfer: $0.transfer) != nil } ?? false
        if let profile = image.profile, !isDynamic {
            header.colourSpace = .icc(byteCount: profile.count)
            header.iccProfileName = ICCProfile(profile).name
            header.metadata.icc = profile.count
        } else if let colour = image.codePoints {
            header.colourSpace = colour.isSRGB ? .sRGB : .codePoints(colour)
        }
        header.metadata.exif = byteCount(image.exif, of: source)
        header.metadata.xmp = byteCount(image.xmp, of: source)
        return header
    }

    /// Bytes of extents that the file has; what it announces may be beyond every number.
    private static func byteCount(_ extents: [Range<Int>], of source: ImageSource) -> Int {
        extents.reduce(0) { $0 + $1.clamped(to: 0..<source.byteCount).count }
    }
}
