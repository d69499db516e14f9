// SPDX-License-Identifier: Apache-2.0

/// Makes a JPEG of an image's pixels that fits, by the `best` strategy.
///
/// Size and quality are chosen on a sample; then one encode, checked, and another only where the prediction missed.
struct JPEGFit {
    private let context: FitContext
    private let segments: [MetadataSegment]
    private var limit: Int { context.byteLimit }
    private var qualities: ClosedRange<Double> {
        Double(context.policy.qualityFloor)...Double(context.policy.qualityCeiling)
    }
    /// Bytes of the metadata segments with their headers.
    private var segmentBytes: Int { segments.reduce(0) { $0 + $1.payload.count + 4 } }

    init(_ context: FitContext, segments: [MetadataSegment]) {
        self.context = context
        self.segments = segments
    }

    /// - Parameters:
    ///   - supply: Gray or YCbCr pixels as stored.
    ///   - width: Upright size to fill at most.
    func fit(_ supply: PixelSupply, width: Int, height: Int) throws -> Encoded {
        let orientation = context.header.orientation
        let sampler = TileSampler(
            supply.shape, bitsPerPixel: Double(limit) * 8 / Double(supply.shape.width * supply.shape.height))
        try supply.send(to: sampler)
        let sample = Sample(sampler, of: supply.shape, orientation: orientation)
        var choice = try JPEGShapeChoice(
            sample: sample, width: width, height: height, context: context, segmentBytes: segmentBytes)
        var shape = try choice.choose()
        var pixels = try supply.prepared(shape, orientation: orientation)
        var model = try model(for: pixels, sample: sample)
        if pixels.heldRaster != nil, let better = try choice.choose(again: shape, real: model) {
            shape = better
            pixels = try supply.prepared(shape, orientation: orientation)
            model = try self.model(for: pixels, sample: sample)
        }
        var encodes = 0
        while true {
            let outcome = try encode(pixels, model: model)
            encodes += outcome.encodes
            if var encoded = outcome.encoded {
                encoded.encodes = encodes
                encoded.report = supply.report.totalRows > 0 ? supply.report : pixels.report
                return encoded
            }
            // Even the floor was over: fewer pixels, unless that is ruled out.
            guard !context.policy.keepsSize, let smaller = choice.smaller(than: shape, bytes: outcome.smallest) else {
                throw context.cannotFit(
                    smallest: outcome.smallest, width: shape.width, height: shape.height,
                    remedies: [.byteLimit, .qualityFloor] + (context.policy.keepsSize ? [.keepsSize] : []))
            }
            shape = smaller
            pixels = try supply.prepared(shape, orientation: orientation)
            model = try self.model(for: pixels, sample: sample)
        }
    }

    /// A rate model for the final pixels: sampled from themselves where they are held, else from the scaled sample.
    private func model(for pixels: PixelSupply, sample: Sample) throws -> JPEGRateModel {
        guard pixels.heldRaster != nil else {
            return try sample.model(for: pixels.shape, cancellation: context.cancellation)
        }
        let sampler = TileSampler(pixels.shape)
        try pixels.send(to: sampler)
        return JPEGRateModel(
            sheet: sampler.sheet, pixels: pixels.shape.width * pixels.shape.height, cancellation: context.cancellation)
    }

    private struct Outcome {
        var encoded: Encoded?
        /// Bytes of the smallest attempt, when none fits.
        var smallest: Int
        var encodes: Int
    }

    /// Finds the highest quality that fits at a given size.
    private func encode(_ pixels: PixelSupply, model: JPEGRateModel) throws -> Outcome {
        var search = QualitySearch(limit: limit, range: qualities)
        let pixelCount = pixels.shape.width * pixels.shape.height
        func predicted(_ target: Double) throws -> Double? {
            try model.quality(for: target - Double(segmentBytes), in: qualities)
        }
        var start = try predicted(search.byteTarget)
        let limitBinds = (start ?? 0) < qualities.upperBound
        let isProgressive =
            context.mode.holdsCoefficients
            && ProgressiveChoice.isWorthwhile(pixels: pixelCount, limitBinds: limitBinds)
        if isProgressive && limitBinds {
            model.scale(by: try model.progressiveGain(quality: start ?? qualities.lowerBound))
            start = try predicted(search.byteTarget)
        }
        var best: Encoded?
        var action = search.start(predicted: start)
        while case .encode(let quality) = action {
            let sink = try encode(pixels, quality: quality, isProgressive: isProgressive, model: model)
            if let sink {
                try model.learn(actual: max(sink.byteCount - segmentBytes, 1), quality: quality)
                if sink.byteCount <= limit, quality > best?.quality ?? 0 {
                    best = Encoded(
                        bytes: sink.bytes(), format: .jpeg, width: pixels.shape.width, height: pixels.shape.height,
                        quality: quality, encodes: 0, report: pixels.report)
                }
            }
            let target = search.byteTarget
            action = try search.encoded(quality: quality, bytes: sink?.byteCount) { try predicted(target) }
        }
        if case .tooLarge(let smallest) = action {
            return Outcome(encoded: nil, smallest: smallest, encodes: search.encodes)
        }
        return Outcome(encoded: best, smallest: 0, encodes: search.encodes)
    }

    /// Encodes all pixels.
    /// - Returns: `nil` when it was broken off, far over the limit.
    private func encode(
        _ pixels: PixelSupply, quality: Double, isProgressive: Bool, model: JPEGRateModel
    ) throws -> JPEGEncodingSink? {
        let shape = pixels.shape
        let coding: JPEGEncoder.Coding
        if isProgressive {
            coding = .progressive
        } else if let tables = try model.huffmanTables(quality: quality) {
            coding = .sequential(tables)
        } else {
            coding = .optimized
        }
        // A little over tells how far off the prediction was; at the floor the size itself is wanted.
        let slack = quality <= qualities.lowerBound ? limit : limit / 8
        let sink = try JPEGEncodingSink(
            JPEGEncoder.Settings(
                width: shape.width, height: shape.height, isGray: shape.model == .gray,
                subsamplesChroma: shape.model == .ycbcr && !shape.hasFullChroma, quality: quality, coding: coding,
                byteLimit: limit.addingReportingOverflow(slack).overflow ? .max / 2 : limit + slack),
            segments: segments, cancellation: context.cancellation)
        try pixels.send(to: sink)
        return try sink.finish() ? sink : nil
    }
}
