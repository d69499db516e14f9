// SPDX-License-Identifier: Apache-2.0

/// Reads the header of one page of a TIFF file from its directory.
enum TIFFHeaderProbe {
    static func header(
        of source: ImageSource, start: ByteView, limits: DecodingLimits, page: Int = 1
    ) throws(ImageError) -> ImageHeader {
        let image = try TIFFImage(source, start: start, page: max(page, 0) - 1)
        try InputFault.checkSize(width: image.width, height: image.height, limits: limits)
        var header = ImageHeader(format: .tiff, width: image.width, height: image.height)
        header.bitsPerSample = image.bitsPerSample
        header.colourModel = image.colourModel
        header.orientation = image.orientation
        header.frameCount = image.pageCount
        if image.pageCount > 1 {
            header.warnings.append("has \(image.pageCount) pages, of which page \(page) alone is read")
        }
        if let profile = image.profile?.clamped(to: 0..<source.byteCount), !profile.isEmpty {
            header.colourSpace = .icc(byteCount: profile.count)
            header.metadata.icc = profile.count
            if profile.count <= limits.maximumProfileBytes {
                header.iccProfileName =
                    ICCProfile(
                        try source.bytes(at: profile.lowerBound, count: profile.count)
                    ).name
            }
        }
        header.metadata.xmp = image.xmp?.clamped(to: 0..<source.byteCount).count ?? 0
        return header
    }
}
