// SPDX-License-Identifier: Apache-2.0

/// When full chroma resolution is worth its bytes.
enum ChromaDetail {
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
