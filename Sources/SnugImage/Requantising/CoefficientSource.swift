// SPDX-License-Identifier: Apache-2.0

/// An image as rows of DCT coefficients, to be had as often as needed.
protocol CoefficientSource: AnyObject {
    var layout: BlockLayout { get }
    /// Quantisation steps of each component in zigzag order; `nil` when coefficients are eighths of pixels' own.
    var steps: [[UInt16]]? { get }
    /// About so many blocks spread over the image, or all when it has no more.
    func sample(blocks: Int) throws -> BlockSample
    /// Goes through the image from top to bottom.
    /// - Parameter body: Takes a row of MCUs, its number, and the share of the source that is behind it.
    func readRows(_ body: (BlockRows, Int, Double) throws -> Void) throws
    /// True where ``readRows(from:_:)`` need not go through what lies before.
    var beginsAnywhere: Bool { get }
    /// Goes through the image from a row of MCUs on: the same as from the top, without what lies before.
    func readRows(from first: Int, _ body: (BlockRows, Int, Double) throws -> Void) throws
    /// Notes of reading; complete after ``readRows(_:)``.
    var report: DecodeReport { get }
}

extension CoefficientSource {
    var beginsAnywhere: Bool { false }

    func readRows(from first: Int, _ body: (BlockRows, Int, Double) throws -> Void) throws {
        try readRows { rows, row, position in
            if row >= first { try body(rows, row, position) }
        }
    }

    /// All rows of a small image.
    func wholeSample() throws -> BlockSample {
        var runs: [BlockSample.Run] = []
        try readRows { rows, row, _ in
            runs.append(
                BlockSample.Run(
                    rows: rows.part(from: 0, count: layout.mcusAcross), sourceSize: Double(layout.mcusAcross),
                    position: Double(row) / Double(layout.mcusDown)))
        }
        return BlockSample(layout: layout, runs: runs, isWhole: true, sourceSize: Double(layout.mcuCount))
    }

    /// Pieces of rows, at a different place in each.
    func scatteredSample(blocks: Int) throws -> BlockSample {
        let plan = ScatterPlan(layout, blocks: blocks)
        var runs: [BlockSample.Run] = []
        try readRows { rows, row, position in
            for run in plan.runs(row: row) {
                runs.append(
                    BlockSample.Run(
                        rows: rows.part(from: run.lowerBound, count: run.count), sourceSize: Double(run.count),
                        position: Double(row) / Double(layout.mcusDown)))
            }
        }
        return BlockSample(layout: layout, runs: runs, isWhole: false, sourceSize: Double(layout.mcuCount))
    }

    /// The pieces one by one, where that is possible.
    /// - Parameter part: So many MCUs of a row from a place on.
    func scatteredSample(blocks: Int, part: (_ row: Int, _ first: Int, _ count: Int) -> BlockRows) -> BlockSample {
        let plan = ScatterPlan(layout, blocks: blocks)
        let runs = (0..<layout.mcusDown).flatMap { row in
            plan.runs(row: row).map { run in
                BlockSample.Run(
                    rows: part(row, run.lowerBound, run.count), sourceSize: Double(run.count),
                    position: Double(row) / Double(layout.mcusDown))
            }
        }
        return BlockSample(layout: layout, runs: runs, isWhole: false, sourceSize: Double(layout.mcuCount))
    }
}

/// Where the pieces of a sample lie.
private struct ScatterPlan {
    private let runLength: Int
    private let perRow: Int
    private let everyRow: Int
    private let across: Int

    init(_ layout: BlockLayout, blocks: Int) {
        let wanted = max(blocks / layout.blocksInMCU, 1)
        runLength = min(16, layout.mcusAcross)
        across = layout.mcusAcross
        perRow = max(1, min(wanted / runLength / layout.mcusDown, layout.mcusAcross / runLength))
        everyRow = max(1, layout.mcusDown * runLength / wanted)
    }

    /// MCUs of the pieces in a row, ascending. Pieces begin up to their length before the row, so that those at its ends are
    /// shorter: every column has as many MCUs in the sample as any other.
    func runs(row: Int) -> [Range<Int>] {
        guard row % everyRow == everyRow / 2 else { return [] }
        let phase = (Double(row / everyRow) * 0.618_033_988_75).truncatingRemainder(dividingBy: 1)
        let places = across + runLength - 1
        return (0..<perRow).map { index in
            let share = (phase + Double(index)) / Double(perRow)
            let start = Int(share * Double(places)) - (runLength - 1)
            return max(start, 0)..<min(start + runLength, across)
        }
    }
}
