// SPDX-License-Identifier: Apache-2.0

/// Mirrors rows left to right on their way to another sink: the one orientation that needs no picture in memory.
final class MirrorSink: RowSink {
    private let shape: RasterShape
    private let next: any RowSink
    private var output: [UInt8] = []

    init(_ shape: RasterShape, next: any RowSink) {
        self.shape = shape
        self.next = next
    }

    func receive(_ row: Span<UInt8>, plane: Int) throws {
        if output.count != row.count { output = [UInt8](repeating: 0, count: row.count) }
        var target = output.mutableSpan
        RowConversion.mirror(row, channels: shape.planes[plane].channels, into: &target)
        try next.receive(output.span, plane: plane)
    }
}
