// SPDX-License-Identifier: Apache-2.0

/// The luma blocks of a sample, in units of the orthonormal transform of samples.
struct LumaBlocks {
    struct Place: Hashable {
        var run: Int
        var row: Int
        var column: Int
    }
    /// Coefficients, a row for each vertical frequency.
    struct Block {
        var rows: InlineArray<8, SIMD8<Float>> = .init(repeating: .zero)

        func appendMagnitudes(to list: inout [Float]) {
            for v in 0..<8 {
                for u in 0..<8 { list.append(abs(rows[v][u])) }
            }
        }
    }

    private let sample: BlockSample
    private let units: [Float]
    private let luma: BlockLayout.Component
    /// Numbers of the runs' first blocks, and of all blocks.
    private let starts: [Int]

    /// - Parameter units: Of the stored coefficients, in natural order.
    init(_ sample: BlockSample, units: [Float]) {
        self.sample = sample
        self.units = units
        luma = sample.layout.components[0]
        var starts = [0]
        for run in sample.runs {
            starts.append((starts.last ?? 0) + run.rows.capacity * luma.horizontal * luma.vertical)
        }
        self.starts = starts
    }

    var count: Int { starts.last ?? 0 }

    /// The place of a block: run by run, row by row.
    func place(_ number: Int) -> Place {
        var (low, high) = (0, starts.count - 1)
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= number { low = middle } else { high = middle }
        }
        let across = sample.runs[low].rows.capacity * luma.horizontal
        let (row, column) = (number - starts[low]).quotientAndRemainder(dividingBy: max(across, 1))
        return Place(run: low, row: row, column: column)
    }

    /// Blocks side by side at a place.
    func columns(_ place: Place) -> Int { sample.runs[place.run].rows.capacity * luma.horizontal }

    /// The place below one, where the sample has it.
    func below(_ place: Place) -> Place? {
        if place.row + 1 < luma.vertical { return Place(run: place.run, row: place.row + 1, column: place.column) }
        guard sample.isWhole, place.run + 1 < sample.runs.count else { return nil }
        return Place(run: place.run + 1, row: 0, column: place.column)
    }

    /// The place above one, where the sample has it.
    func above(_ place: Place) -> Place? {
        if place.row > 0 { return Place(run: place.run, row: place.row - 1, column: place.column) }
        guard sample.isWhole, place.run > 0 else { return nil }
        return Place(run: place.run - 1, row: luma.vertical - 1, column: place.column)
    }

    subscript(place: Place) -> Block {
        var block = Block()
        unsafe sample.runs[place.run].rows.withBlocks(component: 0, row: place.row) { blocks in
            for (zigzag, index) in Zigzag.naturalIndices.enumerated() {
                block.rows[index / 8][index % 8] =
                    unsafe Float(blocks[place.column * 64 + zigzag]) * units[index]
            }
        }
        return block
    }
}
