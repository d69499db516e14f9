// SPDX-License-Identifier: Apache-2.0

/// Mirrors rows left to right on their way to another sink: the one orientation that needs no image in memory.
final class MirrorSink: RowSink {
    private let next: any RowSink
    /// One row for each plane.
    private let rows: [Plane]

    init(_ shape: RasterShape, next: any RowSink) {
        self.next = next
        rows = shape.planes.map { Plane(width: $0.width, height: 1, channels: $0.channels) }
    }

    func receive(_ row: Span<UInt8>, plane: Int) throws {
        let output = rows[plane]
        var target = output.mutableRow(0)
        RowConversion.mirror(row, channels: output.channels, into: &target)
        try next.receive(output.row(0), plane: plane)
    }
}
