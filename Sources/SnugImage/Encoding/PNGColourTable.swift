// SPDX-License-Identifier: Apache-2.0

/// Colours and their indices by hashing; takes 256 and then notes only that there were more.
struct PNGColourTable {
    private static let slotCount = 1024
    private var keys = [UInt32](repeating: 0, count: slotCount)
    /// −1 for an empty slot.
    private var indices = [Int16](repeating: -1, count: slotCount)
    private(set) var colours: [UInt32] = []
    private(set) var isOverfull = false

    init() {}

    /// A table in which each colour of `palette` has its index there.
    init(_ palette: PNGPalette) {
        for colour in palette.colours { insert(colour) }
    }

    private func slot(of colour: UInt32) -> Int {
        // Fibonacci hashing: the ten highest bits of the product.
        var slot = Int((colour &* 0x9E37_79B1) >> 22)
        while indices[slot] >= 0 && keys[slot] != colour { slot = (slot + 1) % Self.slotCount }
        return slot
    }

    mutating func insert(_ colour: UInt32) {
        guard !isOverfull else { return }
        let slot = slot(of: colour)
        guard indices[slot] < 0 else { return }
        guard colours.count < 256 else {
            isOverfull = true
            return
        }
        keys[slot] = colour
        indices[slot] = Int16(colours.count)
        colours.append(colour)
    }

    func index(of colour: UInt32) -> UInt8? { UInt8(exactly: indices[slot(of: colour)]) }
}
