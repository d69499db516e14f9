// SPDX-License-Identifier: Apache-2.0

/// One pass over an image that quantises its coefficients and writes them, row by row.
///
/// λ is adjusted to what was written. Where the file misses its limit all the same, the end of it is taken back and written
/// again, with the λ that its bytes, known by then, ask for.
final class CodingPass {
    /// A place to go back to.
    private struct Mark {
        var row: Int
        var coder: BlockCoder.Mark
        /// Bytes written up to there.
        var spent: Double
        var controller: RateController
    }

    /// Shares of the output behind the places to go back to.
    private static let markedShares = [0.3, 0.55, 0.8]
    private static let mostRepeats = 3
    /// Blocks up to which the rows of a source that begins at its top alone are kept; a larger one is read again.
    private static let mostKept = 1 << 16
    /// Shares of the limit with an end whose bytes are known: aimed at, and from which on none is needed.
    private static let (aimedUse, enoughUse) = (0.9975, 0.982)
    /// Multiples of λ with which the end of an image is written again; up to the moderate ones a shorter end is preferred.
    private static let (lambdas, moderate) = (0.3...3.0, 0.5...2.0)
    /// Less is aimed at with each repeat, so that the last one fits.
    private static let caution = 0.003

    private let quantisers: Quantisers
    private let costs: CoefficientCosts?
    private let container: JPEGContainer
    private let tables: CodeTables
    private let overhead: Double
    private let profile: OutputProfile
    private let limit: Int
    private var coder: BlockCoder
    private var controller: RateController
    private var marks: [Mark] = []
    /// Rows from the first mark on, of a source that cannot begin there.
    private var kept: [BlockRows] = []
    /// Bytes of the finished file.
    private(set) var byteCount = 0

    init(
        _ evaluator: RateEvaluator, choice: ModelSearch.Result, segments: [MetadataSegment], target: Double, limit: Int
    ) throws {
        let layout = evaluator.sample.layout
        let (estimate, profile) = try evaluator.profile(choice.model)
        (tables, self.profile, costs, self.limit) = (estimate.tables, profile, evaluator.costs, limit)
        coder = try BlockCoder(layout, isProgressive: evaluator.isProgressive)
        coder.begin(estimate.tables)
        quantisers = Quantisers(evaluator.stepTables, componentCount: layout.components.count)
        quantisers.prepare(choice.model, costs: evaluator.costs)
        container = JPEGContainer(
            layout: layout, isProgressive: evaluator.isProgressive, steps: quantisers.steps, segments: segments)
        overhead = Double(container.headerByteCount(estimate.tables))
        controller = RateController(
            base: choice.model, predicted: estimate.bytes, low: choice.low, high: choice.high, target: target,
            limit: Double(limit))
    }

    /// Quality on libjpeg's scale, of the luma steps.
    var quality: Double { StepTables.quality(of: quantisers.steps[0]) }

    /// Takes the finished file out; the pass is over.
    func takeBytes() -> [UInt8] { container.bytes(&coder, tables: tables) }

    /// Writes an image whose sample is all of it, or the model of which leaves nothing to adjust.
    func write(_ rows: ((BlockRows, Int, Double) throws -> Void) throws -> Void) throws {
        try rows { rows, row, _ in try coder.write(rows, row: row, quantisers: quantisers) }
        try finish()
    }

    /// Writes an image under control, and its end again where that misses.
    func writeControlled(_ source: any CoefficientSource) throws {
        let keeps = !source.beginsAnywhere && source.layout.blockCount <= Self.mostKept
        try source.readRows { rows, row, position in
            if marks.count < Self.markedShares.count, controller.share >= Self.markedShares[marks.count] {
                marks.append(Mark(row: row, coder: try coder.mark(), spent: spent, controller: controller))
            }
            if keeps && !marks.isEmpty { kept.append(rows.part(from: 0, count: rows.layout.mcusAcross)) }
            try coder.write(rows, row: row, quantisers: quantisers)
            if controller.update(spent: spent, share: profile.share(at: position)) {
                quantisers.prepare(controller.model, costs: costs)
            }
        }
        try finish()
        try repeatEnd(source)
    }

    private func repeatEnd(_ source: any CoefficientSource) throws {
        var chosen: Mark?
        var gains = marks.map { controller.meanGain(since: $0.controller) }
        for attempt in 0..<Self.mostRepeats where byteCount > limit || Double(byteCount) < enough {
            let aimed = Double(limit) * (Self.aimedUse - Self.caution * Double(attempt))
            // Bytes go with the gain: those of the end are known.
            let ways = marks.indices.compactMap { index -> (index: Int, gain: Double, factor: Double)? in
                let mark = marks[index]
                if let chosen, mark.row != chosen.row { return nil }
                let gain = gains[index] * (aimed - mark.spent) / (Double(byteCount) - mark.spent)
                return controller.factor(gain: gain).map { (index, gain, $0) }
            }
            guard
                let way = ways.last(where: { Self.moderate.contains($0.factor) })
                    ?? ways.first(where: { Self.lambdas.contains($0.factor) })
            else { return }
            chosen = marks[way.index]
            gains[way.index] = way.gain
            coder.goBack(to: marks[way.index].coder)
            quantisers.prepare(controller.model(factor: way.factor), costs: costs)
            try writeRows(source, from: marks[way.index].row)
            try finish()
        }
    }

    private func writeRows(_ source: any CoefficientSource, from first: Int) throws {
        guard !kept.isEmpty else {
            return try source.readRows(from: first) { rows, row, _ in
                try coder.write(rows, row: row, quantisers: quantisers)
            }
        }
        for (row, rows) in zip(marks[0].row..., kept) where row >= first {
            try coder.write(rows, row: row, quantisers: quantisers)
        }
    }

    private var enough: Double { Double(limit) * Self.enoughUse }

    private var spent: Double { Double(coder.byteCount) * RateEvaluator.stuffing + overhead }

    private func finish() throws {
        try coder.finish()
        byteCount = container.byteCount(coder, tables: tables)
    }
}
