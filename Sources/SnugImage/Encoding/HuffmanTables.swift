// SPDX-License-Identifier: Apache-2.0

/// The Huffman tables of an image.
struct HuffmanTables: Sendable, Hashable {
    var lumaDC: HuffmanTable
    var lumaAC: HuffmanTable
    /// `nil` for gray images.
    var chromaDC: HuffmanTable?
    var chromaAC: HuffmanTable?
}
