// SPDX-License-Identifier: Apache-2.0

/// Turns opaque interleaved rows into the planes of a JPEG.
final class PlanarSink: RowSink {
    let raster: Raster
    private let channels: Int
    private var next = 0

    init(_ shape: RasterShape) {
        channels = shape.planes.first?.channels ?? 1
        raster = Raster(
            .planar(width: shape.width, height: shape.height, isGray: channels <= 2, subsamplesChroma: false))
    }

    func receive(_ row: Span<UInt8>, plane: Int) throws {
        let luma = raster.planes[0]
        var target = luma.mutableRow(next)
        switch channels {
        case 1: target.copy(from: row)
        case 2: for x in 0..<luma.width { target[x] = row[x * 2] }
        default:
            let cb = raster.planes[1]
            let cr = raster.planes[2]
            var cbRow = cb.mutableRow(next)
            var crRow = cr.mutableRow(next)
            RowConversion.yCbCr(of: row, channels: channels, luma: &target, cb: &cbRow, cr: &crRow)
        }
        next += 1
    }
}
