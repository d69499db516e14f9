// SPDX-License-Identifier: Apache-2.0

/// Reads the header of a TIFF file from its first directory.
enum TIFFHeaderProbe {
    static func header(
        of source: ImageSource, start: ByteView, limits: DecodingLimits
    ) throws(ImageError) -> ImageHeader {
        let image = try TIFFImage(source, start: start)
        try InputFault.checkSize(width: image.width, height: image.height, limits: limits)
        var header = ImageHeader(format: .tiff, width: image.width, height: image.height)
        header.bitsPerSample = image.bitsPerSample
        header.colourModel = image.colourModel
        header.orientation = image.orientation
        header.frameCount = image.pageCount
        if image.pageCount > 1 { header.warnings.append("has \(image.pageCount) pages: only the first one is read") }
        if let profile = image.profile {
            header.colourSpace = .icc(byteCount: profile.count)
            header.metadata.icc = profile.count
            if profile.count <= limits.maximumProfileBytes {
                header.iccProfileName =
                    ICCProfile(
                        try source.bytes(at: profile.lowerBound, count: profile.count)
                    ).name
            }
        }
        header.metadata.xmp = image.xmp?.count ?? 0
        return header
    }
}
