// SPDX-License-Identifier: Apache-2.0
import CSandbox
import SnugSystem

/// An image that a worker decodes as a whole, and its rows.
///
/// The response is checked against the header that was read here: the file may have taken the worker over.
final class IsolatedDecoder: RowDecoder {
    /// The largest profile that is taken from a worker.
    private static let profileBytes = 4 << 20

    let width: Int
    let height: Int
    let layout: SampleLayout
    let iccProfile: [UInt8]?
    private let pixels: SharedPixels
    private let rowBytes: Int
    private let toneMapping: ToneMapping?
    private var scratch: [UInt8]
    private var nextRow = 0
    private let found: DecodeReport

    /// Decodes.
    /// - Throws: The decoder's faults, and those of ``DecoderWorkerPool/decode(_:of:into:cancellation:)``.
    init(_ reader: ImageReader, codec: snug_codec_format) throws {
        let subject = try reader.workerSubject()
        let codec = subject.codec ?? codec
        width = reader.header.width
        height = reader.header.height
        // Four samples of two bytes at most.
        let pixelBytes = Self.pageAligned(width * height * 8)
        pixels = try SharedPixels(byteCount: pixelBytes + Self.profileBytes)
        let request = snug_codec_request(
            format: codec.rawValue, page: UInt32(clamping: subject.page), width: UInt32(clamping: subject.width),
            height: UInt32(clamping: subject.height), crop_x: UInt32(clamping: subject.cropX),
            crop_y: UInt32(clamping: subject.cropY), crop_width: UInt32(clamping: width),
            crop_height: UInt32(clamping: height), file_bytes: UInt64(clamping: reader.source.byteCount),
            pixel_bytes: UInt64(clamping: pixelBytes), profile_bytes: UInt64(clamping: Self.profileBytes),
            recovers: reader.policy.recoversPartialImages ? 1 : 0, has_alpha: reader.header.hasAlpha ? 1 : 0,
            order_bytes: 0)
        let work = DecoderWorkerPool.Work(
            request: request, memory: min(reader.memory, 1 << 40) + pixelBytes,
            pixelCount: subject.width * subject.height, format: reader.header.format)
        var response = try reader.workers.decode(
            work, of: reader.source, into: pixels, cancellation: reader.cancellation)
        try reader.source.checkUnchanged()
        let outcome = try WorkerOutcome(&response, of: reader, codec: codec)
        found = outcome.report
        toneMapping = outcome.codePoints?.dynamicCurve.map(ToneMapping.init)
        rowBytes = outcome.layout.bytesPerPixel * width
        layout =
            toneMapping == nil
            ? outcome.layout
            : SampleLayout(outcome.layout.model, hasAlpha: outcome.layout.hasAlpha, isSixteenBit: true)
        scratch = [UInt8](repeating: 0, count: toneMapping == nil ? 0 : rowBytes)
        if toneMapping != nil {
            iccProfile = outcome.codePoints?.decodedProfile
        } else if let profile = subject.profile {
            iccProfile = profile
        } else {
            iccProfile = outcome.profileBytes > 0 ? Self.copy(pixels, from: pixelBytes, outcome.profileBytes) : nil
        }
    }

    func readRow(into row: inout MutableSpan<UInt8>) throws {
        precondition(nextRow < height, "past the last row")
        defer { nextRow += 1 }
        guard let toneMapping else { return pixels.copy(from: nextRow * rowBytes, into: &row) }
        var copied = scratch.mutableSpan
        pixels.copy(from: nextRow * rowBytes, into: &copied)
        let channels = layout.channels
        toneMapping.convert(
            scratch.span, isSixteenBit: rowBytes == width * channels * 2, channels: channels,
            hasAlpha: layout.hasAlpha, into: &row)
    }

    var report: DecodeReport { found }

    private static func pageAligned(_ count: Int) -> Int { (count + 65_535) & ~65_535 }

    private static func copy(_ pixels: SharedPixels, from offset: Int, _ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        pixels.copy(from: offset, into: &span)
        return bytes
    }
}
