// SPDX-License-Identifier: Apache-2.0

/// The frame of an animation, or the page of a TIFF, that is decoded.
enum FramePage {
    /// The index of the frame that the policy asks for, 0 by default.
    /// - Throws: `invalid_argument` for one that the header denies, `limit_exceeded` where the frames before it are too many.
    static func index(of reader: ImageReader) throws(ImageError) -> Int {
        let page = reader.policy.page ?? 1
        try check(page, of: reader.header)
        // Every frame before it is decoded too.
        let (work, overflow) = page.multipliedReportingOverflow(by: reader.header.pixelCount)
        try check(work: overflow ? .max : work, page: page, limits: reader.policy.decodingLimits)
        return page - 1
    }

    /// Throws `limit_exceeded` for a frame that takes so many pixels of frames to decode.
    static func check(work: Int, page: Int, limits: DecodingLimits) throws(ImageError) {
        guard work > limits.maximumScanWork else { return }
        throw InputFault.exceeds(
            "frame \(page) takes \(InputFault.grouped(work)) pixels of frames to decode", work,
            limit: limits.maximumScanWork, .inputScanWork)
    }

    /// Throws `invalid_argument` for a page that the header denies.
    static func check(_ page: Int, of header: ImageHeader) throws(ImageError) {
        if page < 1 { throw ImageError(.invalidArgument, "page \(page) was asked for; pages begin at 1") }
        if page > 1, header.format == .png && header.isAnimated || hasFirstAlone(header.format) {
            throw ImageError(
                .unsupportedFeature,
                "is \(header.format), of which the first image alone is read; save page \(page) as a file of its own")
        }
        if page > header.frameCount ?? .max { throw missing(page - 1, of: header.frameCount ?? 0) }
    }

    /// True for formats whose decoders read the first image alone.
    private static func hasFirstAlone(_ format: ImageFormat) -> Bool { format.workerCodec != nil && format != .tiff }

    /// The error for a frame that is not there.
    static func missing(_ index: Int, of count: Int) -> ImageError {
        ImageError(
            .invalidArgument, "page \(index + 1) was asked for, and the image has \(count)",
            details: ["page": .integer(index + 1), "pages": .integer(count)])
    }
}
