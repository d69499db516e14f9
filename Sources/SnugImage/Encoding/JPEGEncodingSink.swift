// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// Encodes the rows it receives as a JPEG.
final class JPEGEncodingSink: RowSink {
    private var encoder: JPEGEncoder
    /// Once over the limit, nothing more is encoded.
    private(set) var isOverLimit = false

    /// - Parameter segments: APPn segments to write first, in order.
    init(
        _ settings: JPEGEncoder.Settings, segments: [MetadataSegment] = [], cancellation: CancellationFlag
    ) throws {
        encoder = try JPEGEncoder.make(settings, cancellation: cancellation)
        for segment in segments { try encoder.writeSegment(marker: segment.marker, payload: segment.payload) }
    }

    func receive(_ row: Span<UInt8>, plane: Int) throws {
        if isOverLimit { return }
        isOverLimit = try !encoder.write(row, component: plane)
    }

    /// Ends the file.
    /// - Returns: Whether it is within its limit.
    func finish() throws -> Bool {
        if isOverLimit { return false }
        isOverLimit = try !encoder.finish()
        return !isOverLimit
    }

    var byteCount: Int { encoder.byteCount }
    var huffmanTables: HuffmanTables? { encoder.huffmanTables() }
    func bytes() -> [UInt8] { encoder.bytes() }
}
