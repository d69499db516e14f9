// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels
import SnugSystem

/// Predicts what an output takes, by counting the symbols of a sample.
final class RateEvaluator {
    /// A prediction for one model.
    struct Estimate {
        var model: RateModel
        /// Of the whole file.
        var bytes: Double
        var tables: CodeTables
        var frequencies: [Double]
    }

    let sample: BlockSample
    let stepTables: StepTables
    let isProgressive: Bool
    private let segments: [MetadataSegment]
    private let quantisers: Quantisers
    private var coder: BlockCoder
    private var sequentialCoder: BlockCoder
    private let cancellation: CancellationFlag
    /// Makes the quantiser greedy once it is known.
    private(set) var costs: CoefficientCosts?
    /// Corrects sums by what is known of the whole source, its bits and its MCUs.
    private(set) var correction = 1.0

    /// Stuffing: about one byte in 357 is 0xFF, fewer than of random bytes.
    static let stuffing = 1.0028

    init(
        _ sample: BlockSample, stepTables: StepTables, isProgressive: Bool, segments: [MetadataSegment],
        cancellation: CancellationFlag
    ) throws {
        self.sample = sample
        self.stepTables = stepTables
        self.isProgressive = isProgressive
        self.segments = segments
        self.cancellation = cancellation
        quantisers = Quantisers(stepTables, componentCount: sample.layout.components.count)
        coder = try BlockCoder(sample.layout, isProgressive: isProgressive)
        sequentialCoder = try BlockCoder(sample.layout, isProgressive: false)
    }

    /// A prediction for the other kind of scans, with the same costs.
    func twin(isProgressive: Bool) throws -> RateEvaluator {
        let twin = try RateEvaluator(
            sample, stepTables: stepTables, isProgressive: isProgressive, segments: segments, cancellation: cancellation
        )
        twin.costs = costs
        return twin
    }

    /// Learns the costs of coefficients at a model; the next estimates use them.
    func learnCosts(at model: RateModel) throws {
        let counted = try count(model, every: sample.part, sequential: true)
        costs = CoefficientCosts(frequencies: counted.frequencies)
    }

    /// - Parameter every: Counts one run in so many: faster, less exact.
    func estimate(_ model: RateModel, every: Int = 1) throws -> Estimate {
        estimate(model, counted: try count(model, every: every, sequential: false))
    }

    /// An estimate together with the share of the output that each run's position has been reached with.
    func profile(_ model: RateModel) throws -> (estimate: Estimate, profile: OutputProfile) {
        var runs: [snug_symbol_counts] = []
        let counted = try count(model, every: 1, sequential: false) { runs.append($0) }
        var result = estimate(model, counted: counted)
        guard !sample.isWhole else { return (result, OutputProfile(positions: [], sizes: [])) }
        let sizes = runs.map { run in
            var run = run
            return unsafe result.tables.withTables { unsafe Double(snug_counts_bits(&run, $0)) }
        }
        correction = regression(sizes)
        result = estimate(model, counted: counted)
        return (result, OutputProfile(positions: sample.runs.map(\.position), sizes: sizes))
    }

    private struct Counted {
        var frequencies: [Double]
        var extraBits: Double
    }

    private func estimate(_ model: RateModel, counted: Counted) -> Estimate {
        let tables = CodeTables(
            frequencies: counted.frequencies, isComplete: !sample.isWhole, isProgressive: isProgressive)
        var bits = counted.extraBits
        for (frequency, length) in zip(counted.frequencies, tables.lengths()) { bits += frequency * length }
        let container = JPEGContainer(
            layout: sample.layout, isProgressive: isProgressive, steps: stepTables.steps(scale: model.scale),
            segments: segments)
        let bytes = bits / 8 * correction * Self.stuffing + Double(container.headerByteCount(tables))
        return Estimate(model: model, bytes: bytes, tables: tables, frequencies: counted.frequencies)
    }

    private func count(
        _ model: RateModel, every: Int, sequential: Bool, eachRun: ((snug_symbol_counts) -> Void)? = nil
    ) throws -> Counted {
        quantisers.prepare(model, costs: sequential ? nil : costs)
        var sums = [Double](repeating: 0, count: CodeTables.count * 256)
        var extraBits = 0.0
        var sampled = 0.0
        var counts = snug_symbol_counts()
        let empty = snug_symbol_counts()
        func add(_ weight: Double) {
            unsafe sums.withUnsafeMutableBufferPointer { sums in
                guard let start = sums.baseAddress else { return }
                unsafe snug_counts_accumulate(&counts, weight, start)
            }
            extraBits += weight * Double(counts.extra_bits)
        }
        let countsAll = sample.isWhole && every == 1
        for (index, run) in sample.runs.enumerated() where index % every == every / 2 {
            if index % 64 == 0 { try cancellation.check() }
            sampled += run.sourceSize
            if countsAll {
                if sequential {
                    sequentialCoder.count(run.rows, row: index, quantisers: quantisers, counts: &counts)
                } else {
                    coder.count(run.rows, row: index, quantisers: quantisers, counts: &counts)
                }
                continue
            }
            counts = empty
            if sequential {
                sequentialCoder.countRun(run.rows, quantisers: quantisers, counts: &counts)
            } else {
                coder.countRun(run.rows, quantisers: quantisers, counts: &counts)
            }
            eachRun?(counts)
            add(1)
        }
        if !countsAll { counts = empty }
        if sequential { sequentialCoder.finishCount(&counts) } else { coder.finishCount(&counts) }
        add(1)
        if countsAll { return Counted(frequencies: sums, extraBits: extraBits) }
        let factor = sampled > 0 ? sample.sourceSize / sampled : 1
        completeDifferences(&sums, every: every)
        return Counted(frequencies: sums.map { $0 * factor }, extraBits: extraBits * factor)
    }

    /// Adds the DC differences of the first block of each run and component, which are not known, as more of the others.
    private func completeDifferences(_ sums: inout [Double], every: Int) {
        let runs = stride(from: every / 2, to: sample.runs.count, by: every).map { sample.runs[$0].rows.capacity }
        for (index, component) in sample.layout.components.enumerated().prefix(2) {
            let each = component.horizontal * component.vertical
            let (all, first) = (Double(runs.reduce(0, +) * each), Double(runs.count))
            guard all > first else { continue }
            let role: snug_table_role = index > 0 ? .dcChroma : .dcLuma
            for symbol in 0..<256 { sums[Int(role.rawValue) * 256 + symbol] *= all / (all - first) }
        }
    }

    /// Output over source size by least squares on each run's source size and MCUs, whose totals are both known.
    private func regression(_ sizes: [Double]) -> Double {
        var ss = 0.0, sm = 0.0, mm = 0.0, sy = 0.0, my = 0.0, sum = 0.0
        for (run, size) in zip(sample.runs, sizes) {
            let (a, b) = (run.sourceSize, Double(run.rows.capacity))
            ss += a * a
            sm += a * b
            mm += b * b
            sy += a * size
            my += b * size
            sum += size
        }
        let determinant = ss * mm - sm * sm
        guard determinant > 1e-9 * ss * mm, sum > 0 else { return 1 }
        let bySize = (sy * mm - my * sm) / determinant
        let byMCU = (ss * my - sm * sy) / determinant
        let whole = bySize * sample.sourceSize + byMCU * Double(sample.layout.mcuCount)
        return min(max(whole / (sum * sample.weight), 0.9), 1.1)
    }
}

/// How much of an output is expected to be written when the source has been read up to a position.
struct OutputProfile: Sendable {
    private var positions: [Double] = []
    private var shares: [Double] = []

    /// - Parameters:
    ///   - positions: Where sampled runs lie, ascending; empty for an even profile.
    ///   - sizes: What they take.
    init(positions: [Double], sizes: [Double]) {
        let sum = sizes.reduce(0, +)
        guard sum > 0, positions.count == sizes.count else { return }
        self.positions = positions
        var done = 0.0
        for size in sizes {
            shares.append(done / sum)
            done += size
        }
    }

    /// The share of the output, 0…1.
    func share(at position: Double) -> Double {
        guard let first = positions.first, positions.count > 1 else { return min(max(position, 0), 1) }
        if position <= first { return 0 }
        var low = 0
        var high = positions.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if positions[middle] <= position { low = middle } else { high = middle }
        }
        let (start, end) = (positions[low], low + 1 < positions.count ? positions[low + 1] : 1)
        let (from, to) = (shares[low], low + 1 < shares.count ? shares[low + 1] : 1)
        guard end > start else { return to }
        return min(from + (to - from) * (position - start) / (end - start), 1)
    }
}
