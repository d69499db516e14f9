// SPDX-License-Identifier: Apache-2.0

/// Errors about inputs, worded alike for every format.
enum InputFault {
    /// The bytes contradict their format.
    static func corrupt(_ what: String, at offset: Int) -> ImageError {
        ImageError(
            .corruptInput, "\(what) at byte \(offset): the file is damaged; get it again",
            details: ["offset": .integer(offset)])
    }

    /// The file ends too early.
    static func truncated(_ what: String, at offset: Int) -> ImageError {
        ImageError(
            .truncatedInput, "\(what) at byte \(offset): the file is incomplete; get it again",
            details: ["offset": .integer(offset)])
    }

    /// The input asks for more than ``DecodingLimits`` allow.
    /// - Parameters:
    ///   - what: The amount as the end of a sentence about the file: "has 120 scans".
    ///   - setting: The limit.
    static func exceeds(_ what: String, _ value: Int, limit: Int, _ setting: ImageError.Setting) -> ImageError {
        ImageError(
            .limitExceeded,
            "\(what), more than the limit of \(grouped(limit)); \(setting.remedy) if you trust the file",
            details: ["value": .integer(value), "limit": .integer(limit)], settings: [setting])
    }

    /// A number with grouped thousands, such as `280,000,000`.
    static func grouped(_ value: Int) -> String {
        let digits = Array(String(value.magnitude))
        let groups = digits.indices.map { index in
            index > 0 && (digits.count - index).isMultiple(of: 3) ? ",\(digits[index])" : String(digits[index])
        }
        return (value < 0 ? "-" : "") + groups.joined()
    }

    /// Throws `limit_exceeded` for an image with too many pixels or too long a side.
    static func checkSize(width: Int, height: Int, limits: DecodingLimits) throws(ImageError) {
        let side = max(width, height)
        if side > limits.maximumSide {
            throw exceeds(
                "has a side of \(grouped(side)) pixels", side, limit: limits.maximumSide, .inputSide)
        }
        let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
        if overflow || pixels > limits.maximumPixelCount {
            throw exceeds(
                "has \(width) × \(height)\(overflow ? "" : " = \(grouped(pixels))") pixels", overflow ? .max : pixels,
                limit: limits.maximumPixelCount, .inputPixels)
        }
    }

    /// Throws `limit_exceeded` for too many segments or chunks so far.
    static func checkChunks(count: Int, limits: DecodingLimits) throws(ImageError) {
        if count > limits.maximumChunkCount {
            throw exceeds(
                "has at least \(grouped(count)) segments or chunks", count, limit: limits.maximumChunkCount,
                .inputChunks)
        }
    }

    /// Throws `limit_exceeded` for a header with too many segments or chunks, or too much metadata.
    static func checkMetadata(count: Int, bytes: Int, limits: DecodingLimits) throws(ImageError) {
        if count > limits.maximumChunkCount {
            throw exceeds(
                "has \(grouped(count)) segments or chunks", count, limit: limits.maximumChunkCount,
                .inputChunks)
        }
        if bytes > limits.maximumMetadataBytes {
            throw exceeds(
                "has \(grouped(bytes)) bytes of metadata", bytes, limit: limits.maximumMetadataBytes,
                .inputMetadata)
        }
    }
}
