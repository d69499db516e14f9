// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// One image on its way to a JPEG within a byte limit, its size in pixels settled.
///
/// A sample tells which steps and λ take the bytes aimed at; then one pass quantises and writes row by row while λ is
/// adjusted to what was written. The exact size is known before anything leaves; an output that missed is made again, or
/// only its end (``CodingPass``).
final class Requantisation {
    struct Output {
        var bytes: [UInt8]
        /// On libjpeg's scale: that of the luma steps nearest by their sum.
        var quality: Double
        /// The source's coefficients, all of them unchanged.
        var isLossless: Bool
    }
    enum Outcome {
        case done(Output, encodes: Int)
        /// Over the limit at the coarsest that is allowed; the smallest attempt, measured.
        case tooLarge(smallest: Int, encodes: Int)
    }

    /// Share of the limit aimed at: from a sample, and where all blocks are counted.
    private static let aims = (sampled: 0.9965, whole: 0.9985)
    /// Share from which on an output is good enough to be the last.
    private static let wantedUse = (sampled: 0.982, whole: 0.99)
    private static let mostEncodes = 5
    /// Bytes from which on several scans are tried first, and up to which one scan may take less.
    private static let progressiveFrom = 12_000
    private static let sequentialBelow = 1 << 15

    private let source: any CoefficientSource
    private let segments: [MetadataSegment]
    private let limit: Int
    private let effort: FitPolicy.Effort
    private let cancellation: CancellationFlag
    private let stepTables: StepTables
    private let scales: ClosedRange<Double>
    private let sample: BlockSample
    private var evaluator: RateEvaluator
    private var isSettled = false
    /// Rough until the file is written.
    private(set) var choice: ModelSearch.Result

    /// - Parameters:
    ///   - qualities: On libjpeg's scale; without a ceiling, as fine as the source or as 1 in each step.
    init(
        _ source: any CoefficientSource, shape: StepShape, segments: [MetadataSegment], limit: Int, floor: Int,
        ceiling: Int?, effort: FitPolicy.Effort, cancellation: CancellationFlag
    ) throws {
        self.source = source
        self.segments = segments
        self.limit = limit
        self.effort = effort
        self.cancellation = cancellation
        let tables = StepTables(shape, layout: source.layout, sourceSteps: source.steps)
        let finest = max(tables.finestScale, ceiling.map { tables.scale(quality: $0) } ?? 0)
        scales = finest...max(finest, min(tables.scale(quality: floor), tables.coarsestScale))
        stepTables = tables
        sample = try source.sample(blocks: SamplePlan.blocks)
        // Small files have more tables than data: one scan takes less there.
        let isProgressive = effort == .standard && (!sample.isWhole || limit >= Self.progressiveFrom)
        evaluator = try RateEvaluator(
            sample, stepTables: stepTables, isProgressive: isProgressive, segments: segments,
            cancellation: cancellation)
        choice = try ModelSearch(evaluator, scales: scales, isGreedy: effort == .standard).rough(
            target: Double(limit) * (sample.isWhole ? Self.aims.whole : Self.aims.sampled))
    }

    /// The model to encode with, by all of the sample and by the kind of scans that takes less.
    private func settle(target: Double) throws {
        guard !isSettled else { return }
        isSettled = true
        if sample.isWhole, effort == .standard, limit < Self.sequentialBelow {
            let twin = try evaluator.twin(isProgressive: !evaluator.isProgressive)
            let own = try evaluator.estimate(choice.model).bytes
            if try twin.estimate(choice.model).bytes < own { evaluator = twin }
        }
        choice = try search.refine(choice, target: target)
    }

    private var search: ModelSearch { ModelSearch(evaluator, scales: scales, isGreedy: effort == .standard) }

    /// True for a source with chroma at full resolution that would look better at half of it. One that fits as it is loses
    /// nothing.
    var prefersHalfChroma: Bool {
        guard let steps = source.steps, source.layout.hasFullChroma, choice.model.scale > ChromaDetail.finestScale,
            !choice.isFinest
        else { return false }
        return !ChromaDetail.isWorthFullResolution(sample, steps: steps)
    }

    /// Predicted bytes at a scale of the steps.
    func bytes(scale: Double) throws -> Double {
        try evaluator.estimate(RateModel(scale: scale), every: sample.part).bytes
    }

    /// The share of the sides at which steps of the scale aimed at there take the limit.
    /// - Parameter chroma: Bytes there over those at this size, for less chroma resolution.
    func reducedShare(chroma: Double = 1) throws -> Double {
        // Twice: how coarse the steps may be depends on how many pixels are left.
        var share = 1.0
        for _ in 0..<2 {
            share = SizeChoice.side(
                current: 1, bytes: try bytes(scale: SizeChoice.landing(share)) * chroma, target: Double(limit))
        }
        return share
    }

    /// True where the image looks better at this size, as coarse as its steps have to be, than with fewer pixels.
    func looksBestAtItsSize(chroma: Double = 1) throws -> Bool {
        let scale = choice.model.scale
        if scale <= SizeChoice.coarsestAtFullSize && !choice.isTooLarge { return true }
        guard !choice.isTooLarge || choice.bytes <= Double(limit) * SizeChoice.mostExcess else { return false }
        if choice.isTooLarge || scale > SizeChoice.coarsestOfSharpImages { return loss.isOfLines }
        let share = SizeChoice.snapped(try reducedShare(chroma: chroma))
        let least = SizeChoice.leastLossOfSharpImages(pixels: source.layout.width * source.layout.height)
        return loss.atFullSize(scale: scale) * least
            <= loss.reduced(to: share, scale: SizeChoice.landing(share))
    }

    /// The predicted error of coarser steps and of fewer pixels.
    private(set) lazy var loss = LumaLoss(sample, steps: source.steps?.first)

    /// Writes the file.
    func encode() throws -> Outcome {
        let aim = sample.isWhole ? Self.aims.whole : Self.aims.sampled
        let wanted = Double(limit) * (sample.isWhole ? Self.wantedUse.whole : Self.wantedUse.sampled)
        var target = Double(limit) * aim
        var best: Output?
        var smallest = Int.max
        try settle(target: target)
        for encode in 1...Self.mostEncodes {
            let attempt = try write(target: target)
            if let output = attempt.output, output.bytes.count > best?.bytes.count ?? 0 { best = output }
            smallest = min(smallest, attempt.byteCount)
            let isEnough = attempt.output != nil && (Double(attempt.byteCount) >= wanted || choice.isFinest)
            // Over the limit it is made again; under it, once more at most.
            if isEnough || best != nil && (encode >= 2 || choice.isTooLarge) {
                if let best { return .done(best, encodes: encode) }
            }
            if choice.isTooLarge && attempt.output == nil { return .tooLarge(smallest: smallest, encodes: encode) }
            // What the prediction missed by is expected of the next one, too; over the limit, anything that is less.
            if attempt.output == nil {
                target *= Double(limit) * aim / Double(attempt.byteCount) * (1 - 0.002 * Double(encode))
            } else {
                target = Double(limit) * aim * choice.bytes / Double(attempt.byteCount)
            }
            let next = try search.adjust(choice, target: target)
            // Nothing in between.
            if let best, next.model == choice.model { return .done(best, encodes: encode) }
            choice = next
        }
        if let best { return .done(best, encodes: Self.mostEncodes) }
        return .tooLarge(smallest: smallest, encodes: Self.mostEncodes)
    }

    private struct Attempt {
        /// Within the limit.
        var output: Output?
        var byteCount: Int
    }

    /// One pass over the image.
    private func write(target: Double) throws -> Attempt {
        let pass = try CodingPass(evaluator, choice: choice, segments: segments, target: target, limit: limit)
        // Under a ceiling even the finest steps may be coarser than the source's.
        let isLossless =
            choice.model.lambdaFactor == 0 && source.steps != nil && choice.model.scale <= stepTables.finestScale
        if sample.isWhole {
            try pass.write { body in
                for (row, run) in sample.runs.enumerated() { try body(run.rows, row, run.position) }
            }
        } else if choice.isFinest {
            try pass.write(source.readRows)
        } else {
            try pass.writeControlled(source)
        }
        guard pass.byteCount <= limit else { return Attempt(output: nil, byteCount: pass.byteCount) }
        let output = Output(bytes: pass.takeBytes(), quality: pass.quality, isLossless: isLossless)
        return Attempt(output: output, byteCount: pass.byteCount)
    }
}
