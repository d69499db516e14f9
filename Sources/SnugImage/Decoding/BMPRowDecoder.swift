// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// The rows of a BMP, or of a bitmap inside an icon without its mask.
///
/// Rows are read where they lie, from the last to the first as most files store them; only runs are decoded as a whole.
final class BMPRowDecoder: RowDecoder {
    let width: Int
    let height: Int
    let layout: SampleLayout
    let iccProfile: [UInt8]?

    private static let blockByteCount = 256 << 10

    private let source: ImageSource
    private let header: BMPHeader
    private let recoversPartialImages: Bool
    private let palette: [UInt8]
    private var runs: BMPRuns?
    /// Some rows, and the first of them in the order in which they are stored.
    private var block: (first: Int, bytes: [UInt8]) = (0, [])
    private var nextRow = 0
    private var missingRows = 0
    private var hasStrayIndex = false

    /// - Parameter profile: The profile that suits the image.
    init(
        _ header: BMPHeader, of source: ImageSource, profile: [UInt8]?, recoversPartialImages: Bool
    ) throws(ImageError) {
        self.header = header
        self.source = source
        self.recoversPartialImages = recoversPartialImages
        width = header.width
        height = header.height
        layout = SampleLayout(.rgb, hasAlpha: header.hasAlpha)
        iccProfile = profile
        palette = try source.bytes(at: header.palette.lowerBound, count: header.palette.count)
    }

    func readRow(into row: inout MutableSpan<UInt8>) throws {
        let stored = header.isTopDown ? nextRow : height - 1 - nextRow
        nextRow += 1
        let isThere = header.compression.isRunLength ? try readRuns(stored, &row) : try readPixels(stored, &row)
        if !isThere {
            missingRows += 1
            // Mid-gray, or transparent where the image has alpha.
            for index in row.indices { row[index] = layout.hasAlpha ? 0 : 128 }
        }
        guard nextRow == height, missingRows > 0, !recoversPartialImages else { return }
        throw try fault()
    }

    private func fault() throws -> ImageError {
        let present = height - missingRows
        return ImageError(
            .truncatedInput,
            "the file ends before the image does (\(present) of \(height) rows are there); get it again, or "
                + ImageError.Setting.recovery.remedy,
            details: ["rows_present": .integer(present), "rows_total": .integer(height)], settings: [.recovery])
    }

    private func readRuns(_ stored: Int, _ row: inout MutableSpan<UInt8>) throws -> Bool {
        let runs = try self.runs ?? BMPRuns(header, of: source)
        self.runs = runs
        guard stored < runs.wholeRows ?? height else { return false }
        let indexes = runs.indexes
        for x in 0..<width { put(Int(indexes[stored * width + x]), at: x, &row) }
        return true
    }

    private func readPixels(_ stored: Int, _ row: inout MutableSpan<UInt8>) throws -> Bool {
        guard let place = try load(stored) else { return false }
        let rows = block.bytes
        let bytes = rows.span.extracting(place)
        switch header.bitsPerPixel {
        case 1, 2, 4, 8: expand(bytes, bits: header.bitsPerPixel, &row)
        case 24:
            for x in 0..<width {
                for channel in 0..<3 { row[x * 3 + channel] = bytes[x * 3 + 2 - channel] }
            }
        default: unmask(bytes, &row)
        }
        return true
    }

    /// Reads a row and its neighbours that come next.
    /// - Returns: The row's place in the block; `nil` where the file ends before it does.
    private func load(_ stored: Int) throws -> Range<Int>? {
        let stride = header.stride
        if !(block.first..<block.first + block.bytes.count / stride).contains(stored) {
            let count = max(1, Self.blockByteCount / stride)
            block.first = header.isTopDown ? stored : max(0, stored - count + 1)
            let rows = min(count, height - block.first)
            block.bytes = try source.bytes(at: header.pixels + block.first * stride, count: rows * stride)
        }
        let start = (stored - block.first) * stride
        // The padding of the last row may be missing.
        let end = start + (width * header.bitsPerPixel + 7) / 8
        return end <= block.bytes.count ? start..<end : nil
    }

    private func expand(_ bytes: Span<UInt8>, bits: Int, _ row: inout MutableSpan<UInt8>) {
        let mask = UInt8((1 << bits) - 1)
        let perByte = 8 / bits
        for x in 0..<width {
            let shift = 8 - bits * (x % perByte + 1)
            put(Int(bytes[x / perByte] >> UInt8(shift) & mask), at: x, &row)
        }
    }

    /// A colour of the palette; black for one that it lacks.
    private func put(_ index: Int, at x: Int, _ row: inout MutableSpan<UInt8>) {
        let start = index * header.paletteStride
        let isThere = start + 2 < palette.count
        if !isThere { hasStrayIndex = true }
        for channel in 0..<3 { row[x * 3 + channel] = isThere ? palette[start + 2 - channel] : 0 }
    }

    private func unmask(_ bytes: Span<UInt8>, _ row: inout MutableSpan<UInt8>) {
        let size = header.bitsPerPixel / 8
        let channels = layout.channels
        for x in 0..<width {
            var pixel = 0
            for index in 0..<size { pixel |= Int(bytes[x * size + index]) << (8 * index) }
            for channel in 0..<channels {
                row[x * channels + channel] = header.channels[channel].sample(pixel, empty: 0)
            }
        }
    }

    var report: DecodeReport {
        var report = DecodeReport()
        report.totalRows = height
        report.isDamaged = missingRows > 0
        report.endedEarly = report.isDamaged
        report.goodRows = report.isDamaged ? height - missingRows : nil
        if hasStrayIndex {
            report.warnings = ["some pixels have a colour that the palette lacks: they are black"]
            report.warningCount = 1
        }
        return report
    }
}
