// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// Sample pixels of an image, from which any output size can be tried.
struct Sample {
    /// The sample at the resolution of the source, as stored.
    let raster: Raster
    /// The shape of the image it was taken from.
    let shape: RasterShape
    /// How the image will be turned: sides of outputs are upright, those of the sample are not.
    private let orientation: Orientation

    /// Tiles across and down the sample.
    private let tiles: (across: Int, down: Int)

    init(_ sampler: TileSampler, of shape: RasterShape, orientation: Orientation) {
        raster = sampler.sheet
        self.shape = shape
        self.orientation = orientation
        tiles = (sampler.tilesAcross, sampler.tilesDown)
    }

    /// The sample at the resolution of an (upright) output, and with its chroma.
    func resized(to output: RasterShape, cancellation: CancellationFlag) throws -> Raster {
        let stored = orientation.swapsAxes ? output.transposed : output
        // Every tile a whole number of pixels, an even one, so that subsampled chroma covers it exactly.
        func side(_ samples: Int, _ tiles: Int, _ output: Int, _ image: Int) -> Int {
            let scaled = Double(samples) * Double(output) / Double(image)
            if tiles == 1 { return max(1, Int(scaled.rounded())) }
            return max(2, Int((scaled / Double(tiles) / 2).rounded()) * 2) * tiles
        }
        let target = RasterShape.planar(
            width: side(raster.shape.width, tiles.across, stored.width, shape.width),
            height: side(raster.shape.height, tiles.down, stored.height, shape.height), isGray: shape.model == .gray,
            subsamplesChroma: output.model == .ycbcr && !output.hasFullChroma)
        return cropped(try PixelSupply.resize(raster, to: target, cancellation: cancellation))
    }

    /// Tiles cut down to whole MCUs: a seam inside a block would cost bits that the image does not.
    private func cropped(_ sheet: Raster) -> Raster {
        let tile = (width: sheet.shape.width / tiles.across, height: sheet.shape.height / tiles.down)
        let kept = (width: tile.width & ~15, height: tile.height & ~15)
        guard tiles.across > 1 || tiles.down > 1, kept != tile, kept.width > 0, kept.height > 0 else { return sheet }
        let subsamples = sheet.planes.count == 3 && !sheet.shape.hasFullChroma
        let result = Raster(
            .planar(
                width: kept.width * tiles.across, height: kept.height * tiles.down, isGray: sheet.shape.model == .gray,
                subsamplesChroma: subsamples))
        for (index, plane) in sheet.planes.enumerated() {
            let divisor = index > 0 && subsamples ? 2 : 1
            let (tileWidth, tileHeight) = (tile.width / divisor, tile.height / divisor)
            let (keptWidth, keptHeight) = (kept.width / divisor, kept.height / divisor)
            let target = result.planes[index]
            for y in 0..<target.height {
                let source = plane.row(y / keptHeight * tileHeight + y % keptHeight)
                var out = target.mutableRow(y)
                for column in 0..<tiles.across {
                    for x in 0..<keptWidth { out[column * keptWidth + x] = source[column * tileWidth + x] }
                }
            }
        }
        return result
    }

    /// A rate model for an output.
    func model(for output: RasterShape, cancellation: CancellationFlag) throws -> JPEGRateModel {
        JPEGRateModel(
            sheet: try resized(to: output, cancellation: cancellation), pixels: output.width * output.height,
            cancellation: cancellation)
    }

    /// Whether the source has chroma as fine as an output at full chroma resolution would have.
    func hasChroma(for output: RasterShape) -> Bool {
        guard shape.planes.count == 3 else { return false }
        let stored = orientation.swapsAxes ? output.transposed : output
        return shape.planes[1].width >= stored.width && shape.planes[1].height >= stored.height
    }
}
