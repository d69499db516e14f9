// SPDX-License-Identifier: Apache-2.0

/// Checks a file's structure to the end, without decoding it, in bounded memory.
///
/// A file that complies is passed on unchanged, and then nobody else here looks at it. Broken or cut files would be
/// paid for at an API that refuses them, so they are found here: markers and scans of a JPEG, order and checksums of a
/// PNG. Damage inside a JPEG's entropy-coded data cannot be seen without decoding.
enum StructureWalk {
    /// Enough that reading costs little, small enough for any number of jobs.
    static let windowSize = 1 << 18

    /// Walks a JPEG or PNG.
    /// - Throws: `corrupt_input` and `truncated_input` with what is wrong and where, `limit_exceeded`,
    ///   `unsupported_format`, `io_failed`, `input_changed`.
    static func report(
        of source: ImageSource, header: ImageHeader, limits: DecodingLimits = DecodingLimits()
    ) throws(ImageError) -> StructureReport {
        switch header.format {
        case .jpeg:
            var walk = JPEGWalk(source, limits: limits)
            while try walk.next() != nil {}
            return try report(imageEnd: walk.position, scanCount: walk.scanCount, of: source)
        case .png:
            var walk = PNGWalk(source, limits: limits)
            while try walk.next() != nil {}
            return try report(imageEnd: walk.position, scanCount: walk.dataChunkCount, of: source)
        default:
            throw ImageError(.unsupportedFormat, "\(header.format) files cannot be checked")
        }
    }

    private static func report(
        imageEnd: Int, scanCount: Int, of source: ImageSource
    ) throws(ImageError) -> StructureReport {
        let trailing = source.byteCount - imageEnd
        let start = ByteView(try source.bytes(at: imageEnd, count: FormatSignature.byteCount))
        let trailer: StructureReport.Trailer =
            trailing == 0 ? .none : FormatSignature.format(of: start)?.isDecodable == true ? .image : .other
        return StructureReport(
            imageEnd: imageEnd, trailingByteCount: trailing, trailer: trailer, scanCount: scanCount)
    }
}
