// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// Tiles spread over a large image: what is tried on them first costs little.
struct SampledImage {
    /// Images of fewer pixels are tried themselves.
    static let leastPixels = 4 << 20
    /// Bits a pixel for which tiles are the largest there are: they are scaled, too.
    private static let tileBits = 0.1
    /// Of tiles that are not scaled.
    private static let mostPixels = 2 << 20
    /// Of the middle; its pixels are fewer than those that are sampled again.
    private static let middleSide = 768

    let raster: Raster
    /// Pixels of the tiles over all.
    let share: Double

    /// - Parameters:
    ///   - raster: Interleaved.
    ///   - isScaled: The tiles will be scaled, and have to be large ones.
    /// - Returns: `nil` for an image that is small enough.
    init?(_ raster: Raster, isScaled: Bool = true, cancellation: CancellationFlag) throws {
        let pixels = raster.shape.width * raster.shape.height
        guard pixels >= Self.leastPixels else { return nil }
        let sampler =
            isScaled
            ? TileSampler(raster.shape, bitsPerPixel: Self.tileBits)
            : TileSampler(raster.shape, mostPixels: Self.mostPixels)
        guard !sampler.isWhole else { return nil }
        try raster.send(to: sampler, cancellation: cancellation)
        self.raster = sampler.sheet
        share = Double(sampler.sheet.shape.width * sampler.sheet.shape.height) / Double(pixels)
    }

    /// The middle of an image as it is: where looks are compared, seams between tiles would count against fewer pixels.
    /// - Returns: `nil` for an image that is small enough.
    init?(middleOf raster: Raster) {
        let (width, height) = (raster.shape.width, raster.shape.height)
        guard width * height >= Self.leastPixels, let plane = raster.planes.first else { return nil }
        let side = (width: min(width, Self.middleSide), height: min(height, Self.middleSide))
        let middle = Plane(width: side.width, height: side.height, channels: plane.channels)
        let left = (width - side.width) / 2 * plane.channels
        for y in 0..<side.height {
            let row = plane.row((height - side.height) / 2 + y)
            var target = middle.mutableRow(y)
            target.copy(from: row.extracting(left..<left + side.width * plane.channels))
        }
        self.raster = Raster(
            .interleaved(width: side.width, height: side.height, channels: plane.channels), planes: [middle])
        share = Double(side.width * side.height) / Double(width * height)
    }

    /// The fit of the tiles under their share of the limit.
    func context(_ context: FitContext) -> FitContext {
        FitContext(
            source: context.source, header: context.header,
            limits: Limits(byteLimit: max(Int(Double(context.byteLimit) * share), 1)), policy: context.policy,
            plan: context.plan, mode: context.mode, codecMemory: context.codecMemory, cache: context.cache,
            workers: context.workers, cancellation: context.cancellation)
    }
}
