// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Turns of blocks, against turns of the pixels that they stand for.
@Suite struct BlockTurnTests {
    /// Where the upright pixel (x, y) of an image stands in the stored one of `width`×`height` (EXIF 2.32, tag 0x0112).
    private static func stored(_ orientation: Orientation, _ x: Int, _ y: Int, width: Int, height: Int) -> (Int, Int) {
        switch orientation {
        case .upright: (x, y)
        case .mirrored: (width - 1 - x, y)
        case .rotated180: (width - 1 - x, height - 1 - y)
        case .flipped: (x, height - 1 - y)
        case .transposed: (y, x)
        case .rotated90: (y, height - 1 - x)
        case .transversed: (width - 1 - y, height - 1 - x)
        case .rotated270: (width - 1 - y, x)
        }
    }

    @Test("A turned block shows the turned pixels", arguments: Orientation.allCases)
    func pixels(orientation: Orientation) {
        var random = SeededGenerator(seed: 21)
        let turn = BlockTurn(orientation)
        for _ in 0..<20 {
            let block = (0..<64).map { _ in Int16.random(in: -300...300, using: &random) }
            var turned = [Int16](repeating: 0, count: 64)
            unsafe block.withUnsafeBufferPointer { from in
                unsafe turned.withUnsafeMutableBufferPointer { to in
                    guard let from = from.baseAddress, let to = to.baseAddress else { return }
                    unsafe turn.turn(from, into: to)
                }
            }
            let before = ReferenceTransform.inverse(ReferenceTransform.natural(block.map(Double.init)))
            let after = ReferenceTransform.inverse(ReferenceTransform.natural(turned.map(Double.init)))
            for y in 0..<8 {
                for x in 0..<8 {
                    let (column, row) = Self.stored(orientation, x, y, width: 8, height: 8)
                    #expect(abs(after[y * 8 + x] - before[row * 8 + column]) < 1e-6)
                }
            }
        }
    }

    @Test("Steps go with the coefficients that they belong to", arguments: Orientation.allCases)
    func steps(orientation: Orientation) {
        let turn = BlockTurn(orientation)
        // Each coefficient alone: its size in the turned block says where its step has to be.
        let steps = (0..<64).map { UInt16($0 + 1) }
        for place in 0..<64 {
            var block = [Int16](repeating: 0, count: 64)
            block[place] = 5
            var turned = block
            unsafe block.withUnsafeBufferPointer { from in
                unsafe turned.withUnsafeMutableBufferPointer { to in
                    guard let from = from.baseAddress, let to = to.baseAddress else { return }
                    unsafe turn.turn(from, into: to)
                }
            }
            let target = turned.firstIndex { $0 != 0 }
            #expect(target.map { turn.steps(steps)[$0] } == steps[place] && turned.count { $0 != 0 } == 1)
        }
    }

    @Test("Blocks are taken from where their pixels stand", arguments: Orientation.allCases)
    func places(orientation: Orientation) {
        let turn = BlockTurn(orientation)
        let (across, down) = (5, 3)
        let upright = orientation.swapsAxes ? (down, across) : (across, down)
        for row in 0..<upright.1 {
            for column in 0..<upright.0 {
                let place = turn.source(column: column, row: row, across: across, down: down)
                #expect(
                    (place.column, place.row)
                        == Self.stored(orientation, column, row, width: across, height: down))
            }
        }
    }

    @Test("Exactly the sides that are read backwards have to end with an MCU", arguments: Orientation.allCases)
    func partialMCUs(orientation: Orientation) {
        let turn = BlockTurn(orientation)
        for (width, height) in [(32, 32), (32, 31), (31, 32), (40, 32), (32, 40), (33, 33)] {
            for sampling in [[(2, 2), (1, 1), (1, 1)], [(2, 1), (1, 1), (1, 1)], [(1, 1)]] {
                let layout = BlockLayout(width: width, height: height, sampling: sampling)
                // Backwards when the first upright pixel of a side is the last stored one.
                let (x, y) = Self.stored(orientation, 0, 0, width: width, height: height)
                let isPossible =
                    (x == 0 || width % (8 * layout.horizontal) == 0)
                    && (y == 0 || height % (8 * layout.vertical) == 0)
                #expect(turn.isLossless(layout) == isPossible, "\(width)×\(height)")
            }
        }
    }

    @Test("A layout is exchanged with its axes, samplings included", arguments: Orientation.allCases)
    func layouts(orientation: Orientation) {
        for layout in sampleLayouts {
            let turned = BlockTurn(orientation).layout(layout)
            #expect(turned.mcuCount == layout.mcuCount && turned.blockCount == layout.blockCount)
            if orientation.swapsAxes {
                #expect(turned.width == layout.height && turned.height == layout.width)
                #expect(turned.mcusAcross == layout.mcusDown && turned.horizontal == layout.vertical)
            } else {
                #expect(turned == layout)
            }
        }
    }

    @Test("A turned source writes the file of the turned pixels", arguments: Orientation.allCases)
    func files(orientation: Orientation) throws {
        for sampling in [[(1, 1)], [(1, 1), (1, 1), (1, 1)], [(2, 2), (1, 1), (1, 1)], [(2, 1), (1, 1), (1, 1)]] {
            let layout = BlockLayout(width: 48, height: 32, sampling: sampling)
            let held = HeldCoefficients.random(layout, seed: 31)
            let turned = try #require(try TurnedSource(held, orientation: orientation))
            let original = try held.file(isProgressive: false)
            let bytes = try turned.file(isProgressive: true)
            for component in layout.components.indices {
                let before = try #require(JPEGReference.plane(component, of: original))
                let after = try #require(JPEGReference.plane(component, of: bytes))
                for y in 0..<after.height {
                    for x in 0..<after.width {
                        let (column, row) = Self.stored(orientation, x, y, width: before.width, height: before.height)
                        let difference =
                            Int(after.samples[y * after.width + x]) - Int(before.samples[row * before.width + column])
                        // libjpeg's own rounding differs by one with the direction.
                        #expect(abs(difference) <= 1)
                    }
                }
            }
        }
    }
}
