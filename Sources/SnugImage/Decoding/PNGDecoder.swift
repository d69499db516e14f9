// SPDX-License-Identifier: Apache-2.0
import CPNG

/// Reads the rows of a PNG image from first to last.
///
/// Rows come as gray, gray and alpha, RGB or RGBA: palettes, low bit depths and tRNS are expanded. Samples are as
/// stored, with no gamma applied. Memory is a few rows and about 300 KiB, but for an interlaced image, which libpng decodes
/// whole before its first row is handed out.
@safe
struct PNGDecoder: ~Copyable {
    private let handle: PNGDecoderHandle
    private var feed: PNGDecoderFeed
    private let recoversPartialImages: Bool
    private var failure: ImageError?
    private var recoveryWarnings: [String] = []

    let width: Int
    let height: Int
    /// Interleaved samples of a pixel: 1 gray, 2 gray and alpha, 3 RGB, 4 RGBA.
    let channels: Int
    /// 8 or 16.
    let bitsPerSample: Int
    /// Bytes of a row.
    let rowByteCount: Int
    /// The profile of the iCCP chunk; `nil` when there is none, or a broken or oversized one (see ``warnings``).
    let iccProfile: [UInt8]?
    /// The row that comes next.
    private(set) var nextRow = 0
    /// With recovery: rows that the file lacks, or lacks in full resolution.
    private(set) var missingRowCount = 0

    /// True when each pixel has an alpha sample.
    var hasAlpha: Bool { channels == 2 || channels == 4 }
    /// Oddities that did not stop decoding, in words; complete after the last row.
    var warnings: [String] { feed.warnings + handle.warnings + recoveryWarnings }
    /// The peak of memory for libraries, rows that wait and an interlaced image together.
    var peakMemory: Int { handle.peakMemory }

    /// Reads up to the image's first byte.
    /// - Parameters:
    ///   - keeps16Bits: Hands out 16-bit samples as native-endian pairs of bytes instead of rounding them to 8 bits.
    ///   - recoversPartialImages: Fills what is missing of a damaged image instead of throwing.
    ///   - memoryLimit: The limit in bytes for the C side: rows, and the whole image when it is interlaced.
    ///   - level: The instruction set of the inner loops.
    ///   - usesLibraryOnly: libpng reads the rows of every image, for comparisons.
    /// - Throws: `empty_input`, `not_an_image`, `truncated_input`, `corrupt_input`, `unsupported_feature`,
    ///   `limit_exceeded`, `memory_exceeded` (with `needed_bytes` and `limit_bytes`), or what reading throws.
    init(
        source: ImageSource, limits: DecodingLimits = DecodingLimits(), keeps16Bits: Bool = false,
        recoversPartialImages: Bool = false,
        memoryLimit: Int = .max, level: KernelLevel = .best, usesLibraryOnly: Bool = false
    ) throws(ImageError) {
        let handle = try PNGDecoderHandle(
            depth: keeps16Bits ? .native : .eight, toleratesCRCErrors: recoversPartialImages,
            maximumWarningCount: limits.maximumWarningCount, memoryLimit: memoryLimit, level: level,
            usesLibraryOnly: usesLibraryOnly)
        var feed = try PNGDecoderFeed(source: source, limits: limits, checksEveryChunk: false)
        let header = try Self.readHeader(from: &feed, into: handle, memoryLimit: memoryLimit)
        self.recoversPartialImages = recoversPartialImages
        width = Int(header.width)
        height = Int(header.height)
        channels = Int(header.channels)
        bitsPerSample = Int(header.bits_per_sample)
        rowByteCount = header.row_bytes
        iccProfile = feed.iccProfile
        self.handle = handle
        self.feed = feed
    }

    private static func readHeader(
        from feed: inout PNGDecoderFeed, into handle: borrowing PNGDecoderHandle, memoryLimit: Int
    ) throws(ImageError) -> snug_png_header {
        while true {
            if let header = handle.header { return header }
            do {
                guard try feed.push(to: handle) else { break }
            } catch {
                guard error.code == .memoryExceeded, let header = handle.header, header.is_interlaced else {
                    throw error
                }
                let needed = header.row_bytes.multipliedReportingOverflow(by: Int(header.height))
                throw ImageError(
                    .memoryExceeded,
                    "is interlaced, so all \(header.width)×\(header.height) pixels must be held at once; "
                        + "\(ImageError.Setting.memory.remedy) or save it without interlacing",
                    details: [
                        "needed_bytes": .integer(needed.overflow ? .max : needed.partialValue),
                        "limit_bytes": .integer(memoryLimit),
                    ], settings: [.memory])
            }
        }
        guard feed.end == .cutOff else {
            throw ImageError(.corruptInput, "is a PNG without image data; export it again")
        }
        throw ImageError(.truncatedInput, "ends before its image begins; get the whole file")
    }

    /// Copies the next row into `row`, which has to have ``rowByteCount`` bytes.
    ///
    /// The last row is handed out only after what follows the image was checked: nothing there is inflated.
    /// - Throws: `truncated_input` or `corrupt_input` with `rows_present` and `rows_total` without recovery;
    ///   `memory_exceeded`; what reading throws.
    mutating func readRow(into row: inout MutableSpan<UInt8>) throws(ImageError) {
        precondition(row.count == rowByteCount && nextRow < height, "a row of another length, or past the last one")
        while !handle.takeRow(into: &row) {
            if let failure {
                guard recoversPartialImages else { throw failure }
                fill(&row)
                break
            }
            try pushMore()
        }
        nextRow += 1
        guard nextRow == height else { return }
        if failure == nil { try readTrailer() }
        // The input slice that completes the last row can contain damage after it.
        if let failure, !recoversPartialImages { throw failure }
    }

    /// Feeds the decoder once, and settles what happens when nothing more can come of it.
    private mutating func pushMore() throws(ImageError) {
        let stopped: ImageError
        do {
            if try feed.push(to: handle) { return }
            stopped =
                feed.end == .complete
                ? .damagedPNG("its compressed data break off or end early")
                : .cutOffPNG
        } catch {
            // Rows that were finished before the fault are handed out first.
            guard error.code == .corruptInput || error.code == .truncatedInput else { throw error }
            stopped = error
        }
        let present = handle.rowsDecoded
        if recoversPartialImages { handle.endInput() }
        missingRowCount = height - present
        var reported = stopped
        let advice = stopped.message.dropFirst(stopped.finding.count)
        reported.message = "\(stopped.finding) (\(present) of \(height) rows are there)\(advice)"
        reported.details["rows_present"] = .integer(present)
        reported.details["rows_total"] = .integer(height)
        failure = reported
        if recoversPartialImages { recoveryWarnings.append(reported.finding) }
    }

    /// Mid-gray, or transparent where the image has alpha: a repeated last row would pass for image.
    private func fill(_ row: inout MutableSpan<UInt8>) {
        let value: UInt8 = hasAlpha ? 0 : 128
        for index in row.indices { row[index] = value }
    }

    /// Reads on to IEND, so that the last IDAT's CRC and the file's end are known.
    private mutating func readTrailer() throws(ImageError) {
        do {
            while try feed.push(to: handle) {}
            if feed.end == .cutOff { recoveryWarnings.append("the file ends without an IEND chunk") }
        } catch {
            guard recoversPartialImages, error.code == .corruptInput || error.code == .unsupportedFeature else {
                throw error
            }
            recoveryWarnings.append(error.finding)
        }
    }
}
