// SPDX-License-Identifier: Apache-2.0

/// The words for what can be wrong with an input, said the same way for every format.
enum InputFault {
    /// The bytes contradict their format.
    static func corrupt(_ what: String, at offset: Int) -> ImageError {
        ImageError(
            .corruptInput, "\(what) at byte \(offset): the file is damaged", details: ["offset": .integer(offset)])
    }

    /// The file ends too early.
    static func truncated(_ what: String, at offset: Int) -> ImageError {
        ImageError(
            .truncatedInput, "\(what) at byte \(offset): the file is incomplete, get it again",
            details: ["offset": .integer(offset)])
    }

    /// The input asks for more than ``DecodingLimits`` allow.
    /// - Parameters:
    ///   - what: What it has, with its value, as the end of a sentence about the file: "has 120 scans".
    ///   - option: The command's option that raises the limit.
    static func exceeds(_ what: String, _ value: Int, limit: Int, option: String) -> ImageError {
        ImageError(
            .limitExceeded,
            "\(what), more than the limit of \(grouped(limit)); raise it with \(option) if you trust the file",
            details: ["value": .integer(value), "limit": .integer(limit), "option": .text(option)])
    }

    /// A number with its thousands set apart, as `280,000,000`.
    static func grouped(_ value: Int) -> String {
        let digits = Array(String(value.magnitude))
        let groups = digits.indices.map { index in
            index > 0 && (digits.count - index).isMultiple(of: 3) ? ",\(digits[index])" : String(digits[index])
        }
        return (value < 0 ? "-" : "") + groups.joined()
    }

    /// Refuses an image by its size.
    static func checkSize(width: Int, height: Int, limits: DecodingLimits) throws(ImageError) {
        let side = max(width, height)
        if side > limits.maximumSide {
            throw exceeds(
                "has a side of \(grouped(side)) pixels", side, limit: limits.maximumSide, option: "--max-input-side")
        }
        let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
        if overflow || pixels > limits.maximumPixelCount {
            throw exceeds(
                "has \(width) × \(height)\(overflow ? "" : " = \(grouped(pixels))") pixels", overflow ? .max : pixels,
                limit: limits.maximumPixelCount, option: "--max-input-pixels")
        }
    }

    /// Refuses a file by the number of its segments or chunks so far.
    static func checkChunks(count: Int, limits: DecodingLimits) throws(ImageError) {
        if count > limits.maximumChunkCount {
            throw exceeds(
                "has at least \(grouped(count)) segments or chunks", count, limit: limits.maximumChunkCount,
                option: "--max-input-chunks")
        }
    }

    /// Refuses a header by the number of its segments or chunks, or by the metadata in it.
    static func checkMetadata(count: Int, bytes: Int, limits: DecodingLimits) throws(ImageError) {
        if count > limits.maximumChunkCount {
            throw exceeds(
                "has \(grouped(count)) segments or chunks", count, limit: limits.maximumChunkCount,
                option: "--max-input-chunks")
        }
        if bytes > limits.maximumMetadataBytes {
            throw exceeds(
                "has \(grouped(bytes)) bytes of metadata", bytes, limit: limits.maximumMetadataBytes,
                option: "--max-input-metadata")
        }
    }
}
