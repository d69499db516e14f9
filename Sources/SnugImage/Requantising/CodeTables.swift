// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels

/// The Huffman tables of an output.
@safe
final class CodeTables {
    static let count = 7
    private let tables: UnsafeMutablePointer<snug_code_table>

    /// - Parameters:
    ///   - frequencies: How often each of 256 symbols comes in each table.
    ///   - isComplete: Every legal symbol gets a code, also those that a sample did not have.
    init(frequencies: [Double], isComplete: Bool, isProgressive: Bool) {
        unsafe tables = .allocate(capacity: Self.count)
        unsafe tables.initialize(repeating: snug_code_table(), count: Self.count)
        // Sums of frequencies have to stay below 2³².
        let largest = max(frequencies.reduce(0, +), 1)
        let factor = min(isComplete ? 32 : 1, 2e9 / largest)
        for index in 0..<Self.count {
            let isDC = index < 2
            var counts = [UInt32](repeating: 0, count: 256)
            for symbol in 0..<256 {
                let frequency = frequencies[index * 256 + symbol]
                if frequency > 0 {
                    counts[symbol] = UInt32(max(1, frequency * factor))
                } else if isComplete && Self.isLegal(symbol, isDC: isDC, isProgressive: isProgressive) {
                    counts[symbol] = 1
                }
            }
            unsafe counts.withUnsafeBufferPointer { buffer in
                guard let start = buffer.baseAddress else { return }
                unsafe snug_code_table_make(start, tables + index)
            }
        }
    }

    deinit { unsafe tables.deallocate() }

    /// DC: sizes to 11. AC: sizes to 10 after any run, end of block or of a run of blocks, 16 zeros.
    private static func isLegal(_ symbol: Int, isDC: Bool, isProgressive: Bool) -> Bool {
        if isDC { return symbol <= 11 }
        let size = symbol & 15
        if size > 0 { return size <= 10 }
        return symbol == 0 || symbol == 0xF0 || isProgressive && symbol <= 0xE0
    }

    func withTables<Result>(_ body: (UnsafePointer<snug_code_table>) -> Result) -> Result {
        unsafe body(UnsafePointer(tables))
    }

    /// Bits that a symbol takes, its magnitude included; 0 when it has no code.
    func length(role: snug_table_role, symbol: Int) -> Int {
        unsafe withUnsafeBytes(of: &tables[Int(role.rawValue)].lengths) { unsafe Int($0[symbol]) }
    }

    /// All lengths, table by table.
    func lengths() -> [Double] {
        (0..<Self.count).flatMap { index in
            unsafe withUnsafeBytes(of: &tables[index].lengths) { unsafe $0.map { Double($0) } }
        }
    }

    /// A table as a DHT segment holds it.
    func definition(_ role: snug_table_role) -> HuffmanTable {
        let counts = unsafe withUnsafeBytes(of: &tables[Int(role.rawValue)].spec.counts) { unsafe Array($0) }
        let total = counts.reduce(0) { $0 + Int($1) }
        let symbols = unsafe withUnsafeBytes(of: &tables[Int(role.rawValue)].spec.symbols) {
            unsafe Array($0.prefix(total))
        }
        return HuffmanTable(counts: counts, symbols: symbols)
    }
}
