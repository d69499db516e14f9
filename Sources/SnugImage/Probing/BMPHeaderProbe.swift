// SPDX-License-Identifier: Apache-2.0

/// Reads the header of a BMP: size, depth, transparency and profile.
enum BMPHeaderProbe {
    /// - Throws: `corrupt_input`, `truncated_input`, `unsupported_feature`, `limit_exceeded`, `io_failed`, `input_changed`.
    static func header(of source: ImageSource, limits: DecodingLimits) throws(ImageError) -> ImageHeader {
        let bitmap = try BMPHeader(source)
        var header = ImageHeader(format: .bmp, width: bitmap.width, height: bitmap.height)
        try InputFault.checkSize(width: bitmap.width, height: bitmap.height, limits: limits)
        header.bitsPerSample = bitmap.hasPalette ? bitmap.bitsPerPixel : 8
        header.colourModel = bitmap.hasPalette ? .palette : bitmap.hasAlpha ? .rgba : .rgb
        guard let place = bitmap.profile else { return header }
        header.metadata.icc = place.count
        if place.count > limits.maximumProfileBytes {
            header.warnings.append("the ICC profile of \(place.count) bytes is over the limit and is ignored")
            return header
        }
        let profile = ICCProfile(try source.bytes(at: place.lowerBound, count: place.count))
        if let defect = profile.defect(for: .rgb) {
            header.warnings.append("the ICC profile is ignored: it \(defect)")
        } else {
            header.colourSpace = .icc(byteCount: place.count)
            header.iccProfileName = profile.name
        }
        return header
    }
}
