// SPDX-License-Identifier: Apache-2.0

/// Packs bits into bytes, in either of the two orders that image formats use.
struct BitWriter {
    enum Order {
        /// The first bit is a byte's lowest (deflate, WebP).
        case lowestFirst
        /// The first bit is a byte's highest (JPEG).
        case highestFirst
    }

    private(set) var bytes: [UInt8] = []
    private let order: Order
    private var current: UInt8 = 0
    private var filled: UInt8 = 0

    init(_ order: Order) { self.order = order }

    /// Writes the lowest `count` bits of `value`, its lowest bit first.
    mutating func lowFirst(_ value: Int, count: Int) {
        for position in 0..<count { bit(value >> position & 1) }
    }

    /// Writes the lowest `count` bits of `value`, its highest bit first: Huffman codes in every format.
    mutating func highFirst(_ value: Int, count: Int) {
        for position in (0..<count).reversed() { bit(value >> position & 1) }
    }

    /// Fills the last byte with `padding` bits.
    mutating func finish(padding: Int = 0) {
        while filled != 0 { bit(padding) }
    }

    private mutating func bit(_ value: Int) {
        if value & 1 == 1 { current |= order == .lowestFirst ? 1 << filled : 0x80 >> filled }
        filled += 1
        if filled == 8 {
            bytes.append(current)
            current = 0
            filled = 0
        }
    }
}
