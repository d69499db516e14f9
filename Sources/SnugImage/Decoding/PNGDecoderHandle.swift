// SPDX-License-Identifier: Apache-2.0
import CPNG

/// Owns a PNG reader; frees it when it goes out of scope.
@safe
struct PNGDecoderHandle: ~Copyable {
    private let pointer: OpaquePointer

    /// - Parameter usesLibraryOnly: libpng reads the rows of every image, for comparisons.
    init(
        depth: snug_png_depth, toleratesCRCErrors: Bool, maximumWarningCount: Int, memoryLimit: Int,
        level: KernelLevel = .best, usesLibraryOnly: Bool = false
    ) throws(ImageError) {
        var settings = snug_png_decoder_settings()
        settings.memory_limit = max(memoryLimit, 0)
        settings.maximum_warnings = UInt32(clamping: maximumWarningCount)
        settings.depth = depth
        settings.level = level
        settings.tolerates_crc_errors = toleratesCRCErrors
        settings.uses_libpng_only = usesLibraryOnly
        guard let created = unsafe snug_png_decoder_create(&settings) else {
            throw ImageError(
                .memoryExceeded,
                "a PNG decoder needs more memory than \(memoryLimit) bytes; "
                    + ImageError.Setting.memory.remedy,
                details: ["limit_bytes": .integer(memoryLimit)], settings: [.memory])
        }
        unsafe pointer = created
    }

    deinit { unsafe snug_png_decoder_free(pointer) }

    /// The layout of the rows, known once the chunks before the image have been pushed.
    var header: snug_png_header? {
        var header = snug_png_header()
        return unsafe snug_png_decoder_get_header(pointer, &header) ? header : nil
    }
    var rowsDecoded: Int { Int(unsafe snug_png_decoder_rows_decoded(pointer)) }
    var isComplete: Bool { unsafe snug_png_decoder_is_complete(pointer) }
    var warningCount: Int { Int(unsafe snug_png_decoder_warning_count(pointer)) }
    /// The peak of the C side's memory in bytes.
    var peakMemory: Int { Int(clamping: unsafe snug_png_decoder_peak_memory(pointer)) }

    /// The texts of the first few warnings.
    var warnings: [String] {
        var texts: [String] = []
        while let text = unsafe snug_png_decoder_warning(pointer, UInt32(texts.count)) {
            unsafe texts.append(String(cString: text))
        }
        return texts
    }

    /// Takes bytes of the file until a row is ready or all are used.
    /// - Returns: How many were used.
    /// - Throws: `corrupt_input`, `memory_exceeded`.
    func push(_ bytes: Span<UInt8>) throws(ImageError) -> Int {
        var consumed = 0
        let status = unsafe bytes.withUnsafeBufferPointer { buffer -> snug_png_status in
            var nothing: UInt8 = 0
            guard let start = buffer.baseAddress else {
                return unsafe snug_png_decoder_push(pointer, &nothing, 0, &consumed)
            }
            return unsafe snug_png_decoder_push(pointer, start, buffer.count, &consumed)
        }
        switch status {
        case .ok, .overLimit: return consumed
        case .codecError:
            var message = unsafe String(cString: snug_png_decoder_message(pointer))[...]
            // libpng puts the chunk's name before messages that begin with it.
            let chunk = message.prefix { $0 != ":" }
            if message.hasPrefix("\(chunk): \(chunk): ") { message = message.dropFirst(chunk.count + 2) }
            throw ImageError.damagedPNG(String(message))
        case .outOfMemory:
            throw ImageError(
                .memoryExceeded, "decoding it takes more memory than allowed; \(ImageError.Setting.memory.remedy)",
                settings: [.memory])
        }
    }

    /// True when a row may come by pushing nothing.
    var holdsRows: Bool { unsafe snug_png_decoder_holds_rows(pointer) }

    /// Says that no more input will come, so that an interlaced image hands out what it has.
    func endInput() { unsafe snug_png_decoder_end_input(pointer) }

    /// Copies the next row, which has to be as long as the header says.
    /// - Returns: Whether there was one.
    func takeRow(into row: inout MutableSpan<UInt8>) -> Bool {
        unsafe row.withUnsafeMutableBufferPointer { buffer -> Bool in
            guard let start = buffer.baseAddress else { return false }
            return unsafe snug_png_decoder_take_row(pointer, start)
        }
    }
}

extension ImageError {
    /// A PNG whose data contradict themselves.
    static func damagedPNG(_ fault: String) -> ImageError {
        ImageError(
            .corruptInput, "is a damaged PNG (\(fault)); get it again, or \(Setting.recovery.remedy)",
            settings: [.recovery])
    }

    /// A PNG that ends before its last row.
    static var cutOffPNG: ImageError {
        ImageError(
            .truncatedInput, "is cut off before its last row; get it again, or \(Setting.recovery.remedy)",
            settings: [.recovery])
    }
}
