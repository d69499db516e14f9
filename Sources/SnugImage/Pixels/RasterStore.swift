// SPDX-License-Identifier: Apache-2.0

/// Keeps all rows.
final class RasterStore: RowSink {
    let raster: Raster
    private var next: [Int]

    init(_ shape: RasterShape) {
        raster = Raster(shape)
        next = [Int](repeating: 0, count: shape.planes.count)
    }

    func receive(_ row: Span<UInt8>, plane index: Int) throws {
        let plane = raster.planes[index]
        guard next[index] < plane.height else { return }
        var target = plane.mutableRow(next[index])
        target.copy(from: row)
        next[index] += 1
    }
}
