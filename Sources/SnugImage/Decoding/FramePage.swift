// SPDX-License-Identifier: Apache-2.0

/// The frame of an animation that is decoded.
enum FramePage {
    /// The index of the frame that the policy asks for, 0 by default.
    /// - Throws: `invalid_argument` for one that the header denies, `limit_exceeded` where the frames before it are too many.
    static func index(of reader: ImageReader) throws(ImageError) -> Int {
        let page = reader.policy.page ?? 1
        try check(page, of: reader.header)
        // Every frame before it is decoded too.
        let limit = reader.policy.decodingLimits.maximumScanWork
        let (work, overflow) = page.multipliedReportingOverflow(by: reader.header.pixelCount)
        if overflow || work > limit {
            throw InputFault.exceeds(
                "frame \(page) takes \(InputFault.grouped(overflow ? .max : work)) pixels of frames to decode",
                overflow ? .max : work, limit: limit, .inputScanWork)
        }
        return page - 1
    }

    /// Throws `invalid_argument` for a page that the header denies.
    static func check(_ page: Int, of header: ImageHeader) throws(ImageError) {
        if page < 1 { throw ImageError(.invalidArgument, "page \(page) was asked for; pages begin at 1") }
        if page > 1, header.format == .png && header.isAnimated || header.format.workerCodec != nil {
            throw ImageError(
                .unsupportedFeature,
                "is \(header.format), of which the first image alone is read; save page \(page) as a file of its own")
        }
        if page > header.frameCount ?? .max { throw missing(page - 1, of: header.frameCount ?? 0) }
    }

    /// The error for a frame that is not there.
    static func missing(_ index: Int, of count: Int) -> ImageError {
        ImageError(
            .invalidArgument, "page \(index + 1) was asked for, and the image has \(count)",
            details: ["page": .integer(index + 1), "pages": .integer(count)])
    }
}
