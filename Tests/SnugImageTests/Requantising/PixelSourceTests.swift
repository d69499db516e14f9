// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Testing

@testable import SnugImage

/// Blocks of pixels, against the transform by its definition.
@Suite struct PixelSourceTests {
    private func noise(_ shape: RasterShape, seed: UInt64) -> Raster {
        var random = SeededGenerator(seed: seed)
        let raster = Raster(shape)
        for plane in raster.planes {
            for y in 0..<plane.height {
                var row = plane.mutableRow(y)
                for x in row.indices { row[x] = UInt8.random(in: 0...255, using: &random) }
            }
        }
        return raster
    }

    private func source(_ raster: Raster, level: KernelLevel = .best) throws -> PixelSource {
        try #require(PixelSource(PixelSupply(raster, cancellation: CancellationFlag()), level: level))
    }

    /// All coefficients as a block of pixels has them whose last row and column go on for ever.
    private func expected(_ plane: Plane, across: Int, down: Int) -> [Double] {
        var all: [Double] = []
        for row in 0..<down {
            for column in 0..<across {
                var block = [Double](repeating: 0, count: 64)
                for y in 0..<8 {
                    let samples = plane.row(min(row * 8 + y, plane.height - 1))
                    for x in 0..<8 { block[y * 8 + x] = Double(samples[min(column * 8 + x, plane.width - 1)]) - 128 }
                }
                all += ReferenceTransform.forward(block)
            }
        }
        return all
    }

    @Test(
        "Coefficients are eight times the transform's, edges going on beyond the image",
        arguments: [(1, 1), (8, 8), (9, 7), (16, 17), (31, 33), (40, 15)])
    func transform(width: Int, height: Int) throws {
        for (isGray, subsamples) in [(true, false), (false, false), (false, true)] {
            let raster = noise(
                .planar(width: width, height: height, isGray: isGray, subsamplesChroma: subsamples), seed: 9)
            for level in KernelLevel.available {
                let source = try source(raster, level: level)
                var wanted: [Double] = []
                for (plane, component) in zip(raster.planes, source.layout.components) {
                    wanted += expected(plane, across: component.blocksAcross, down: component.blocksDown)
                }
                let found = try source.naturalCoefficients()
                #expect(found.count == wanted.count)
                let worst = zip(found, wanted).map { abs(Double($0) - 8 * $1) }.max() ?? 0
                #expect(worst <= 1, "\(isGray), \(subsamples)")
            }
        }
    }

    @Test("Rows come once each, in order, with the share that is done")
    func rows() throws {
        let source = try source(
            noise(.planar(width: 50, height: 83, isGray: false, subsamplesChroma: true), seed: 3))
        var shares: [Double] = []
        try source.readRows { rows, row, share in
            #expect(row == shares.count && rows.capacity == source.layout.mcusAcross)
            shares.append(share)
        }
        #expect(shares.count == 6 && shares.last == 1)
        for (index, share) in shares.enumerated() { #expect(abs(share - Double(index + 1) / 6) < 1e-12) }
        // It can be read again.
        #expect(try source.naturalCoefficients() == source.naturalCoefficients())
    }

    @Test("Held pixels are read from any row on as from the top", arguments: [true, false])
    func anywhere(subsamples: Bool) throws {
        let source = try source(
            noise(.planar(width: 171, height: 83, isGray: false, subsamplesChroma: subsamples), seed: 3))
        #expect(source.beginsAnywhere)
        func blocks(_ rows: BlockRows) -> [[Int16]] {
            rows.layout.components.indices.map { index in
                (0..<rows.layout.components[index].vertical).flatMap { row in
                    unsafe rows.withBlocks(component: index, row: row) { blocks in
                        unsafe Array(
                            UnsafeBufferPointer(
                                start: blocks, count: rows.capacity * rows.layout.components[index].horizontal * 64))
                    }
                }
            }
        }
        var all: [[[Int16]]] = []
        try source.readRows { rows, _, _ in all.append(blocks(rows)) }
        var next = 2
        try source.readRows(from: 2) { rows, row, share in
            #expect(row == next && share == Double(row + 1) / Double(source.layout.mcusDown))
            #expect(blocks(rows) == all[row])
            next += 1
        }
        #expect(next == source.layout.mcusDown)
    }

    @Test("Pixels side by side have no blocks, and pixels have no steps")
    func others() throws {
        let interleaved = Raster(.interleaved(width: 8, height: 8, channels: 3))
        #expect(PixelSource(PixelSupply(interleaved, cancellation: CancellationFlag())) == nil)
        let planar = try source(noise(.planar(width: 8, height: 8, isGray: true, subsamplesChroma: false), seed: 1))
        #expect(planar.steps == nil && !planar.report.isDamaged)
    }

    @Test("A small image is its own sample, a large one is sampled in runs")
    func sample() throws {
        let small = try source(noise(.planar(width: 100, height: 90, isGray: false, subsamplesChroma: true), seed: 2))
        #expect(try small.sample(blocks: 10).isWhole)
        let large = try source(Raster(.planar(width: 1600, height: 1400, isGray: true, subsamplesChroma: false)))
        let sample = try large.sample(blocks: SamplePlan.blocks)
        #expect(!sample.isWhole && (8_000...40_000).contains(sample.mcuCount))
        let noise = noise(.planar(width: 1601, height: 900, isGray: false, subsamplesChroma: true), seed: 4)
        let held = try source(noise)
        let whole = try held.scatteredSample(blocks: SamplePlan.blocks)
        let parts = try held.sample(blocks: SamplePlan.blocks)
        #expect(whole.runs.count == parts.runs.count && parts.runs.count > 100)
        for (one, other) in zip(whole.runs, parts.runs) {
            let count = one.rows.capacity * 2 * 64
            for row in 0..<2 {
                let same = unsafe one.rows.withBlocks(component: 0, row: row) { one in
                    unsafe other.rows.withBlocks(component: 0, row: row) { other in
                        (0..<count).allSatisfy { unsafe one[$0] == other[$0] }
                    }
                }
                #expect(same)
            }
        }
    }

    @Test("A file of pixels decodes to them, as near as its steps are fine")
    func file() throws {
        let scene = DrawnImage.scene(width: 75, height: 50, grain: 6)
        let planar = PlanarSink(.interleaved(width: 75, height: 50, channels: 3))
        for y in 0..<50 { try planar.receive(scene.row(y), plane: 0) }
        var previous = 0.0
        for scale in [0.5, 2, 6] {
            let bytes = try source(planar.raster).file(isProgressive: true, scale: scale)
            let loss = DrawnImage.difference(try DrawnImage.decoded(bytes), scene)
            #expect(loss > previous && loss < 1 + 1.5 * scale, "\(scale): \(loss)")
            previous = loss
        }
    }
}
