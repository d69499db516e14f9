// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

/// Blocks that lie between those of a sample.
@Suite struct BlockMoveTests {
    private static let steps = [UInt16](repeating: 1, count: 64)

    private func blocks(_ layout: BlockLayout, isWhole: Bool = true) throws -> LumaBlocks {
        let held = HeldCoefficients(layout, steps: Array(repeating: Self.steps, count: layout.components.count)) {
            component, block, place in
            component > 0 ? 77 : (block * 31 + place * 17) % 97 - 48
        }
        var sample = try held.wholeSample()
        if !isWhole {
            sample = BlockSample(
                layout: sample.layout, runs: sample.runs, isWhole: false, sourceSize: sample.sourceSize)
        }
        return LumaBlocks(sample, units: [Float](repeating: 1, count: 64))
    }

    private func natural(_ block: LumaBlocks.Block) -> [Double] {
        (0..<64).map { Double(block.rows[$0 / 8][$0 % 8]) }
    }

    /// The block in the middle of four, by way of their samples.
    private func expected(_ blocks: LumaBlocks, _ corners: [LumaBlocks.Place]) -> [Double] {
        let samples = corners.map { ReferenceTransform.inverse(natural(blocks[$0])) }
        return ReferenceTransform.forward(
            (0..<64).map { index in
                let (x, y) = (index % 8 + 4, index / 8 + 4)
                return samples[y / 8 * 2 + x / 8][y % 8 * 8 + x % 8]
            })
    }

    private func isNear(_ block: LumaBlocks.Block, _ expected: [Double]) -> Bool {
        zip(natural(block), expected).allSatisfy { abs($0 - $1) < 0.01 }
    }

    @Test("A moved block is what the samples of its four neighbours make", arguments: [1, 2])
    func four(vertical: Int) throws {
        let layout = BlockLayout(width: 48, height: 32, sampling: [(2, vertical), (1, 1), (1, 1)])
        let blocks = try blocks(layout)
        let move = BlockMove()
        for number in 0..<blocks.count {
            let place = blocks.place(number)
            // At the right and lower ends the blocks before count.
            var corner = place
            corner.column = min(corner.column, blocks.columns(place) - 2)
            if blocks.below(corner) == nil { corner = try #require(blocks.above(corner)) }
            let below = try #require(blocks.below(corner))
            let corners = [corner, corner, below, below].enumerated().map { index, place in
                LumaBlocks.Place(run: place.run, row: place.row, column: place.column + index % 2)
            }
            #expect(isNear(move.moved(blocks, place), expected(blocks, corners)))
        }
    }

    @Test("Where a sample has rows of blocks one by one, blocks move to the right only; a single block stays")
    func fewer() throws {
        let row = try blocks(BlockLayout(width: 32, height: 16, sampling: [(1, 1)]), isWhole: false)
        let place = LumaBlocks.Place(run: 0, row: 0, column: 1)
        let samples = (1...2).map { column in
            ReferenceTransform.inverse(natural(row[LumaBlocks.Place(run: 0, row: 0, column: column)]))
        }
        let between = (0..<64).map { index in
            let x = index % 8 + 4
            return samples[x / 8][index / 8 * 8 + x % 8]
        }
        #expect(isNear(BlockMove().moved(row, place), ReferenceTransform.forward(between)))
        let single = try blocks(BlockLayout(width: 8, height: 8, sampling: [(1, 1)]))
        let only = LumaBlocks.Place(run: 0, row: 0, column: 0)
        #expect(isNear(BlockMove().moved(single, only), natural(single[only])))
    }
}
