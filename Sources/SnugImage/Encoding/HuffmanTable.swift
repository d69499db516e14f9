// SPDX-License-Identifier: Apache-2.0

/// A JPEG Huffman table: how many codes there are of each length, and the symbols in order of their codes.
struct HuffmanTable: Sendable, Hashable {
    /// Codes of 1…16 bits.
    let counts: [UInt8]
    let symbols: [UInt8]

    /// A table that codes every symbol a scan of 8-bit samples can contain, tuned to the statistics that `sampled` was
    /// made from.
    ///
    /// A table made from a sample lacks the symbols that the sample lacks. The code lengths tell how often each symbol
    /// came (a code of n bits: about 2⁻ⁿ of all), and the missing ones are added as the rarest.
    static func complete(sampled: HuffmanTable, isDC: Bool) -> HuffmanTable {
        var frequencies = [Int](repeating: 0, count: 257)
        var index = 0
        for length in 1...16 {
            for _ in 0..<Int(sampled.counts[length - 1]) where index < sampled.symbols.count {
                frequencies[Int(sampled.symbols[index])] = 1 << (24 - length)
                index += 1
            }
        }
        for symbol in allSymbols(isDC: isDC) where frequencies[Int(symbol)] == 0 { frequencies[Int(symbol)] = 1 }
        return make(frequencies: frequencies)
    }

    /// DC: sizes 0…11. AC: run 0…15 with size 1…10, end of block, run of 16.
    private static func allSymbols(isDC: Bool) -> [UInt8] {
        if isDC { return Array(0...11) }
        var symbols: [UInt8] = [0x00, 0xF0]
        for run in UInt8(0)...15 { for size in UInt8(1)...10 { symbols.append(run << 4 | size) } }
        return symbols
    }

    /// Optimal code lengths of at most 16 bits (ITU-T T.81 annex K.2).
    /// - Parameter frequencies: 257 of them; the last stands for the code of all ones, which no symbol may have.
    private static func make(frequencies given: [Int]) -> HuffmanTable {
        var lengthCounts = codeLengthCounts(given)
        // Annex K.3: codes over 16 bits move up in pairs.
        for length in stride(from: lengthCounts.count - 1, to: 16, by: -1) {
            while lengthCounts[length] > 0 {
                var shorter = length - 2
                while shorter > 0 && lengthCounts[shorter] == 0 { shorter -= 1 }
                lengthCounts[length] -= 2
                lengthCounts[length - 1] += 1
                lengthCounts[shorter + 1] += 2
                lengthCounts[shorter] -= 1
            }
        }
        // The reserved symbol has one of the longest codes: take it out.
        if let longest = (1...16).last(where: { lengthCounts[$0] > 0 }) { lengthCounts[longest] -= 1 }
        let symbols = (0..<256).filter { given[$0] > 0 }.sorted { (given[$1], $0) < (given[$0], $1) }
        return HuffmanTable(
            counts: (1...16).map { UInt8(clamping: lengthCounts[$0]) }, symbols: symbols.map { UInt8($0) })
    }

    /// The number of codes of each length in an unlimited Huffman tree.
    private static func codeLengthCounts(_ given: [Int]) -> [Int] {
        var frequencies = given
        frequencies[256] = 1
        var nodes = frequencies.indices.filter { frequencies[$0] > 0 }.map { (weight: frequencies[$0], members: [$0]) }
        var lengths = [Int](repeating: 0, count: 257)
        while nodes.count > 1 {
            // A few hundred nodes: a sort each round is nothing beside one row of pixels.
            nodes.sort { $0.weight > $1.weight }
            let first = nodes.removeLast()
            let second = nodes.removeLast()
            let members = first.members + second.members
            for member in members { lengths[member] += 1 }
            nodes.append((first.weight + second.weight, members))
        }
        var counts = [Int](repeating: 0, count: max(lengths.max() ?? 0, 16) + 1)
        for length in lengths where length > 0 { counts[length] += 1 }
        return counts
    }
}
