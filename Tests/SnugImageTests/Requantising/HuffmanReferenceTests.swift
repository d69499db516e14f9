// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels
import SnugTestSupport
import Testing

@testable import SnugImage

/// Code tables, against the shortest codes that there can be.
@Suite struct HuffmanReferenceTests {
    /// The least sum of frequency times length under 16 bits with one code left over, by package-merge
    /// (Larmore and Hirschberg 1990).
    private static func least(_ frequencies: [Int]) -> Int {
        // The code that stays free weighs nothing.
        let leaves = ([0] + frequencies.filter { $0 > 0 }).sorted().enumerated().map {
            (weight: $0.element, symbols: [$0.offset])
        }
        var packages = leaves
        for _ in 1..<16 {
            let pairs = stride(from: 0, to: packages.count - 1, by: 2).map {
                (
                    weight: packages[$0].weight + packages[$0 + 1].weight,
                    symbols: packages[$0].symbols + packages[$0 + 1].symbols
                )
            }
            packages = (leaves + pairs).sorted { $0.weight < $1.weight }
        }
        var lengths = [Int](repeating: 0, count: leaves.count)
        for package in packages.prefix(2 * leaves.count - 2) { for symbol in package.symbols { lengths[symbol] += 1 } }
        return zip(leaves, lengths).reduce(0) { $0 + $1.0.weight * $1.1 }
    }

    /// Lengths by symbol, from counts and symbols as a file has them.
    private static func lengths(_ table: HuffmanTable) -> [Int: Int] {
        var lengths: [Int: Int] = [:]
        var next = 0
        for (length, count) in zip(1..., table.counts) {
            for symbol in table.symbols[next..<next + Int(count)] { lengths[Int(symbol)] = length }
            next += Int(count)
        }
        return lengths
    }

    /// Frequencies as they occur: few symbols with most of the weight, down to one of each.
    private static func frequencies(_ random: inout SeededGenerator) -> [Int] {
        let count = Int.random(in: 2...162, using: &random)
        let steepness = Double.random(in: 0.05...1.2, using: &random)
        var frequencies = [Int](repeating: 0, count: 256)
        for (rank, symbol) in (0..<256).shuffled(using: &random).prefix(count).enumerated() {
            var weight = 100_000.0
            for _ in 0..<rank { weight /= 1 + steepness }
            frequencies[symbol] = max(1, Int(weight))
        }
        return frequencies
    }

    @Test("Codes are as short as can be, or within two per cent of that", arguments: UInt64(1)...40)
    func shortest(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let frequencies = Self.frequencies(&random)
        var all = [Double](repeating: 0, count: CodeTables.count * 256)
        for symbol in 0..<256 { all[2 * 256 + symbol] = Double(frequencies[symbol]) }
        let tables = CodeTables(frequencies: all, isComplete: false, isProgressive: false)
        let lengths = Self.lengths(tables.definition(.acLuma))
        #expect(Set(lengths.keys) == Set((0..<256).filter { frequencies[$0] > 0 }))
        var cost = 0
        for (symbol, length) in lengths {
            cost += frequencies[symbol] * length
            // The code, and the bits of the value behind it.
            #expect(tables.length(role: .acLuma, symbol: symbol) == length + (symbol & 15))
        }
        let least = Self.least(frequencies)
        #expect(cost >= least && Double(cost) <= Double(least) * 1.02 + 1, "\(cost), least \(least)")
        let space = lengths.values.reduce(0) { $0 + 1 << (16 - $1) }
        #expect(space < 1 << 16, "the code of all ones stays free")
    }

    @Test("A single symbol has a code of one bit")
    func single() {
        var all = [Double](repeating: 0, count: CodeTables.count * 256)
        all[0] = 50
        let table = CodeTables(frequencies: all, isComplete: false, isProgressive: false).definition(.dcLuma)
        #expect(table.counts == [1] + [UInt8](repeating: 0, count: 15) && table.symbols == [0])
    }

    @Test("A complete table has every symbol that its coding allows, the frequent ones as short as before")
    func complete() {
        var random = SeededGenerator(seed: 50)
        for isProgressive in [false, true] {
            var all = [Double](repeating: 0, count: CodeTables.count * 256)
            for symbol in [0x00, 0x01, 0x11, 0x21, 0xF0] {
                all[2 * 256 + symbol] = Double.random(in: 1_000...50_000, using: &random)
            }
            let table = CodeTables(frequencies: all, isComplete: true, isProgressive: isProgressive)
                .definition(.acLuma)
            // Run and size up to 10 bits, sixteen zeros, the end of a block; progressive, ends of bands (T.81 table G.1).
            var expected: Set<Int> = [0x00, 0xF0]
            for run in 0...15 { for size in 1...10 { expected.insert(run << 4 | size) } }
            if isProgressive { for run in 1...14 { expected.insert(run << 4) } }
            let lengths = Self.lengths(table)
            #expect(Set(lengths.keys) == expected)
            let frequent = [0x00, 0x01, 0x11, 0x21, 0xF0].compactMap { lengths[$0] }
            #expect(frequent.allSatisfy { $0 <= 5 })
        }
    }

    @Test("Frequencies of any size make tables: what is too large is scaled, what is tiny counts as one")
    func scale() {
        var all = [Double](repeating: 0, count: CodeTables.count * 256)
        all[2 * 256] = 1e15
        all[2 * 256 + 1] = 1e-9
        all[2 * 256 + 2] = 1e14
        let lengths = Self.lengths(
            CodeTables(frequencies: all, isComplete: false, isProgressive: false).definition(.acLuma))
        #expect(lengths.count == 3 && (lengths[0] ?? 9) == 1 && (lengths[2] ?? 9) == 2)
    }
}
