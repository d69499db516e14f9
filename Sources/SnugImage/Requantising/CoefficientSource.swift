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
    /// Notes of reading; complete after ``readRows(_:)``.
    var report: DecodeReport { get }
}

extension CoefficientSource {
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
        let wanted = max(blocks / layout.blocksInMCU, 1)
        let runLength = min(16, layout.mcusAcross)
        let perRow = max(1, min(wanted / runLength / layout.mcusDown, layout.mcusAcross / runLength))
        let everyRow = max(1, layout.mcusDown * runLength / wanted)
        var runs: [BlockSample.Run] = []
        try readRows { rows, row, position in
            guard row % everyRow == everyRow / 2 else { return }
            for index in 0..<perRow {
                let phase = (Double(row * perRow + index) * 0.618_033_988_75).truncatingRemainder(dividingBy: 1)
                let cell = layout.mcusAcross * index / perRow
                let free = layout.mcusAcross * (index + 1) / perRow - cell - runLength
                let first = cell + Int(Double(free + 1) * phase)
                runs.append(
                    BlockSample.Run(
                        rows: rows.part(from: min(first, layout.mcusAcross - runLength), count: runLength),
                        sourceSize: Double(runLength), position: Double(row) / Double(layout.mcusDown)))
            }
        }
        return BlockSample(layout: layout, runs: runs, isWhole: false, sourceSize: Double(layout.mcuCount))
    }
}
