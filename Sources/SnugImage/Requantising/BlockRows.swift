// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels

/// Coefficients of a row of MCUs, or of a part of one: 64 a block in zigzag order, component by component.
///
/// Threads hand them on: one at a time uses them.
@safe
final class BlockRows: @unchecked Sendable {
    let layout: BlockLayout
    /// MCUs that there is room for.
    let capacity: Int
    /// The memory to free; `nil` where the blocks are a store's.
    private let memory: UnsafeMutablePointer<Int16>?
    private let store: CoefficientStore?
    private let pointers: UnsafeMutablePointer<UnsafeMutablePointer<Int16>>

    /// Makes room for `capacity` MCUs, all coefficients 0.
    init(_ layout: BlockLayout, capacity: Int) {
        self.layout = layout
        self.capacity = capacity
        store = nil
        let count = max(capacity, 1) * layout.blocksInMCU * 64
        var next = UnsafeMutablePointer<Int16>.allocate(capacity: count)
        unsafe next.initialize(repeating: 0, count: count)
        unsafe memory = next
        unsafe pointers = .allocate(capacity: layout.components.count)
        for (index, component) in layout.components.enumerated() {
            unsafe (pointers + index).initialize(to: next)
            unsafe next += max(capacity, 1) * component.horizontal * component.vertical * 64
        }
    }

    /// A row of MCUs of a store, without a copy.
    init(viewing store: CoefficientStore, row: Int) {
        layout = store.layout
        capacity = store.layout.mcusAcross
        self.store = store
        unsafe memory = nil
        unsafe pointers = .allocate(capacity: layout.components.count)
        for (index, component) in layout.components.enumerated() {
            unsafe (pointers + index).initialize(
                to: store.blocks(component: index, row: row * component.vertical))
        }
    }

    deinit {
        unsafe memory?.deallocate()
        unsafe pointers.deallocate()
    }

    /// Lends the components' first blocks to C code that writes them.
    func withMutableRows<Result>(_ body: (UnsafePointer<UnsafeMutablePointer<Int16>>) -> Result) -> Result {
        unsafe body(UnsafePointer(pointers))
    }

    /// Lends the components' first blocks to C code that reads them.
    func withRows<Result>(_ body: (UnsafePointer<UnsafePointer<Int16>>) -> Result) -> Result {
        unsafe UnsafePointer(pointers).withMemoryRebound(
            to: UnsafePointer<Int16>.self, capacity: layout.components.count
        ) { unsafe body($0) }
    }

    /// Lends one block row of a component, to write.
    func withBlocks<Result>(component: Int, row: Int, _ body: (UnsafeMutablePointer<Int16>) -> Result) -> Result {
        precondition(row < layout.components[component].vertical, "block row outside the MCU")
        return unsafe body(
            pointers[component] + row * capacity * layout.components[component].horizontal * 64)
    }

    /// A copy of `mcus` MCUs from `first` on, without room for more.
    func part(from first: Int, count mcus: Int) -> BlockRows {
        precondition(first >= 0 && mcus >= 0 && first + mcus <= capacity, "MCUs outside the row")
        let part = BlockRows(layout, capacity: mcus)
        for (index, component) in layout.components.enumerated() {
            for row in 0..<component.vertical {
                unsafe withBlocks(component: index, row: row) { source in
                    unsafe part.withBlocks(component: index, row: row) { target in
                        unsafe target.update(
                            from: source + first * component.horizontal * 64, count: mcus * component.horizontal * 64)
                    }
                }
            }
        }
        return part
    }

    /// Copies all blocks, in natural order in place of zigzag order.
    func copyInNaturalOrder(into target: BlockRows) {
        precondition(target.capacity == capacity && target.layout == layout, "rows of another image")
        for (index, component) in layout.components.enumerated() {
            unsafe snug_blocks_to_natural(
                pointers[index], capacity * component.horizontal * component.vertical, target.pointers[index])
        }
    }

    /// Sets the first `mcus` MCUs back to 0.
    func clear(_ mcus: Int) {
        for (index, component) in layout.components.enumerated() {
            for row in 0..<component.vertical {
                unsafe withBlocks(component: index, row: row) {
                    unsafe $0.update(repeating: 0, count: min(mcus, capacity) * component.horizontal * 64)
                }
            }
        }
    }
}
