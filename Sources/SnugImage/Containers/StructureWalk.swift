// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// Checks a file's structure to the end, without decoding it, in bounded memory.
///
/// Files that comply are passed on unchanged, so this is the last check of their structure: markers and scans of a JPEG,
/// order and checksums of a PNG. Only decoding shows damage inside a JPEG's entropy-coded data.
enum StructureWalk {
    /// Bytes read at once: few calls, and little memory for any number of jobs.
    static let windowSize = 1 << 18

    /// Walks a JPEG, PNG, WebP or GIF.
    /// - Throws: `corrupt_input` and `truncated_input` with the fault and its offset, `limit_exceeded`,
    ///   `unsupported_format`, `io_failed`, `input_changed`.
    static func report(
        of source: ImageSource, header: ImageHeader, limits: DecodingLimits = DecodingLimits()
    ) throws(ImageError) -> StructureReport {
        switch header.format {
        case .jpeg:
            var walk = JPEGWalk(source, limits: limits)
            while try walk.next() != nil {}
            return try report(imageEnd: walk.position, scanCount: walk.scanCount, mayHaveImages: true, of: source)
        case .png:
            var walk = PNGWalk(source, limits: limits)
            while try walk.next() != nil {}
            return try report(imageEnd: walk.position, scanCount: walk.dataChunkCount, of: source)
        case .webp:
            var walk = try WebPWalk(source, limits: limits)
            while try walk.next() != nil {}
            return try report(imageEnd: min(walk.end, source.byteCount), scanCount: walk.frames.count, of: source)
        case .gif:
            var walk = try GIFWalk(source, limits: limits)
            var frameCount = 0
            while try walk.nextFrame() != nil { frameCount += 1 }
            return try report(imageEnd: walk.position, scanCount: frameCount, of: source)
        default:
            throw ImageError(.unsupportedFormat, "\(header.format) files cannot be checked")
        }
    }

    /// The report about a file whose image ends there.
    /// - Parameter mayHaveImages: True for a format that has further images behind the first.
    static func report(
        imageEnd: Int, scanCount: Int, mayHaveImages: Bool = false, of source: ImageSource
    ) throws(ImageError) -> StructureReport {
        let trailing = source.byteCount - imageEnd
        let following = ContentSignature(try source.bytes(at: imageEnd, count: ContentSignature.byteCount))
        let trailer: StructureReport.Trailer =
            trailing == 0 ? .none : mayHaveImages && [.jpeg, .png].contains(following) ? .image : .other
        return StructureReport(
            imageEnd: imageEnd, trailingByteCount: trailing, trailer: trailer, scanCount: scanCount)
    }
}
