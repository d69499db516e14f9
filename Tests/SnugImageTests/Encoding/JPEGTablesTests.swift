// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import Testing

@testable import SnugImage

@Suite struct JPEGTablesTests {
    @Test(
        "At whole qualities the tables are libjpeg's",
        arguments: [
            (50, [16, 11, 10, 16, 24, 40, 51, 61]), (75, [8, 6, 5, 8, 12, 20, 26, 31]),
            (85, [5, 3, 3, 5, 7, 12, 15, 18]),
            (95, [2, 1, 1, 2, 2, 4, 5, 6]), (30, [27, 18, 17, 27, 40, 66, 85, 101]),
            (10, [80, 55, 50, 80, 120, 200, 255, 255]),
            (100, [1, 1, 1, 1, 1, 1, 1, 1]),
        ])
    func quantization(quality: Int, firstRow: [UInt16]) {
        #expect(Array(QuantizationTable.luma(quality: Double(quality)).values.prefix(8)) == firstRow)
    }

    @Test("Between whole qualities the divisors lie between theirs")
    func fractions() {
        let (low, middle, high) =
            (QuantizationTable.luma(quality: 80), .luma(quality: 80.5), QuantizationTable.luma(quality: 81))
            as (QuantizationTable, QuantizationTable, QuantizationTable)
        for index in 0..<64 {
            #expect(low.values[index] >= middle.values[index] && middle.values[index] >= high.values[index])
        }
        #expect(middle != low && middle != high)
    }

    @Test("A table made from a sample codes every symbol, within 16 bits and without the code of all ones")
    func huffman() {
        // A very skewed sample: code lengths up to 16.
        var counts = [UInt8](repeating: 1, count: 16)
        counts[15] = 2
        let sampled = HuffmanTable(counts: counts, symbols: (0..<17).map { UInt8($0 % 10 + 1) | UInt8($0 / 10) << 4 })
        let table = HuffmanTable.complete(sampled: sampled, isDC: false)
        #expect(table.symbols.count == 162 && Set(table.symbols).count == 162)
        let kraft = zip(1..., table.counts).reduce(0.0) { $0 + Double($1.1) / Double(1 << $1.0) }
        #expect(kraft < 1)
        #expect(table.counts.reduce(0) { $0 + Int($1) } == 162)
        #expect(table.symbols.first == sampled.symbols.first)
        let dc = HuffmanTable.complete(
            sampled: HuffmanTable(counts: [0, 1] + [UInt8](repeating: 0, count: 14), symbols: [3]), isDC: true)
        #expect(Set(dc.symbols) == Set(0...11))
    }

    @Test("An image coded with sampled tables is the one coded with its own, in hardly more bytes")
    func sampledTables() throws {
        let scene = DrawnImage.scene(width: 256, height: 192)
        let optimal = try DrawnImage.jpeg(scene, quality: 80)
        let cancellation = CancellationFlag()
        let planar = PlanarSink(.interleaved(width: 256, height: 192, channels: 3))
        for y in 0..<192 { try planar.receive(scene.row(y), plane: 0) }
        let raster = try PixelSupply.resize(
            planar.raster, to: .planar(width: 256, height: 192, isGray: false, subsamplesChroma: true),
            cancellation: cancellation)
        let tables = try #require(
            try SampledTables.tables(of: raster, quality: 80, cancellation: cancellation))
        let sampled = try DrawnImage.jpeg(scene, quality: 80, coding: .sequential(tables))
        #expect(Double(sampled.count) < Double(optimal.count) * 1.01 + 300)
        #expect(DrawnImage.difference(try DrawnImage.decoded(sampled), try DrawnImage.decoded(optimal)) == 0)
    }
}
