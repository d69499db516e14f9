// SPDX-License-Identifier: Apache-2.0
import Glibc

@testable import SnugImage

/// An image for the resampling tests: `channels` interleaved samples.
struct TestRaster: Equatable {
    var width: Int
    var height: Int
    var channels = 1
    var samples: [UInt8]

    init(width: Int, height: Int, channels: Int = 1, samples: [UInt8]) {
        self.width = width
        self.height = height
        self.channels = channels
        self.samples = samples
    }

    init(noise seed: UInt64, width: Int, height: Int, channels: Int = 1) {
        var noise = SampleNoise(seed: seed)
        self.init(width: width, height: height, channels: channels, samples: noise.bytes(width * height * channels))
    }

    init(width: Int, height: Int, channels: Int = 1, pixel: (Int, Int) -> [UInt8]) {
        let samples = (0..<height).flatMap { y in (0..<width).flatMap { x in pixel(x, y) } }
        self.init(width: width, height: height, channels: channels, samples: samples)
    }

    /// Resized by the resampler under test, with a check that rows come in order and complete.
    func resized(
        _ width: Int, _ height: Int, extent: SourceExtent? = nil,
        alpha: AlphaHandling = .none, level: KernelLevel = .best
    ) throws -> TestRaster {
        var resampler = PlaneResampler(
            sourceWidth: self.width, sourceHeight: self.height, channels: channels, targetWidth: width,
            targetHeight: height, extent: extent, alpha: alpha, level: level)
        var result: [UInt8] = []
        let perRow = self.width * channels
        for y in 0..<self.height {
            let row = Array(samples[y * perRow..<(y + 1) * perRow])
            try resampler.push(row.span) { index, row throws(ImageError) in
                guard index * row.count == result.count else {
                    throw ImageError(.codecFailed, "row \(index) out of turn")
                }
                for i in row.indices { result.append(row[i]) }
            }
        }
        return TestRaster(width: width, height: height, channels: channels, samples: result)
    }

    /// The largest difference of any sample.
    func distance(to other: TestRaster) -> Int {
        guard samples.count == other.samples.count else { return .max }
        return zip(samples, other.samples).reduce(0) { max($0, abs(Int($1.0) - Int($1.1))) }
    }
}

/// Resampling by the book, in double precision with one rounding at the end: slow, and written apart from what it checks.
struct ReferenceResampler {
    func resize(_ raster: TestRaster, _ width: Int, _ height: Int, extent: SourceExtent? = nil, alpha: Bool = false)
        -> TestRaster
    {
        let area = extent ?? SourceExtent(width: Double(raster.width), height: Double(raster.height))
        let n = raster.channels
        var planes = (0..<n).map { c in
            stride(from: c, to: raster.samples.count, by: n).map { Double(raster.samples[$0]) }
        }
        if alpha {
            for c in 0..<n - 1 { planes[c] = zip(planes[c], planes[n - 1]).map { $0 * $1 / 255 } }
        }
        let columns = weights(raster.width, width, area.x, area.width)
        let rows = weights(raster.height, height, area.y, area.height)
        planes = planes.map { plane in
            let narrow = (0..<raster.height).map { y in
                columns.map { $0.reduce(0) { $0 + $1.weight * plane[y * raster.width + $1.pixel] } }
            }
            return rows.flatMap { row in (0..<width).map { x in row.reduce(0) { $0 + $1.weight * narrow[$1.pixel][x] } }
            }
        }
        if alpha {
            for c in 0..<n - 1 {
                planes[c] = zip(planes[c], planes[n - 1]).map { $1 < 0.5 ? 0 : $0 * 255 / $1 }
            }
        }
        let samples = (0..<width * height).flatMap { i in planes.map { UInt8(min(max($0[i].rounded(), 0), 255)) } }
        return TestRaster(width: width, height: height, channels: n, samples: samples)
    }

    private func weights(_ source: Int, _ target: Int, _ origin: Double, _ length: Double) -> [[(
        pixel: Int, weight: Double
    )]] {
        let ratio = length / Double(target)
        let scale = max(ratio, 1)
        return (0..<target).map { i in
            let centre = origin + (Double(i) + 0.5) * ratio
            let all = (0..<source).map { j in (pixel: j, weight: weight(Double(j) + 0.5 - centre, scale)) }
            let total = all.reduce(0) { $0 + $1.weight }
            return all.filter { $0.weight != 0 }.map { ($0.pixel, $0.weight / total) }
        }
    }

    private func weight(_ distance: Double, _ scale: Double) -> Double {
        let x = distance / scale
        return abs(x) >= 3 ? 0 : sinc(x) * sinc(x / 3)
    }

    private func sinc(_ x: Double) -> Double { x == 0 ? 1 : sin(.pi * x) / (.pi * x) }
}
