// SPDX-License-Identifier: Apache-2.0
import CPNG

/// Writes a PNG row by row into memory, and stops compressing as soon as it exceeds a byte limit.
@safe
struct PNGEncoder: ~Copyable {
    private let handle: PNGEncoderHandle
    /// Bytes of a row, as ``PNGLayout`` describes them.
    let rowByteCount: Int
    private var rowsLeft: Int
    /// True when the output is over its limit: further rows are ignored.
    private(set) var isOverLimit = false

    /// Begins a PNG: everything before the image is written at once.
    /// - Parameter byteLimit: The limit on the whole file's bytes.
    /// - Throws: `invalid_argument`, `memory_exceeded`, `codec_failed`.
    init(
        width: Int, height: Int, layout: PNGLayout, options: PNGEncoderOptions = PNGEncoderOptions(),
        byteLimit: Int = .max
    ) throws(ImageError) {
        guard let columns = UInt32(exactly: width), let rows = UInt32(exactly: height), width > 0, height > 0,
            layout.isAllowed, (0...9).contains(options.level)
        else {
            throw ImageError(
                .invalidArgument,
                "a PNG cannot be \(width)x\(height) with \(layout.bits) bits at level \(options.level)")
        }
        var settings = snug_png_settings()
        settings.width = columns
        settings.height = rows
        settings.channels = UInt32(layout.channels)
        settings.bits_per_sample = UInt32(layout.bits)
        settings.level = Int32(options.level)
        settings.filters = options.filter.code
        settings.byte_limit = max(byteLimit, 0)
        var palette: [UInt8] = []
        if case .palette(let colours, _) = layout {
            settings.palette_count = UInt32(colours.colours.count)
            settings.transparent_count = UInt32(colours.transparentCount)
            palette = colours.bytes
        }
        let handle = try PNGEncoderHandle()
        var fits = try handle.check(unsafe snug_png_encoder_begin(handle.pointer, &settings, palette))
        if fits { fits = try Self.writeMetadata(options, to: handle) }
        self.handle = handle
        rowByteCount = layout.rowByteCount(width: width)
        rowsLeft = height
        isOverLimit = !fits
    }

    private static func writeMetadata(
        _ options: PNGEncoderOptions, to handle: borrowing PNGEncoderHandle
    ) throws(ImageError) -> Bool {
        if let profile = options.iccProfile {
            let status = unsafe snug_png_encoder_write_profile(handle.pointer, profile, profile.count)
            guard try handle.check(status) else { return false }
        }
        guard try handle.check(unsafe snug_png_encoder_write_palette(handle.pointer)) else { return false }
        if let exif = options.exif, try !handle.write(exif, as: "eXIf") { return false }
        for text in options.textChunks {
            guard try handle.write(text.data, as: text.isInternational ? "iTXt" : "tEXt") else { return false }
        }
        return true
    }

    /// Writes the next row; does nothing once the output is over its limit.
    /// - Throws: `invalid_argument` when the row is one too many or has another length, `memory_exceeded`, `codec_failed`.
    mutating func write(_ row: Span<UInt8>) throws(ImageError) {
        guard row.count == rowByteCount, rowsLeft > 0 else {
            throw ImageError(
                .invalidArgument, "a row of \(row.count) bytes, \(rowsLeft) to come; \(rowByteCount) wanted")
        }
        rowsLeft -= 1
        guard !isOverLimit else { return }
        let status = unsafe row.withUnsafeBufferPointer { buffer -> snug_png_status in
            guard let start = buffer.baseAddress else { return .codecError }
            return unsafe snug_png_encoder_write_row(handle.pointer, start)
        }
        isOverLimit = try !handle.check(status)
    }

    /// Ends the PNG.
    /// - Returns: The file, or `nil` when it exceeds the byte limit.
    /// - Throws: `invalid_argument` when rows are missing, `memory_exceeded`, `codec_failed`.
    consuming func finish() throws(ImageError) -> [UInt8]? {
        guard !isOverLimit else { return nil }
        guard rowsLeft == 0 else { throw ImageError(.invalidArgument, "\(rowsLeft) rows of the PNG were not written") }
        guard try handle.check(unsafe snug_png_encoder_finish(handle.pointer)) else { return nil }
        return handle.takeBytes()
    }
}

extension PNGEncoderOptions.Filter {
    fileprivate var code: snug_png_filters {
        switch self {
        case .none: .none
        case .sub: .sub
        case .up: .up
        case .paeth: .paeth
        case .adaptive: .adaptive
        }
    }
}
