// SPDX-License-Identifier: Apache-2.0

/// Encodes the interleaved rows it receives as a PNG.
final class PNGEncodingSink: RowSink {
    private var encoder: PNGEncoder?
    private let height: Int
    private var rows = 0

    init(_ shape: RasterShape, options: PNGEncoderOptions, byteLimit: Int) throws {
        height = shape.height
        encoder = try PNGEncoder(
            width: shape.width, height: shape.height,
            layout: PNGLayout(channels: shape.planes.first?.channels ?? 1, bits: 8), options: options,
            byteLimit: byteLimit)
    }

    func receive(_ row: Span<UInt8>, plane: Int) throws {
        guard encoder?.isOverLimit == false else { return }
        try encoder?.write(row)
        rows += 1
    }

    /// Share of the rows that went in before the limit was passed.
    var writtenShare: Double { Double(rows) / Double(max(height, 1)) }

    /// Ends the file.
    /// - Returns: `nil` when it is over its limit.
    func finish() throws -> [UInt8]? {
        guard let encoder = encoder.take() else { return nil }
        return try encoder.finish()
    }
}
