// SPDX-License-Identifier: Apache-2.0
import RealModule

/// Makes the coefficients of blocks that lie half a block further right and down than a sample's own.
struct BlockMove {
    /// For a coefficient of the left or upper block, what it adds to each of the block between; and for one of the other.
    private let first: [SIMD8<Float>]
    private let second: [SIMD8<Float>]

    init() {
        func wave(_ frequency: Int, _ sample: Int) -> Double {
            let norm = frequency == 0 ? (1.0 / 8).squareRoot() : 0.5
            return norm * .cos(Double((2 * sample + 1) * frequency) * .pi / 16)
        }
        func weights(_ from: Int, target: Range<Int>, shift: Int) -> SIMD8<Float> {
            var weights = SIMD8<Float>()
            for to in 0..<8 {
                weights[to] = Float(target.reduce(0) { $0 + wave(to, $1) * wave(from, $1 + shift) })
            }
            return weights
        }
        first = (0..<8).map { weights($0, target: 0..<4, shift: 4) }
        second = (0..<8).map { weights($0, target: 4..<8, shift: -4) }
    }

    /// The block between that at a place and its neighbours, as far as the sample has them; else between those before.
    func moved(_ blocks: LumaBlocks, _ place: LumaBlocks.Place) -> LumaBlocks.Block {
        var place = place
        place.column = max(min(place.column, blocks.columns(place) - 2), 0)
        if blocks.below(place) == nil, let above = blocks.above(place) { place = above }
        let upper = across(blocks, place)
        guard let below = blocks.below(place) else { return upper }
        return down(upper, across(blocks, below))
    }

    private func across(_ blocks: LumaBlocks, _ place: LumaBlocks.Place) -> LumaBlocks.Block {
        let left = blocks[place]
        guard place.column + 1 < blocks.columns(place) else { return left }
        var next = place
        next.column += 1
        let right = blocks[next]
        var result = LumaBlocks.Block()
        for v in 0..<8 {
            var row = SIMD8<Float>()
            for u in 0..<8 { row += left.rows[v][u] * first[u] + right.rows[v][u] * second[u] }
            result.rows[v] = row
        }
        return result
    }

    private func down(_ upper: LumaBlocks.Block, _ lower: LumaBlocks.Block) -> LumaBlocks.Block {
        var result = LumaBlocks.Block()
        for v in 0..<8 {
            for to in 0..<8 {
                result.rows[to] += upper.rows[v] * first[v][to] + lower.rows[v] * second[v][to]
            }
        }
        return result
    }
}
