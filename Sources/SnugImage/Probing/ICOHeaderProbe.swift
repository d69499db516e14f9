// SPDX-License-Identifier: Apache-2.0

/// Reads the header of an icon: that of its largest image.
enum ICOHeaderProbe {
    /// - Throws: `corrupt_input`, `truncated_input`, `unsupported_feature`, `limit_exceeded`, `io_failed`, `input_changed`.
    static func header(of source: ImageSource, limits: DecodingLimits) throws(ImageError) -> ImageHeader {
        let directory = try ICODirectory(source)
        var header: ImageHeader
        if directory.isPNG {
            var probe = PNGHeaderProbe(try directory.png(in: source, limits: limits), limits: limits)
            header = try probe.read()
            header.format = .ico
        } else {
            let bitmap = try BMPHeader(source, at: directory.image.lowerBound, isIcon: true)
            try InputFault.checkSize(width: bitmap.width, height: bitmap.height, limits: limits)
            header = ImageHeader(format: .ico, width: bitmap.width, height: bitmap.height)
            // By the mask at least.
            header.colourModel = .rgba
        }
        if directory.count > 1 {
            header.warnings.append("is an icon of \(directory.count) images, of which the largest is taken")
        }
        return header
    }
}
