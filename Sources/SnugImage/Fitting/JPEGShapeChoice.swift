// SPDX-License-Identifier: Apache-2.0
import RealModule
import SnugSystem

/// Chooses the size and the chroma resolution of a JPEG on a sample of its pixels.
struct JPEGShapeChoice {
    private let sample: Sample
    private let full: RasterShape
    private let policy: FitPolicy
    private let cancellation: CancellationFlag
    /// Bytes aimed at.
    private let target: Double
    /// The quality below which fewer pixels look better.
    private let leastQuality: Double
    /// Progressive over plain bytes, where progressive coding will be used; 1 where not.
    private var codingGain = 1.0
    /// Real over predicted bytes of a scaled image: the seams between scaled tiles cost bits that the image does not.
    private var seamBias = 1.0

    private var qualities: ClosedRange<Double> { Double(policy.qualityFloor)...Double(policy.qualityCeiling) }

    /// - Parameters:
    ///   - width: Upright size to fill at most.
    ///   - segmentBytes: Bytes of metadata in the output.
    init(sample: Sample, width: Int, height: Int, context: FitContext, segmentBytes: Int) throws {
        self.sample = sample
        policy = context.policy
        cancellation = context.cancellation
        full = .planar(
            width: width, height: height, isGray: sample.raster.shape.model == .gray,
            subsamplesChroma: context.policy.chroma != .s444)
        let limit = Double(max(context.byteLimit - segmentBytes, 1))
        target = limit * QualitySearch.aimedUse
        let least = ScaleChoice.leastQuality(bitsPerPixel: limit * 8 / Double(width * height))
        let (floor, ceiling) = (Double(context.policy.qualityFloor), Double(context.policy.qualityCeiling))
        leastQuality = min(max(least ?? floor, floor), ceiling)
        let usesProgressive =
            context.mode.holdsCoefficients
            && ProgressiveChoice.isWorthwhile(pixels: width * height, limitBinds: true)
        if usesProgressive { codingGain = try model(for: full).progressiveGain(quality: leastQuality) }
    }

    /// The shape to encode.
    func choose() throws -> RasterShape {
        let model = try model(for: full)
        let quality = try model.quality(for: target, in: qualities)
        if policy.keepsSize || (quality ?? 0) >= leastQuality {
            return try chroma(full, quality: quality ?? qualities.lowerBound)
        }
        return try chroma(try landing(model), quality: leastQuality)
    }

    /// Chooses again after a real sample of the scaled pixels showed how far the prediction was off.
    /// - Returns: `nil` when the choice stands.
    mutating func choose(again shape: RasterShape, real: JPEGRateModel) throws -> RasterShape? {
        guard shape.width < full.width else { return nil }
        seamBias *=
            try real.bytes(quality: leastQuality) * codingGain / model(for: shape).bytes(quality: leastQuality)
        let better = try landing(try model(for: full))
        guard abs(better.width - shape.width) * 50 > shape.width else { return nil }
        return try chroma(better, quality: leastQuality)
    }

    /// Fewer pixels, after the quality floor took `bytes` at `shape`.
    func smaller(than shape: RasterShape, bytes: Int) -> RasterShape? {
        let ratio = (target / Double(bytes)).squareRoot() * 0.98
        let next = scaled(shape, by: min(ratio, 0.95))
        return next.width < shape.width || next.height < shape.height ? next : nil
    }

    private func model(for shape: RasterShape) throws -> JPEGRateModel {
        let model = try sample.model(for: shape, cancellation: cancellation)
        model.scale(by: codingGain * (shape.width < full.width ? seamBias : 1))
        return model
    }

    // MARK: Size

    /// The size at which the least quality takes the bytes aimed at: the secant method on logarithms.
    private func landing(_ fullModel: JPEGRateModel) throws -> RasterShape {
        var high = (scale: 1.0, bytes: try fullModel.bytes(quality: leastQuality))
        var low: (scale: Double, bytes: Double)?
        // Bytes go about with the scale to the power of 1.6: small images have more detail for each pixel.
        var guess = min(Double.pow(target / high.bytes, 1 / 1.6), 0.98)
        for _ in 0..<6 {
            guess = max(guess, leastScale(full))
            let bytes = try model(for: scaled(full, by: guess)).bytes(quality: leastQuality)
            if bytes <= target {
                low = (guess, bytes)
                if bytes > target * 0.97 { break }
            } else {
                high = (guess, bytes)
            }
            if guess <= leastScale(full) { break }
            if let low {
                if high.scale - low.scale < 0.004 { break }
                let power = Double.log(high.bytes / low.bytes) / max(Double.log(high.scale / low.scale), 1e-9)
                guess = low.scale * Double.pow(target * 0.985 / low.bytes, 1 / max(power, 0.5))
                guess = min(max(guess, low.scale * 1.001), high.scale * 0.999)
            } else {
                guess = high.scale * Double.pow(target / high.bytes, 1 / 1.6)
            }
        }
        return scaled(full, by: low?.scale ?? guess)
    }

    private func leastScale(_ shape: RasterShape) -> Double {
        let side = Double(SteppedSearch.leastSide)
        return min(1, max(side / Double(shape.width), side / Double(shape.height)))
    }

    private func scaled(_ shape: RasterShape, by scale: Double) -> RasterShape {
        let bounded = max(scale, leastScale(shape))
        return .planar(
            width: max(1, Int((Double(shape.width) * bounded).rounded())),
            height: max(1, Int((Double(shape.height) * bounded).rounded())), isGray: shape.model == .gray,
            subsamplesChroma: !shape.hasFullChroma)
    }

    // MARK: Chroma

    /// 4:4:4 where the image has chroma detail that 4:2:0 would lose and the bytes for it are there.
    private func chroma(_ shape: RasterShape, quality: Double) throws -> RasterShape {
        guard shape.model == .ycbcr, policy.chroma == .automatic, quality >= ChromaDetail.leastQuality else {
            return shape
        }
        let fine = RasterShape.planar(width: shape.width, height: shape.height, isGray: false, subsamplesChroma: false)
        guard sample.hasChroma(for: fine) else { return shape }
        let loss = ChromaDetail.subsamplingLoss(try sample.resized(to: fine, cancellation: cancellation))
        guard loss >= ChromaDetail.visibleLoss,
            let fineQuality = try model(for: fine).quality(for: target, in: qualities)
        else { return shape }
        return fineQuality >= quality - ChromaDetail.mostQualityGivenUp ? fine : shape
    }
}
