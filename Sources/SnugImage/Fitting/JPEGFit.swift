// SPDX-License-Identifier: Apache-2.0

/// Makes a JPEG of a picture's pixels that fits, by the `best` strategy.
///
/// The pixels are there, or can be had; size and quality are chosen on a sample; then one encode, checked, and another
/// only where the prediction missed.
struct JPEGFit {
    let context: FitContext
    let segments: [MetadataSegment]
    private var policy: FitPolicy { context.policy }
    private var limit: Int { context.byteLimit }
    private var qualityRange: ClosedRange<Double> { Double(policy.qualityFloor)...Double(policy.qualityCeiling) }

    init(_ context: FitContext, segments: [MetadataSegment]) {
        self.context = context
        self.segments = segments
    }

    /// - Parameters:
    ///   - supply: Gray or YCbCr pixels as stored.
    ///   - width: Upright size to fill at most.
    func fit(_ supply: PixelSupply, width: Int, height: Int) throws -> Encoded {
        let sampler = TileSampler(supply.shape)
        try supply.send(to: sampler)
        let sample = Sample(raster: sampler.sheet, of: supply.shape, orientation: context.header.orientation)
        var choice = try choose(sample, width: width, height: height)
        var encodes = 0
        while true {
            let prepared = try supply.prepared(choice.shape, orientation: context.header.orientation)
            let model = try model(for: prepared, sample: sample, shape: choice.shape)
            let outcome = try encode(prepared, shape: choice.shape, model: model)
            encodes += outcome.encodes
            if var encoded = outcome.encoded {
                encoded.encodes = encodes
                encoded.report = supply.report.totalRows > 0 ? supply.report : prepared.report
                return encoded
            }
            // Even the floor was over: fewer pixels, unless that is ruled out.
            guard !policy.keepsSize else {
                throw context.cannotFit(
                    smallest: outcome.smallest, width: choice.shape.width, height: choice.shape.height,
                    advice: "raise the limit, lower --quality-floor, or leave out --keep-size")
            }
            guard let smaller = smaller(choice.shape, bytes: outcome.smallest) else {
                throw context.cannotFit(
                    smallest: outcome.smallest, width: choice.shape.width, height: choice.shape.height,
                    advice: "raise the limit or lower --quality-floor")
            }
            choice.shape = smaller
        }
    }

    // MARK: Size

    private struct Choice {
        var shape: RasterShape
    }

    /// Chooses the output's size and chroma resolution on the sample.
    private func choose(_ sample: Sample, width: Int, height: Int) throws -> Choice {
        let full = shape(width: width, height: height, sample: sample, subsamplesChroma: true)
        let bits = Double(limit) * 8 / Double(width * height)
        let target = Double(limit) * QualitySearch.aimedUse
        let least = ScaleChoice.leastQuality(
            bitsPerPixel: bits, floor: qualityRange.lowerBound, ceiling: qualityRange.upperBound)
        let fullModel = try sample.model(for: full, cancellation: context.cancellation)
        let quality = try fullModel.quality(for: target, in: qualityRange)
        if policy.keepsSize || (quality ?? 0) >= least {
            return Choice(
                shape: try chroma(full, sample: sample, model: fullModel, quality: quality ?? qualityRange.lowerBound))
        }
        let scaled = try landing(sample, full: full, quality: least, target: target)
        let model = try sample.model(for: scaled, cancellation: context.cancellation)
        return Choice(shape: try chroma(scaled, sample: sample, model: model, quality: least))
    }

    /// The size at which `quality` takes `target` bytes, by the secant method on logarithms.
    private func landing(_ sample: Sample, full: RasterShape, quality: Double, target: Double) throws -> RasterShape {
        var high = (scale: 1.0, bytes: try sample.model(for: full, cancellation: context.cancellation).bytes(quality: quality))
        // Bytes go about with the scale to the power of 1.6: finer pictures have less detail for each pixel.
        var guess = min((target / high.bytes).raised(to: 1 / 1.6), 0.98)
        var low: (scale: Double, bytes: Double)?
        for _ in 0..<5 {
            guess = max(guess, leastScale(full))
            let shape = scaled(full, by: guess)
            let bytes = try sample.model(for: shape, cancellation: context.cancellation).bytes(quality: quality)
            if bytes <= target {
                low = (guess, bytes)
                if bytes > target * 0.97 || guess <= leastScale(full) { break }
            } else {
                high = (guess, bytes)
                if guess <= leastScale(full) { break }
            }
            if let low {
                let power = (high.bytes / low.bytes).logarithm / max((high.scale / low.scale).logarithm, 1e-9)
                guess = low.scale * (target * 0.985 / low.bytes).raised(to: 1 / max(power, 0.5))
                if high.scale - low.scale < 0.004 { break }
                guess = min(max(guess, low.scale * 1.001), high.scale * 0.999)
            } else {
                guess = high.scale * (target / high.bytes).raised(to: 1 / 1.6)
            }
        }
        return scaled(full, by: low?.scale ?? guess)
    }

    /// Pixels for whatever the floor takes, when the floor was over the limit.
    private func smaller(_ shape: RasterShape, bytes: Int) -> RasterShape? {
        let ratio = (Double(limit) / Double(bytes)).squareRoot() * 0.98
        let next = scaled(shape, by: min(ratio, 0.95))
        guard next.width < shape.width || next.height < shape.height else { return nil }
        return next
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

    private func shape(width: Int, height: Int, sample: Sample, subsamplesChroma: Bool) -> RasterShape {
        .planar(
            width: width, height: height, isGray: sample.raster.shape.model == .gray,
            subsamplesChroma: subsamplesChroma)
    }

    // MARK: Chroma

    /// 4:4:4 where the picture has chroma detail that 4:2:0 would lose and the bytes for it are there.
    private func chroma(
        _ shape: RasterShape, sample: Sample, model: JPEGRateModel, quality: Double
    ) throws -> RasterShape {
        guard shape.model == .ycbcr, policy.chroma != .s420 else { return shape }
        let full = RasterShape.planar(
            width: shape.width, height: shape.height, isGray: false, subsamplesChroma: false)
        if policy.chroma == .s444 { return full }
        guard sample.hasChroma(for: full), quality >= ChromaChoice.leastQuality else { return shape }
        let loss = ChromaChoice.subsamplingLoss(try sample.resized(to: full, cancellation: context.cancellation))
        guard loss >= ChromaChoice.visibleLoss else { return shape }
        let fullModel = try sample.model(for: full, cancellation: context.cancellation)
        let target = Double(limit) * QualitySearch.aimedUse
        guard let fullQuality = try fullModel.quality(for: target, in: qualityRange) else { return shape }
        return fullQuality >= quality - ChromaChoice.mostQualityGivenUp ? full : shape
    }

    // MARK: Quality

    /// A rate model for the final pixels: sampled from themselves where they are held, else from the scaled sample.
    private func model(for prepared: PixelSupply, sample: Sample, shape: RasterShape) throws -> JPEGRateModel {
        guard prepared.heldRaster != nil, !(shape == sample.shape) else {
            return try sample.model(for: shape, cancellation: context.cancellation)
        }
        let sampler = TileSampler(prepared.shape)
        try prepared.send(to: sampler)
        return JPEGRateModel(
            sheet: sampler.sheet, pixels: shape.width * shape.height, cancellation: context.cancellation)
    }

    private struct Outcome {
        var encoded: Encoded?
        /// Bytes of the smallest attempt, when none fits.
        var smallest: Int
        var encodes: Int
    }

    private func encode(_ pixels: PixelSupply, shape: RasterShape, model: JPEGRateModel) throws -> Outcome {
        var search = QualitySearch(limit: limit, range: qualityRange)
        let overhead = segments.reduce(0) { $0 + $1.payload.count + 4 }
        let progressive = context.mode.allowsProgressive(shape)
        if progressive { try model.learnProgressiveGain(quality: 85) }
        var best: Encoded?
        var action = search.start(
            predicted: try model.quality(for: search.byteTarget - Double(overhead), in: qualityRange))
        while true {
            switch action {
            case .finish: return Outcome(encoded: best, smallest: 0, encodes: search.encodes)
            case .tooLarge(let smallest): return Outcome(encoded: nil, smallest: smallest, encodes: search.encodes)
            case .encode(let quality):
                let coding: JPEGEncoder.Coding =
                    progressive ? .progressive : try model.huffmanTables(quality: quality).map { .sequential($0) } ?? .optimized
                let atFloor = quality <= qualityRange.lowerBound
                let sink = try JPEGEncodingSink(
                    JPEGEncoder.Settings(
                        width: shape.width, height: shape.height, isGray: shape.model == .gray,
                        subsamplesChroma: shape.model == .ycbcr && !shape.hasFullChroma, quality: quality, coding: coding,
                        byteLimit: atFloor ? max(limit, limit &* 8) : limit + limit / 8),
                    segments: segments, cancellation: context.cancellation)
                try pixels.send(to: sink)
                let whole = try sink.finish()
                let size = whole ? sink.byteCount : nil
                if let size {
                    try model.learn(actual: max(size - overhead, 1), quality: quality)
                    if size <= limit, best.map({ quality > ($0.quality ?? 0) }) ?? true {
                        best = Encoded(
                            bytes: sink.bytes(), format: .jpeg, width: shape.width, height: shape.height,
                            quality: quality, encodes: 0, report: pixels.report)
                    }
                }
                let searchTarget = search.byteTarget
                action = try search.encoded(quality: quality, bytes: size) {
                    try model.quality(for: searchTarget - Double(overhead), in: qualityRange)
                }
            }
        }
    }
}
