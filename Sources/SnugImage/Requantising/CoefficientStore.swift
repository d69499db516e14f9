// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Room for all coefficients of an image: 64 a block in zigzag order, rows of whole MCUs, component by component.
@safe
final class CoefficientStore {
    let layout: BlockLayout
    private let memory: UnsafeMutablePointer<Int16>
    /// Where the components begin.
    private let starts: [Int]

    /// All coefficients are 0. Pages that no coefficient is written to take no memory.
    /// - Returns: `nil` when there is not enough memory.
    init?(_ layout: BlockLayout) {
        self.layout = layout
        var starts: [Int] = []
        var count = 0
        for component in layout.components {
            starts.append(count)
            count += layout.mcuCount * component.horizontal * component.vertical * 64
        }
        self.starts = starts
        guard let memory = unsafe calloc(max(count, 1), MemoryLayout<Int16>.stride) else { return nil }
        unsafe self.memory = memory.bindMemory(to: Int16.self, capacity: max(count, 1))
    }

    deinit { unsafe free(memory) }

    /// Blocks of a component in a row of blocks, those that pad it to whole MCUs included.
    private func blocksInRow(_ component: Int) -> Int { layout.mcusAcross * layout.components[component].horizontal }

    /// The first block of a row of blocks. The memory lives as long as the store.
    func blocks(component: Int, row: Int) -> UnsafeMutablePointer<Int16> {
        precondition(
            row >= 0 && row < layout.mcusDown * layout.components[component].vertical, "block row outside the image")
        return unsafe memory + starts[component] + row * blocksInRow(component) * 64
    }
}
