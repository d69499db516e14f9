// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// Tiles spread over a large image: what is tried on them first costs little.
struct SampledImage {
    /// Images of fewer pixels are tried themselves.
    static let leastPixels = 4 << 20
    /// Bits a pixel for which tiles are the largest there are: they are scaled, too.
    private static let tileBits = 0.1

    let raster: Raster
    /// Pixels of the tiles over all.
    let share: Double

    /// - Parameter raster: Interleaved.
    /// - Returns: `nil` for an image that is small enough.
    init?(_ raster: Raster, cancellation: CancellationFlag) throws {
        let pixels = raster.shape.width * raster.shape.height
        guard pixels >= Self.leastPixels else { return nil }
        let sampler = TileSampler(raster.shape, bitsPerPixel: Self.tileBits)
        guard !sampler.isWhole else { return nil }
        try raster.send(to: sampler, cancellation: cancellation)
        self.raster = sampler.sheet
        share = Double(sampler.sheet.shape.width * sampler.sheet.shape.height) / Double(pixels)
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
