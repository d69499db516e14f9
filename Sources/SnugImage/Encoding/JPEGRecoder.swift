// SPDX-License-Identifier: Apache-2.0
import CJPEG
import SnugSystem

/// Recompresses the coefficients of a JPEG losslessly.
enum JPEGRecoder {
    /// - Parameter isSequential: Scans are not progressive.
    /// - Returns: The file, `nil` when it is over the limit all the same.
    static func recode(
        _ source: ImageSource, segments: [MetadataSegment], isSequential: Bool = false, byteLimit: Int,
        limits: DecodingLimits, memory: Int, cancellation: CancellationFlag
    ) throws -> [UInt8]? {
        // The payloads in one buffer, whose address stays put while C reads it.
        let payloads = segments.flatMap(\.payload)
        var result: UnsafeMutablePointer<UInt8>?
        var count = 0
        var report = snug_jpeg_report()
        let status = source.withRawSource { raw in
            unsafe payloads.withUnsafeBufferPointer { payloads -> snug_jpeg_status in
                var offset = 0
                var list: [snug_jpeg_segment] = unsafe []
                for segment in segments {
                    guard let start = payloads.baseAddress else { break }
                    unsafe list.append(
                        snug_jpeg_segment(
                            marker: Int32(segment.marker), bytes: start + offset, byte_count: segment.payload.count))
                    offset += segment.payload.count
                }
                let listed = unsafe list.count
                return unsafe snug_jpeg_recode(
                    snug_jpeg_source(descriptor: raw.descriptor, bytes: raw.bytes, byte_count: raw.byteCount),
                    JPEGDecoder.shimLimits(limits, memory: memory, cancellation: cancellation),
                    list, listed, isSequential, byteLimit, &result, &count, &report)
            }
        }
        defer { unsafe snug_jpeg_free(result) }
        switch status {
        case .ok:
            guard let result = unsafe result else { return nil }
            return unsafe Array(UnsafeBufferPointer(start: result, count: count))
        case .overLimit, .outOfMemory, .unsupported: return nil
        case .cancelled: throw CancellationError()
        default:
            throw JPEGDecoder.error(status, message: "while recoding", endedEarly: report.ended_early)
        }
    }
}
