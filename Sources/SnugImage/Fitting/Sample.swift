// SPDX-License-Identifier: Apache-2.0

/// Sample pixels of a picture, from which any output size can be tried.
struct Sample {
    /// The sample at the resolution of the source, as stored.
    let raster: Raster
    /// The shape of the picture it was taken from.
    let shape: RasterShape
    /// How the picture will be turned: sides of outputs are upright, those of the sample are not.
    private let orientation: Orientation

    init(raster: Raster, of shape: RasterShape, orientation: Orientation) {
        self.raster = raster
        self.shape = shape
        self.orientation = orientation
    }

    /// The sample at the resolution of an (upright) output, and with its chroma.
    func resized(to output: RasterShape, cancellation: CancellationFlag) throws -> Raster {
        let stored = orientation.swapsAxes ? output.transposed : output
        let width = Double(raster.shape.width) * Double(stored.width) / Double(shape.width)
        let height = Double(raster.shape.height) * Double(stored.height) / Double(shape.height)
        // Even sides, so that subsampled chroma covers the sample exactly.
        let isWhole = raster.shape.width == shape.width && raster.shape.height == shape.height
        func side(_ value: Double) -> Int { isWhole ? max(1, Int(value.rounded())) : max(16, Int((value / 2).rounded()) * 2) }
        let target = RasterShape.planar(
            width: side(width), height: side(height), isGray: shape.model == .gray,
            subsamplesChroma: output.model == .ycbcr && !output.hasFullChroma)
        return try PixelSupply.resize(raster, to: target, cancellation: cancellation)
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

/// When full chroma resolution is worth its bytes.
enum ChromaChoice {
    /// Below this quality luma needs the bytes more.
    static let leastQuality = 84.0
    /// Mean loss by subsampling, in code values, from which on it shows on coloured edges.
    static let visibleLoss = 1.5
    /// Quality that 4:4:4 may cost.
    static let mostQualityGivenUp = 5.0

    /// Mean absolute difference, in code values, between full chroma and the average of each 2×2 square.
    static func subsamplingLoss(_ raster: Raster) -> Double {
        guard raster.planes.count == 3 else { return 0 }
        var sum = 0
        var count = 0
        for plane in raster.planes.dropFirst() {
            for y in stride(from: 0, to: plane.height - 1, by: 2) {
                let upper = plane.row(y)
                let lower = plane.row(y + 1)
                for x in stride(from: 0, to: plane.width - 1, by: 2) {
                    let values = (Int(upper[x]), Int(upper[x + 1]), Int(lower[x]), Int(lower[x + 1]))
                    let mean = (values.0 + values.1 + values.2 + values.3 + 2) / 4
                    sum += abs(values.0 - mean) + abs(values.1 - mean) + abs(values.2 - mean) + abs(values.3 - mean)
                    count += 4
                }
            }
        }
        return count > 0 ? Double(sum) / Double(count) : 0
    }
}
