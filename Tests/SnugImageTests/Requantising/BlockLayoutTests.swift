// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugImage

/// Blocks and MCUs by size and sampling (T.81 A.1.1 and A.2.4).
@Suite struct BlockLayoutTests {
    @Test("Blocks cover each component, and MCUs cover the blocks", arguments: [1, 7, 8, 9, 16, 17, 31, 33, 100])
    func counts(side: Int) {
        for (h, v) in [(1, 1), (2, 1), (1, 2), (2, 2), (4, 1), (4, 2)] {
            let layout = BlockLayout(width: side, height: side + 3, sampling: [(h, v), (1, 1), (1, 1)])
            // A.1.1: samples of a component are the image's by its share, rounded up.
            func blocks(_ side: Int, _ own: Int, _ most: Int) -> Int {
                let samples = Int((Double(side * own) / Double(most)).rounded(.up))
                return Int((Double(samples) / 8).rounded(.up))
            }
            for component in layout.components {
                #expect(component.blocksAcross == blocks(side, component.horizontal, h))
                #expect(component.blocksDown == blocks(side + 3, component.vertical, v))
                #expect(layout.mcusAcross * component.horizontal >= component.blocksAcross)
                #expect((layout.mcusAcross - 1) * component.horizontal < component.blocksAcross)
                #expect(layout.mcusDown * component.vertical >= component.blocksDown)
                #expect((layout.mcusDown - 1) * component.vertical < component.blocksDown)
            }
            #expect(layout.blocksInMCU == h * v + 2)
            #expect(layout.blockCount == layout.mcusAcross * layout.mcusDown * (h * v + 2))
        }
    }

    @Test("A single component has MCUs of one block, whatever its factors say", arguments: [(1, 1), (2, 2), (4, 3)])
    func single(horizontal: Int, vertical: Int) {
        let layout = BlockLayout(width: 30, height: 20, sampling: [(horizontal, vertical)])
        #expect(layout.mcusAcross == 4 && layout.mcusDown == 3 && layout.blocksInMCU == 1)
        #expect(layout.components[0].horizontal == 1 && layout.components[0].vertical == 1)
    }

    @Test("Planes give the sampling by their sizes", arguments: [(40, 30), (41, 31), (1, 1), (2, 1)])
    func planes(width: Int, height: Int) throws {
        let gray = RasterShape.planar(width: width, height: height, isGray: true, subsamplesChroma: false)
        #expect(BlockLayout(gray) == BlockLayout(width: width, height: height, sampling: [(1, 1)]))
        let half = RasterShape.planar(width: width, height: height, isGray: false, subsamplesChroma: true)
        let layout = try #require(BlockLayout(half))
        for (plane, component) in zip(half.planes, layout.components) {
            #expect(component.blocksAcross == (plane.width + 7) / 8 && component.blocksDown == (plane.height + 7) / 8)
        }
        let full = RasterShape.planar(width: width, height: height, isGray: false, subsamplesChroma: false)
        #expect(try #require(BlockLayout(full)).hasFullChroma)
        #expect(width == 1 || !layout.hasFullChroma)
    }

    @Test("Pixels side by side, and chroma of other sizes, have no blocks")
    func others() {
        #expect(BlockLayout(.interleaved(width: 10, height: 10, channels: 3)) == nil)
        for (blue, red) in [((10, 10), (5, 5)), ((3, 3), (3, 3)), ((10, 3), (10, 3)), ((20, 20), (20, 20))] {
            var shape = RasterShape.planar(width: 10, height: 10, isGray: false, subsamplesChroma: false)
            for (index, size) in [blue, red].enumerated() {
                shape.planes[index + 1].width = size.0
                shape.planes[index + 1].height = size.1
            }
            #expect(BlockLayout(shape) == nil)
        }
    }

    @Test("Chroma is full where all components have the same factors, two and one alike")
    func fullChroma() {
        #expect(BlockLayout(width: 9, height: 9, sampling: [(2, 2), (2, 2), (2, 2)]).hasFullChroma)
        #expect(!BlockLayout(width: 9, height: 9, sampling: [(2, 2), (2, 1), (2, 1)]).hasFullChroma)
        #expect(!BlockLayout(width: 9, height: 9, sampling: [(1, 1)]).hasFullChroma)
    }

    @Test("A part of a row has its blocks and no others, and cleared blocks are zero")
    func parts() {
        for layout in sampleLayouts where layout.mcusAcross > 2 {
            let rows = BlockRows(layout, capacity: layout.mcusAcross)
            func value(_ component: Int, _ row: Int, _ index: Int) -> Int16 {
                Int16(component * 10_000 + row * 5_000 + index % 4_999 + 1)
            }
            func all(_ rows: BlockRows, _ component: Int, _ row: Int) -> [Int16] {
                let count = rows.capacity * layout.components[component].horizontal * 64
                return unsafe rows.withBlocks(component: component, row: row) {
                    unsafe Array(UnsafeBufferPointer(start: $0, count: count))
                }
            }
            for (component, shape) in layout.components.enumerated() {
                for row in 0..<shape.vertical {
                    unsafe rows.withBlocks(component: component, row: row) { blocks in
                        for index in 0..<rows.capacity * shape.horizontal * 64 {
                            unsafe blocks[index] = value(component, row, index)
                        }
                    }
                }
            }
            let part = rows.part(from: 1, count: 2)
            #expect(part.capacity == 2)
            for (component, shape) in layout.components.enumerated() {
                for row in 0..<shape.vertical {
                    let width = shape.horizontal * 64
                    let expected = (width..<3 * width).map { value(component, row, $0) }
                    #expect(all(part, component, row) == expected)
                }
            }
            rows.clear(2)
            for (component, shape) in layout.components.enumerated() {
                for row in 0..<shape.vertical {
                    let cleared = all(rows, component, row)
                    #expect(cleared.prefix(2 * shape.horizontal * 64).allSatisfy { $0 == 0 })
                    #expect(cleared.dropFirst(2 * shape.horizontal * 64).allSatisfy { $0 != 0 })
                }
            }
        }
    }
}
