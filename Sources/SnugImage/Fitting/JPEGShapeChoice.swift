// SPDX-License-Identifier: Apache-2.0

/// Chooses the size and the chroma resolution of a JPEG on a sample of its pixels.
struct JPEGShapeChoice {
    private let sample: Sample
    private let full: RasterShape
    private let policy: FitPolicy
    private let cancellation: CancellationFlag
    /// Bytes aimed at.
    private let target: Double
    private let way: ScaleChoice
    /// Where quality should land when bits are short.
    private let landingQuality: Double
    /// Progressive over plain bytes, where progressive coding will be used; 1 where not.
    private var codingGain = 1.0
    /// Real over predicted bytes of a scaled picture: the seams between scaled tiles cost bits that the picture does not.
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
        way = context.policy.keepsSize ? .full : .way(bitsPerPixel: limit * 8 / Double(width * height))
        landingQuality = min(
            max(ScaleChoice.landingQuality, Double(context.policy.qualityFloor)), Double(context.policy.qualityCeiling))
        let usesProgressive =
            context.mode.holdsCoefficients
            && ProgressiveChoice.isWorthwhile(pixels: width * height, limitBinds: true)
        if usesProgressive { codingGain = try model(for: full).progressiveGain(quality: landingQuality) }
    }

    /// The shape to encode.
    func choose() throws -> RasterShape {
        let model = try model(for: full)
        let quality = try model.quality(for: target, in: qualities)
        switch way {
        case .full where quality != nil || policy.keepsSize:
            return try chroma(full, quality: quality ?? qualities.lowerBound)
        case .land where (quality ?? 0) >= landingQuality: return try chroma(full, quality: quality ?? landingQuality)
        case .compare where (quality ?? 0) >= qualities.upperBound:
            return try chroma(full, quality: qualities.upperBound)
        case .compare:
            let best = try bestLooking(from: try landing(model))
            return try chroma(best.shape, quality: best.quality)
        case .full, .land: return try chroma(try landing(model), quality: landingQuality)
        }
    }

    /// Chooses again after a real sample of the scaled pixels showed how far the prediction was off.
    /// - Returns: `nil` when the choice stands.
    mutating func choose(again shape: RasterShape, real: JPEGRateModel) throws -> RasterShape? {
        guard shape.width < full.width, way == .land else { return nil }
        seamBias *=
            try real.bytes(quality: landingQuality) * codingGain / model(for: shape).bytes(quality: landingQuality)
        let better = try landing(try model(for: full))
        guard abs(better.width - shape.width) * 50 > shape.width else { return nil }
        return try chroma(better, quality: landingQuality)
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

    // MARK: Looks

    private struct Candidate {
        var shape: RasterShape
        var quality: Double
        var similarity: Double
    }

    /// Climbs from a size to whichever neighbour looks better at the same bytes, until none does.
    private func bestLooking(from start: RasterShape) throws -> Candidate {
        var known: [Int: Candidate] = [:]
        func candidate(_ scale: Double) throws -> Candidate {
            let shape = scaled(full, by: min(scale, 1))
            if let candidate = known[shape.width] { return candidate }
            let candidate = try self.candidate(shape)
            known[shape.width] = candidate
            return candidate
        }
        let ratio = ScaleChoice.comparedRatio
        var scale = Double(start.width) / Double(full.width)
        var best = try candidate(scale)
        for factor in [ratio, 1 / ratio] {
            var improved = false
            while known.count < 7, scale < 1 || factor < 1 {
                let next = try candidate(scale * factor)
                guard next.similarity > best.similarity else { break }
                (best, scale, improved) = (next, min(scale * factor, 1), true)
            }
            if improved { break }
        }
        return best
    }

    /// How the sample looks after a trip through a JPEG of this size that takes the bytes aimed at.
    private func candidate(_ shape: RasterShape) throws -> Candidate {
        guard let quality = try model(for: shape).quality(for: target, in: qualities) else {
            return Candidate(shape: shape, quality: qualities.lowerBound, similarity: -1)
        }
        let scaled = try sample.resized(to: shape, cancellation: cancellation, wholeBlocksOnly: false)
        let luma = try JPEGRoundTrip.luma(of: scaled, quality: quality, cancellation: cancellation)
        let original = sample.raster.planes[0]
        let back = try PixelSupply.resize(
            Raster(
                .planar(width: luma.width, height: luma.height, isGray: true, subsamplesChroma: false), planes: [luma]),
            to: .planar(width: original.width, height: original.height, isGray: true, subsamplesChroma: false),
            cancellation: cancellation)
        return Candidate(
            shape: shape, quality: quality,
            similarity: PictureSimilarity.of(original, back.planes[0], tiles: sample.tiles))
    }

    // MARK: Size

    /// The size at which the least quality takes the bytes aimed at: the secant method on logarithms.
    private func landing(_ fullModel: JPEGRateModel) throws -> RasterShape {
        var high = (scale: 1.0, bytes: try fullModel.bytes(quality: landingQuality))
        var low: (scale: Double, bytes: Double)?
        // Bytes go about with the scale to the power of 1.6: small pictures have more detail for each pixel.
        var guess = min((target / high.bytes).raised(to: 1 / 1.6), 0.98)
        for _ in 0..<6 {
            guess = max(guess, leastScale(full))
            let bytes = try model(for: scaled(full, by: guess)).bytes(quality: landingQuality)
            if bytes <= target {
                low = (guess, bytes)
                if bytes > target * 0.97 { break }
            } else {
                high = (guess, bytes)
            }
            if guess <= leastScale(full) { break }
            if let low {
                if high.scale - low.scale < 0.004 { break }
                let power = (high.bytes / low.bytes).logarithm / max((high.scale / low.scale).logarithm, 1e-9)
                guess = low.scale * (target * 0.985 / low.bytes).raised(to: 1 / max(power, 0.5))
                guess = min(max(guess, low.scale * 1.001), high.scale * 0.999)
            } else {
                guess = high.scale * (target / high.bytes).raised(to: 1 / 1.6)
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

    /// 4:4:4 where the picture has chroma detail that 4:2:0 would lose and the bytes for it are there.
    private func chroma(_ shape: RasterShape, quality: Double) throws -> RasterShape {
        guard shape.model == .ycbcr, policy.chroma == .automatic, quality >= ChromaChoice.leastQuality else {
            return shape
        }
        let fine = RasterShape.planar(width: shape.width, height: shape.height, isGray: false, subsamplesChroma: false)
        guard sample.hasChroma(for: fine) else { return shape }
        let loss = ChromaChoice.subsamplingLoss(try sample.resized(to: fine, cancellation: cancellation))
        guard loss >= ChromaChoice.visibleLoss,
            let fineQuality = try model(for: fine).quality(for: target, in: qualities)
        else { return shape }
        return fineQuality >= quality - ChromaChoice.mostQualityGivenUp ? fine : shape
    }
}
