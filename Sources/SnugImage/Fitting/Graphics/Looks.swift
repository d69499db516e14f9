// SPDX-License-Identifier: Apache-2.0
import CKernels
import SnugSystem

/// Compares outputs of an image by how visible their differences from it are.
///
/// Looks at tiles spread over the image, each output scaled back to the image's size. Differences are comparable between
/// outputs of one image only. Benchmarks/results/looks.md compares their order with SSIMULACRA2's.
struct Looks {
    private let original: Plane
    private let context: FitContext
    private let weighting: snug_looks_weighting

    /// - Parameters:
    ///   - original: The interleaved pixels, upright.
    ///   - weighting: The outputs that are compared.
    init(_ original: Plane, context: FitContext, weighting: snug_looks_weighting = .general) {
        self.original = original
        self.context = context
        self.weighting = weighting
    }

    /// The difference of an encoded output; 0 for none.
    func difference(_ encoded: Encoded) throws -> Double {
        let source = ImageSource(bytes: encoded.bytes)
        let header = try ImageProbe.header(of: source, limits: context.policy.decodingLimits)
        var policy = context.policy
        policy.metadata = .strip
        policy.page = nil
        let reader = ImageReader(
            source: source, header: header, policy: policy, memory: 1 << 40, cache: context.cache,
            cancellation: context.cancellation)
        return try difference(try PixelSupply.streaming(reader, demand: PixelDemand(isPlanar: false)))
    }

    /// The difference of an output's pixels.
    func difference(_ pixels: Plane) throws -> Double {
        let shape = RasterShape.interleaved(width: pixels.width, height: pixels.height, channels: pixels.channels)
        return try difference(PixelSupply(Raster(shape, planes: [pixels]), cancellation: context.cancellation))
    }

    private func difference(_ supply: PixelSupply) throws -> Double {
        let target = RasterShape.interleaved(
            width: original.width, height: original.height, channels: supply.shape.planes[0].channels)
        let sink = TileComparison(original, weighting: weighting, cancellation: context.cancellation)
        try supply.prepared(target, orientation: .upright).send(to: sink)
        return sink.difference
    }
}

/// Compares the rows that it receives with an image, tile by tile.
final class TileComparison: RowSink {
    private static let tile = Int(SNUG_LOOKS_TILE)
    /// Tiles along each axis, at most: they are then spread evenly.
    private static let tilesAcross = 10

    private let original: Plane
    private let weighting: snug_looks_weighting
    private let cancellation: CancellationFlag
    private let columns: [Int]
    private let tops: [Int]
    /// The rows of a band of tiles that came in, by the band's first row.
    private var bands: [Int: Plane] = [:]
    private var row = 0
    private var total = 0.0
    private var count = 0

    init(
        _ original: Plane, weighting: snug_looks_weighting = .general, cancellation: CancellationFlag
    ) {
        self.original = original
        self.weighting = weighting
        self.cancellation = cancellation
        columns = Self.starts(original.width)
        tops = Self.starts(original.height)
    }

    /// The mean over all tiles; 0 for equal images.
    var difference: Double { total / Double(max(count, 1)) }

    func receive(_ row: Span<UInt8>, plane: Int) throws {
        for top in tops where (top..<min(top + Self.tile, original.height)).contains(self.row) {
            let height = min(Self.tile, original.height - top)
            let band = bands[top] ?? Plane(width: original.width, height: height, channels: row.count / original.width)
            bands[top] = band
            var target = band.mutableRow(self.row - top)
            target.copy(from: row)
            if self.row == top + height - 1 {
                try cancellation.check()
                compare(band, top: top)
                bands[top] = nil
            }
        }
        self.row += 1
    }

    private func compare(_ band: Plane, top: Int) {
        var scratch = [Float](repeating: 0, count: Int(SNUG_LOOKS_SCRATCH))
        for left in columns {
            let width = min(Self.tile, original.width - left)
            total += unsafe scratch.withUnsafeMutableBufferPointer { scratch in
                guard let scratch = scratch.baseAddress else { return 0 }
                return unsafe original.withSamples { one in
                    unsafe band.withSamples { other in
                        unsafe snug_visible_difference(
                            weighting, one + top * original.stride + left * original.channels, original.stride,
                            Int32(original.channels), other + left * band.channels, band.stride, Int32(band.channels),
                            width, band.height, scratch)
                    }
                }
            }
            count += 1
        }
    }

    /// Where tiles begin along a side.
    private static func starts(_ side: Int) -> [Int] {
        let count = min((side + tile - 1) / tile, tilesAcross)
        guard count > 1 else { return [0] }
        return (0..<count).map { max(side - tile, 0) * $0 / (count - 1) }
    }
}
