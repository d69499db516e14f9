// SPDX-License-Identifier: Apache-2.0
import CJPEG
import SnugSystem

/// A JPEG being decoded from its top, one band or one row at a time.
///
/// Sequential files hold a few rows; progressive ones hold all coefficients, 2 bytes for each sample.
@safe
struct JPEGDecoder: ~Copyable {
    /// The form of decoded samples.
    enum Output {
        /// The components as stored, each at its own resolution, in bands of one MCU row.
        case planar
        case gray, rgb
        /// Four inks as stored.
        case cmyk

        fileprivate var shim: snug_jpeg_output {
            switch self {
            case .planar: .planar
            case .gray: .gray
            case .rgb: .rgb
            case .cmyk: .cmyk
            }
        }
    }

    /// One component at the chosen scale.
    struct Component {
        var width: Int
        var height: Int
        /// Rows in one band.
        var bandRows: Int
        /// Samples of this component that the image covers: fractions where the image ends within a sample.
        var extentWidth: Double
        var extentHeight: Double
    }

    private let handle: OpaquePointer
    private let owner: AnyObject
    private let cancellation: CancellationFlag
    let width: Int
    let height: Int
    let componentCount: Int
    let isYCbCr: Bool
    let isGray: Bool
    /// Inks are stored inverted, by custom also where Adobe's marker is missing.
    let isInvertedCMYK: Bool
    private(set) var outputWidth = 0
    private(set) var outputHeight = 0
    private(set) var components: [Component] = []

    /// Reads the headers.
    /// - Parameter memory: The library's limit in bytes; an image that needs more fails before allocating.
    /// - Throws: `corrupt_input`, `unsupported_feature`, `memory_exceeded`, `io_failed`; `CancellationError`.
    static func open(
        _ source: ImageSource, limits: DecodingLimits, memory: Int, cancellation: CancellationFlag
    ) throws -> JPEGDecoder {
        var status = snug_jpeg_status.ok
        let created = unsafe source.withRawSource { raw in
            unsafe snug_jpeg_decoder_create(
                snug_jpeg_source(descriptor: raw.descriptor, bytes: raw.bytes, byte_count: raw.byteCount),
                Self.shimLimits(limits, memory: memory, cancellation: cancellation), &status)
        }
        guard let created = unsafe created else {
            throw ImageError(.memoryExceeded, "no memory for a JPEG decoder; run fewer jobs at once")
        }
        let decoder = unsafe JPEGDecoder(handle: created, owner: source.owner, cancellation: cancellation)
        try decoder.check(status)
        return decoder
    }

    private init(handle: OpaquePointer, owner: AnyObject, cancellation: CancellationFlag) {
        unsafe self.handle = handle
        self.owner = owner
        self.cancellation = cancellation
        var info = snug_jpeg_info()
        unsafe snug_jpeg_decoder_info(handle, &info)
        width = Int(info.width)
        height = Int(info.height)
        componentCount = Int(info.component_count)
        isYCbCr = info.is_ycbcr
        isGray = info.is_gray
        isInvertedCMYK = info.is_inverted_cmyk
    }

    deinit { unsafe snug_jpeg_decoder_free(handle) }

    static func shimLimits(
        _ limits: DecodingLimits, memory: Int, cancellation: CancellationFlag
    ) -> snug_jpeg_limits {
        unsafe snug_jpeg_limits(
            memory: max(memory, 1), scan_count: Int32(clamping: limits.maximumScanCount),
            scan_work: Int64(limits.maximumScanWork), warning_count: Int32(clamping: limits.maximumWarningCount),
            is_cancelled: CancellationFlag.isCancelled, context: cancellation.context)
    }

    /// Begins decoding at `eighths`/8 of the full size; a progressive image is read whole here.
    mutating func start(output: Output, eighths: Int = 8) throws {
        try check(unsafe snug_jpeg_decoder_start(handle, output.shim, Int32(clamping: eighths)))
        var info = snug_jpeg_info()
        unsafe snug_jpeg_decoder_info(handle, &info)
        outputWidth = Int(info.output_width)
        outputHeight = Int(info.output_height)
        components = (0..<componentCount).map { index in
            let component = unsafe snug_jpeg_info_component(&info, Int32(index))
            let side = Double(component.block_side) / 8
            return Component(
                width: Int(component.width), height: Int(component.height), bandRows: Int(component.band_rows),
                extentWidth: Double(width) * Double(component.horizontal) / Double(max(1, info.horizontal)) * side,
                extentHeight: Double(height) * Double(component.vertical) / Double(max(1, info.vertical)) * side)
        }
    }

    /// Planar: decodes the next band.
    mutating func readBand() throws { try check(unsafe snug_jpeg_decoder_read_band(handle)) }

    /// Planar: row `row` of `component` within the band just read.
    @_lifetime(borrow self)
    func bandRow(component: Int, row: Int) -> Span<UInt8> {
        precondition(row < components[component].bandRows, "row outside the band")
        let start = unsafe snug_jpeg_decoder_band_row(handle, Int32(component), Int32(row))
        let span = unsafe Span(_unsafeStart: start, count: components[component].width)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Interleaved: decodes the next row, `outputWidth` pixels.
    mutating func readRow(into row: inout MutableSpan<UInt8>) throws {
        let status = unsafe row.withUnsafeMutableBufferPointer { buffer -> snug_jpeg_status in
            guard let start = buffer.baseAddress else { return .misuse }
            return unsafe snug_jpeg_decoder_read_row(handle, start)
        }
        try check(status)
    }

    /// The findings so far.
    var report: DecodeReport {
        var raw = snug_jpeg_report()
        unsafe snug_jpeg_decoder_report(handle, &raw)
        var report = DecodeReport()
        var index: Int32 = 0
        while let text = unsafe snug_jpeg_decoder_warning(handle, index) {
            let warning = unsafe String(cString: text)
            if !report.warnings.contains(warning) { report.warnings.append(warning) }
            index += 1
        }
        report.warningCount = Int(raw.warning_count)
        report.isDamaged = raw.damage_count > 0
        report.endedEarly = raw.ended_early
        report.goodRows = raw.damaged_row >= 0 ? Int(raw.damaged_row) : nil
        report.totalRows = height
        return report
    }

    private func check(_ status: snug_jpeg_status) throws {
        if status == .ok { return }
        if status == .cancelled { throw CancellationError() }
        var raw = snug_jpeg_report()
        unsafe snug_jpeg_decoder_report(handle, &raw)
        let message = unsafe String(cString: snug_jpeg_decoder_message(handle))
        throw Self.error(status, message: message, endedEarly: raw.ended_early)
    }

    static func error(_ status: snug_jpeg_status, message: String, endedEarly: Bool) -> ImageError {
        switch status {
        case .unsupported:
            ImageError(
                .unsupportedFeature, "this kind of JPEG is not supported (\(message)); convert it to a baseline JPEG")
        case .outOfMemory:
            ImageError(
                .memoryExceeded,
                "decoding needs more memory than allowed (\(message)); \(ImageError.Setting.memory.remedy)",
                settings: [.memory])
        case .tooMuchWork:
            ImageError(
                .limitExceeded,
                "has more scans than allowed (\(message)); \(ImageError.Setting.inputScans.remedy) or "
                    + "\(ImageError.Setting.inputScanWork.remedy) if you trust the file",
                settings: [.inputScans, .inputScanWork])
        case .readFailed: ImageError(.ioFailed, "cannot read it: \(message)")
        case .misuse:
            ImageError(.codecFailed, "the JPEG library was used wrongly (\(message)); please report this file")
        default:
            endedEarly
                ? ImageError(.truncatedInput, "the file ends before the image begins (\(message)); get it again")
                : ImageError(.corruptInput, "not a valid JPEG (\(message)); get it again")
        }
    }
}
