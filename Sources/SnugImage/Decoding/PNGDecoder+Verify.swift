// SPDX-License-Identifier: Apache-2.0
import CPNG

extension PNGDecoder {
    /// Inflates and unfilters every row and checks every CRC, and keeps nothing: memory is a few rows, interlaced or not.
    ///
    /// For files that are passed on unchanged. Takes about as long as decoding.
    /// - Throws: `truncated_input` or `corrupt_input` when rows are missing or a chunk that makes the image is damaged,
    ///   and the other codes of ``init(source:limits:keeps16Bits:recoversPartialImages:memoryLimit:)``.
    static func verify(_ source: ImageSource, limits: DecodingLimits = DecodingLimits()) throws(ImageError)
        -> PNGVerification
    {
        let handle = try PNGDecoderHandle(
            depth: .discard, toleratesCRCErrors: false, maximumWarningCount: limits.maximumWarningCount,
            memoryLimit: .max)
        var feed = try PNGDecoderFeed(source: source, limits: limits, checksEveryChunk: true)
        do throws(ImageError) {
            while try feed.push(to: handle) {}
            if !handle.isComplete {
                throw feed.end == .complete
                    ? .damagedPNG("its compressed data end early")
                    : .cutOffPNG
            }
        } catch {
            var reported = error
            reported.details["rows_present"] = .integer(handle.rowsDecoded)
            if let header = handle.header { reported.details["rows_total"] = .integer(Int(header.height)) }
            throw reported
        }
        return PNGVerification(hasEnd: feed.end == .complete, warnings: feed.warnings + handle.warnings)
    }
}
