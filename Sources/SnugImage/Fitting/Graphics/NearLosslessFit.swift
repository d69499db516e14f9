// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// Makes near-lossless PNGs, whose samples are rounded so that filters predict them: of the full size with the least
/// rounding that fits, or of as many pixels as fit with a moderate one.
///
/// Measured with SSIMULACRA2 on photos with transparency: rounding by 3 to 4 levels and as many pixels as then fit beat fewer
/// pixels without rounding, and more pixels with more of it.
struct NearLosslessFit {
    /// Steps at the full size, the finest first.
    private static let steps = [2, 3, 4, 6, 8]
    /// The step where pixels are given up.
    private static let scalingStep = 7
    private static let maximumSizes = 6
    /// Share of the limit at which a result is good enough.
    private static let wantedUse = 0.95
    private static let aimedUse = 0.975
    /// The tiles of a sample compress a little worse or better than the image.
    private static let sampleError = 1.03
    /// Bands of rows compress up to so much worse.
    private static let bandError = 1.08

    private let context: FitContext
    private let options: PaletteFit.Options
    private var limit: Int { context.byteLimit }

    init(_ context: FitContext, options: @escaping PaletteFit.Options) {
        self.context = context
        self.options = options
    }

    /// - Parameters:
    ///   - raster: Interleaved pixels at the planned size.
    ///   - mayScale: Pixels are given up where rounding is not enough.
    /// - Returns: `nil` when nothing fits, and for an image of few colours.
    func fit(_ raster: Raster, mayScale: Bool) throws -> Encoded? {
        guard let plane = raster.planes.first else { return nil }
        let reduction = PNGReduction(of: plane, usesPalette: false)
        guard reduction.layout.bits == 8 else { return nil }
        let sample = try SampledImage(raster, cancellation: context.cancellation)
        if let encoded = try fullSize(plane, reduction, sample: sample) { return encoded }
        return mayScale ? try mostPixels(raster, reduction, sample: sample) : nil
    }

    // MARK: - Full size

    /// Bytes with the coarsest rounding; `nil` for an image of few colours.
    func smallestBytes(_ plane: Plane) throws -> Int? {
        let reduction = PNGReduction(of: plane, usesPalette: false)
        guard reduction.layout.bits == 8, let step = Self.steps.last else { return nil }
        return try bytes(plane, reduction, step: step, byteLimit: .max)?.count
    }

    private func fullSize(_ plane: Plane, _ reduction: PNGReduction, sample: SampledImage?) throws -> Encoded? {
        var encodes = 0
        var first = 0
        if let sample, let tiles = sample.raster.planes.first {
            // The finest step that the tiles let hope for.
            let allowed = Double(limit) * sample.share * Self.sampleError
            guard try byteCount(tiles, reduction, step: Self.steps[Self.steps.count - 1]) <= allowed else { return nil }
            while first < Self.steps.count - 1, try byteCount(tiles, reduction, step: Self.steps[first]) > allowed {
                first += 1
            }
        } else {
            let rows = SampledRows(of: plane)
            let allowed = Double(limit) * Self.bandError / rows.share
            guard try byteCount(rows.plane, reduction, step: Self.steps[Self.steps.count - 1]) <= allowed else {
                return nil
            }
            while first < Self.steps.count - 1, try byteCount(rows.plane, reduction, step: Self.steps[first]) > allowed
            {
                first += 1
            }
        }
        for step in Self.steps[first...] {
            encodes += 1
            if let bytes = try bytes(plane, reduction, step: step, byteLimit: limit) {
                return encoded(bytes, plane, encodes: encodes)
            }
        }
        return nil
    }

    // MARK: - Fewer pixels

    private func mostPixels(_ raster: Raster, _ reduction: PNGReduction, sample: SampledImage?) throws -> Encoded? {
        var share = PaletteSizeSearch.largest
        if let sample {
            let target = Double(limit) * sample.share * Self.aimedUse
            share = try self.share(sample.raster, reduction, from: share, target: target)
        }
        var search = PaletteSizeSearch(target: Double(limit) * Self.aimedUse)
        var best: Encoded?
        for attempt in 1...Self.maximumSizes {
            let plane = try scaled(raster, share: share)
            let measured = limit * PaletteSizeSearch.measured
            let output = try bytes(plane, reduction, step: Self.scalingStep, byteLimit: measured)
            let count = output?.count ?? measured
            let fits = count <= limit
            if fits, let output, plane.width > best?.width ?? 0 { best = encoded(output, plane, encodes: attempt) }
            if fits && Double(count) >= Double(limit) * Self.wantedUse || plane.width * plane.height == 1 { break }
            guard let next = search.next(after: share, bytes: Double(max(count, 1)), fits: fits) else { break }
            share = next
        }
        return best
    }

    /// The share of the sides at which the tiles take `target` bytes.
    private func share(
        _ tiles: Raster, _ reduction: PNGReduction, from first: Double, target: Double
    ) throws -> Double {
        var search = PaletteSizeSearch(target: target)
        var share = first
        for _ in 1...Self.maximumSizes {
            let count = try byteCount(scaled(tiles, share: share), reduction, step: Self.scalingStep)
            if abs(count / target - 1) < 1 - Self.aimedUse { break }
            guard let next = search.next(after: share, bytes: count, fits: count <= target) else { break }
            share = next
        }
        return share
    }

    private func scaled(_ raster: Raster, share: Double) throws -> Plane {
        let target = RasterShape.interleaved(
            width: max(1, Int(Double(raster.shape.width) * share)),
            height: max(1, Int(Double(raster.shape.height) * share)), channels: raster.planes[0].channels)
        return try PixelSupply.resize(raster, to: target, cancellation: context.cancellation).planes[0]
    }

    // MARK: - Writing

    private func bytes(_ plane: Plane, _ reduction: PNGReduction, step: Int, byteLimit: Int) throws -> [UInt8]? {
        try context.cancellation.check()
        let lines = PNGScanlines(rounding: plane, reduction: reduction, step: step)
        // A higher level takes ten times as long on noise, for a few per cent.
        return try DeflatedPNG.encode(
            lines, level: 6, options: options(plane.width, plane.height), byteLimit: byteLimit)
    }

    private func byteCount(_ plane: Plane, _ reduction: PNGReduction, step: Int) throws -> Double {
        try context.cancellation.check()
        let lines = PNGScanlines(rounding: plane, reduction: reduction, step: step)
        return Double(try DeflatedPNG.deflatedByteCount(lines, level: 6))
    }

    private func encoded(_ bytes: [UInt8], _ plane: Plane, encodes: Int) -> Encoded {
        Encoded(
            bytes: bytes, format: .png, width: plane.width, height: plane.height, quality: nil, encodes: encodes,
            report: DecodeReport())
    }
}
