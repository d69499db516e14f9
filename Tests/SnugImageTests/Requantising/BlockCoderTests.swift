// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

@Suite struct BlockCoderTests {
    /// Rows of blocks as pixels give them: few large coefficients, many small ones, anything at all now and then.
    private static func rows(_ layout: BlockLayout, seed: UInt64) -> [BlockRows] {
        var random = SeededGenerator(seed: seed)
        return (0..<layout.mcusDown).map { _ in
            let rows = BlockRows(layout, capacity: layout.mcusAcross)
            for (index, component) in layout.components.enumerated() {
                for v in 0..<component.vertical {
                    let count = layout.mcusAcross * component.horizontal * 64
                    unsafe rows.withBlocks(component: index, row: v) { blocks in
                        for place in 0..<count {
                            let spread = place % 64 == 0 ? 1000 : 400 / (place % 64 + 1)
                            var value = Int.random(in: -spread...spread, using: &random)
                            if Int.random(in: 0..<500, using: &random) == 0 {
                                value = Int.random(in: -32768...32767, using: &random)
                            }
                            unsafe blocks[place] = Int16(value)
                        }
                    }
                }
            }
            return rows
        }
    }

    private static func steps(_ value: UInt16, _ layout: BlockLayout) -> [[UInt16]] {
        layout.components.map { _ in [UInt16](repeating: value, count: 64) }
    }

    private static func written(
        _ rows: [BlockRows], layout: BlockLayout, isProgressive: Bool, isGreedy: Bool, level: KernelLevel
    ) throws -> (bytes: [UInt8], predicted: Int) {
        let stepTables = StepTables(.fullSize, layout: layout, sourceSteps: steps(3, layout))
        let quantisers = Quantisers(stepTables, componentCount: layout.components.count)
        let costs = CoefficientCosts(frequencies: [Double](repeating: 10, count: CodeTables.count * 256))
        quantisers.prepare(RateModel(scale: 4), costs: isGreedy ? costs : nil)
        var coder = try BlockCoder(layout, isProgressive: isProgressive, level: level)
        var counts = snug_symbol_counts()
        for (index, row) in rows.enumerated() { coder.count(row, row: index, quantisers: quantisers, counts: &counts) }
        coder.finishCount(&counts)
        var frequencies = [Double](repeating: 0, count: CodeTables.count * 256)
        unsafe frequencies.withUnsafeMutableBufferPointer { sums in
            guard let start = sums.baseAddress else { return }
            unsafe snug_counts_accumulate(&counts, 1, start)
        }
        let tables = CodeTables(frequencies: frequencies, isComplete: false, isProgressive: isProgressive)
        let bits = unsafe tables.withTables { unsafe snug_counts_bits(&counts, $0) }
        coder.begin(tables)
        for (index, row) in rows.enumerated() { try coder.write(row, row: index, quantisers: quantisers) }
        try coder.finish()
        let container = JPEGContainer(
            layout: layout, isProgressive: isProgressive, steps: quantisers.steps, segments: [])
        #expect(abs(coder.byteCount - Int(bits / 8)) <= 10)
        return (container.bytes(&coder, tables: tables), Int(bits / 8))
    }

    private static let layouts = [
        BlockLayout(width: 200, height: 90, sampling: [(2, 2), (1, 1), (1, 1)]),
        BlockLayout(width: 77, height: 61, sampling: [(1, 1), (1, 1), (1, 1)]),
        BlockLayout(width: 130, height: 40, sampling: [(4, 1), (1, 1), (1, 1)]),
        BlockLayout(width: 33, height: 57, sampling: [(2, 1)]),
        BlockLayout(width: 1, height: 1, sampling: [(2, 2), (1, 1), (1, 1)]),
    ]

    @Test("All levels write the same bytes", arguments: layouts, [true, false])
    func levels(layout: BlockLayout, isProgressive: Bool) throws {
        for seed in UInt64(1)...3 {
            let rows = Self.rows(layout, seed: seed)
            for isGreedy in [true, false] {
                let outputs = try KernelLevel.available.map {
                    try Self.written(rows, layout: layout, isProgressive: isProgressive, isGreedy: isGreedy, level: $0)
                        .bytes
                }
                #expect(outputs.allSatisfy { $0 == outputs[0] }, "seed \(seed)")
            }
        }
    }

    @Test("What was taken back leaves no trace in what is written instead", arguments: layouts, [true, false])
    func marks(layout: BlockLayout, isProgressive: Bool) throws {
        let rows = Self.rows(layout, seed: 5)
        let stepTables = StepTables(.fullSize, layout: layout, sourceSteps: Self.steps(3, layout))
        let (quantisers, other) = (
            Quantisers(stepTables, componentCount: layout.components.count),
            Quantisers(stepTables, componentCount: layout.components.count)
        )
        quantisers.prepare(RateModel(scale: 4), costs: nil)
        other.prepare(RateModel(scale: 4, lambdaFactor: 6), costs: nil)
        let tables = CodeTables(
            frequencies: [Double](repeating: 1, count: CodeTables.count * 256), isComplete: true,
            isProgressive: isProgressive)
        let container = JPEGContainer(
            layout: layout, isProgressive: isProgressive, steps: quantisers.steps, segments: [])
        func written(_ order: [(Quantisers, from: Int)], mark row: Int) throws -> [UInt8] {
            var coder = try BlockCoder(layout, isProgressive: isProgressive)
            coder.begin(tables)
            for index in 0..<row { try coder.write(rows[index], row: index, quantisers: quantisers) }
            let mark = try coder.mark()
            for (quantisers, from) in order {
                coder.goBack(to: mark)
                for index in from..<rows.count { try coder.write(rows[index], row: index, quantisers: quantisers) }
                try coder.finish()
            }
            return container.bytes(&coder, tables: tables)
        }
        let straight = try written([(quantisers, from: 0)], mark: 0)
        for row in Set([0, 1, rows.count / 2, rows.count - 1]) where row < rows.count {
            #expect(try written([(other, from: row), (quantisers, from: row)], mark: row) == straight, "\(row)")
        }
    }

    @Test("libjpeg-turbo reads every layout without a complaint", arguments: layouts, [true, false])
    func decodes(layout: BlockLayout, isProgressive: Bool) throws {
        let bytes = try Self.written(
            Self.rows(layout, seed: 9), layout: layout, isProgressive: isProgressive, isGreedy: true, level: .best
        ).bytes
        let source = ImageSource(bytes: bytes)
        let header = try ImageProbe.header(of: source)
        #expect(header.width == layout.width && header.height == layout.height)
        var decoder = try JPEGDecoder.open(
            source, limits: DecodingLimits(), memory: 1 << 28, cancellation: CancellationFlag())
        try decoder.start(output: .planar)
        for _ in 0..<layout.mcusDown { try decoder.readBand() }
        #expect(decoder.report.warningCount == 0)
    }

    @Test("The forward transform is the same at all levels, and within an eighth of its definition")
    func transform() {
        var random = SeededGenerator(seed: 3)
        let samples = (0..<24 * 8).map { _ in UInt8.random(in: 0...255, using: &random) }
        let outputs = KernelLevel.available.map { level in
            var out = [Int16](repeating: 0, count: 3 * 64)
            unsafe samples.withUnsafeBufferPointer { samples in
                unsafe out.withUnsafeMutableBufferPointer { out in
                    guard let from = samples.baseAddress, let to = out.baseAddress else { return }
                    unsafe snug_forward_dct(level, from, 24, 21, 8, 3, to)
                }
            }
            return out
        }
        #expect(outputs.allSatisfy { $0 == outputs[0] })
        for block in 0..<3 {
            for (k, natural) in Zigzag.naturalIndices.enumerated() {
                let (u, v) = (Double(natural % 8), Double(natural / 8))
                var sum = 0.0
                for y in 0..<8 {
                    for x in 0..<8 {
                        let sample = Double(samples[y * 24 + min(block * 8 + x, 20)]) - 128
                        sum +=
                            sample * cosine((2 * Double(x) + 1) * u / 16) * cosine((2 * Double(y) + 1) * v / 16)
                    }
                }
                let scale = (u == 0 ? 0.5.squareRoot() : 1) * (v == 0 ? 0.5.squareRoot() : 1) / 4
                #expect(abs(sum * scale * 8 - Double(outputs[0][block * 64 + k])) <= 1)
            }
        }
    }

    /// cos(π x), by its series: no library is needed for eight values.
    private func cosine(_ x: Double) -> Double {
        let reduced = (x.truncatingRemainder(dividingBy: 2)) * Double.pi
        var term = 1.0
        var sum = 1.0
        for n in 1...20 {
            term *= -reduced * reduced / Double((2 * n - 1) * (2 * n))
            sum += term
        }
        return sum
    }

    @Test("Codes have at most 16 bits, none is all ones, and more frequent symbols have no longer ones")
    func huffman() {
        var frequencies = [Double](repeating: 0, count: CodeTables.count * 256)
        // Fibonacci numbers make the deepest trees.
        var (a, b) = (1.0, 1.0)
        for symbol in 0..<40 {
            frequencies[512 + symbol] = a
            (a, b) = (b, a + b)
        }
        let tables = CodeTables(frequencies: frequencies, isComplete: false, isProgressive: false)
        let table = tables.definition(.acLuma)
        #expect(table.symbols.count == 40 && Set(table.symbols).count == 40)
        let kraft = zip(1..., table.counts).reduce(0.0) { $0 + Double($1.1) / Double(1 << $1.0) }
        #expect(kraft < 1 && table.symbols.first == 39)
        let complete = CodeTables(
            frequencies: [Double](repeating: 0, count: CodeTables.count * 256), isComplete: true, isProgressive: false)
        #expect(complete.definition(.acLuma).symbols.count == 162)
        #expect(Set(complete.definition(.dcLuma).symbols) == Set(0...11))
    }
}
