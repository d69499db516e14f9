// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import Testing

@testable import SnugImage

/// The small image that stands for a large one.
@Suite struct TileSamplerTests {
    /// Sends an image whose samples are given by place.
    private func sample(
        _ shape: RasterShape, bitsPerPixel: Double = .infinity, _ value: (Int, Int, Int) -> UInt8
    ) throws -> TileSampler {
        let sampler = TileSampler(shape, bitsPerPixel: bitsPerPixel)
        for (index, plane) in shape.planes.enumerated() {
            var row = [UInt8](repeating: 0, count: plane.width * plane.channels)
            for y in 0..<plane.height {
                for x in row.indices { row[x] = value(index, x, y) }
                try sampler.receive(row.span, plane: index)
            }
        }
        return sampler
    }

    private func value(_ sampler: TileSampler, _ index: Int, _ x: Int, _ y: Int) -> UInt8 {
        let plane = sampler.sheet.planes[index]
        let row = plane.row(y)
        return row[x]
    }

    @Test("A small image is its own sample, sample for sample", arguments: [(1, 1), (17, 9), (1000, 1000)])
    func whole(width: Int, height: Int) throws {
        let shape = RasterShape.planar(width: width, height: height, isGray: false, subsamplesChroma: true)
        let sampler = try sample(shape) { UInt8(truncatingIfNeeded: $0 * 50 + $1 * 3 + $2 * 7) }
        #expect(sampler.isWhole && sampler.sheet.shape == shape)
        for (index, plane) in sampler.sheet.planes.enumerated() {
            for y in stride(from: 0, to: plane.height, by: max(1, plane.height / 7)) {
                let row = plane.row(y)
                #expect(row.indices.allSatisfy { row[$0] == UInt8(truncatingIfNeeded: index * 50 + $0 * 3 + y * 7) })
            }
        }
    }

    @Test(
        "A large image's sample has 600,000 pixels or a little more, in whole tiles",
        arguments: [(3000, 2000), (2000, 3000), (12_000, 800), (800, 12_000), (9000, 7000)])
    func size(width: Int, height: Int) throws {
        let sampler = TileSampler(.planar(width: width, height: height, isGray: true, subsamplesChroma: false))
        #expect(!sampler.isWhole)
        let (sheetWidth, sheetHeight) = (sampler.sheet.shape.width, sampler.sheet.shape.height)
        #expect(sheetWidth == sampler.tilesAcross * sampler.tileSide)
        #expect(sheetHeight == sampler.tilesDown * sampler.tileSide)
        #expect((300_000...TileSampler.mostPixels).contains(sheetWidth * sheetHeight))
        #expect(sheetWidth * sheetHeight * 2 <= width * height)
    }

    @Test("Every tile is a piece of the image, in its own cell, on the block grid")
    func tiles() throws {
        // Each sample tells its place: luma the column, chroma the row.
        let shape = RasterShape.planar(width: 2400, height: 2000, isGray: false, subsamplesChroma: false)
        let sampler = try sample(shape) { plane, x, y in
            switch plane {
            case 0: UInt8(truncatingIfNeeded: x / 16)
            case 1: UInt8(truncatingIfNeeded: y / 16)
            default: UInt8(truncatingIfNeeded: x % 16 * 16 + y % 16)
            }
        }
        let side = sampler.tileSide
        for down in 0..<sampler.tilesDown {
            for across in 0..<sampler.tilesAcross {
                let (left, top) = (across * side, down * side)
                let (column, line) = (value(sampler, 0, left, top), value(sampler, 1, left, top))
                for (x, y) in [(0, 0), (side - 1, 0), (0, side - 1), (side - 1, side - 1), (side / 2, side / 3)] {
                    #expect(value(sampler, 0, left + x, top + y) == UInt8(Int(column) + x / 16))
                    #expect(value(sampler, 1, left + x, top + y) == UInt8(Int(line) + y / 16))
                    #expect(
                        value(sampler, 2, left + x, top + y)
                            == UInt8(truncatingIfNeeded: x % 16 * 16 + y % 16))
                }
                let cell = (2400 * across / sampler.tilesAcross, 2000 * down / sampler.tilesDown)
                #expect(abs(Int(column) * 16 - cell.0) <= 2400 / sampler.tilesAcross)
                #expect(abs(Int(line) * 16 - cell.1) <= 2000 / sampler.tilesDown)
            }
        }
    }

    @Test("Subsampled chroma is cut where its luma is")
    func chroma() throws {
        let shape = RasterShape.planar(width: 3001, height: 2001, isGray: false, subsamplesChroma: true)
        let sampler = try sample(shape) { plane, x, _ in UInt8(truncatingIfNeeded: (plane == 0 ? x : 2 * x) / 16) }
        #expect(sampler.sheet.planes[1].width * 2 == sampler.sheet.planes[0].width)
        for tile in 0..<sampler.tilesAcross {
            let luma = value(sampler, 0, tile * sampler.tileSide, 0)
            let chroma = value(sampler, 1, tile * sampler.tileSide / 2, 0)
            #expect(abs(Int(luma) - Int(chroma)) <= 1)
        }
    }

    @Test("Tiles grow as the output shrinks", arguments: [(0.1, 256), (0.15, 128), (1.4, 128), (1.5, 64), (24, 64)])
    func sides(bitsPerPixel: Double, side: Int) {
        let shape = RasterShape.planar(width: 4000, height: 3000, isGray: true, subsamplesChroma: false)
        #expect(TileSampler(shape, bitsPerPixel: bitsPerPixel).tileSide == side)
    }

    @Test("Tables made from the sample code the whole image in hardly more bytes than its own")
    func tables() throws {
        let scene = DrawnImage.scene(width: 1400, height: 1000, grain: 16)
        let planar = PlanarSink(.interleaved(width: 1400, height: 1000, channels: 3))
        for y in 0..<1000 { try planar.receive(scene.row(y), plane: 0) }
        let cancellation = CancellationFlag()
        let raster = try PixelSupply.resize(
            planar.raster, to: .planar(width: 1400, height: 1000, isGray: false, subsamplesChroma: true),
            cancellation: cancellation)
        let sampler = TileSampler(raster.shape)
        try raster.send(to: sampler, cancellation: cancellation)
        let tables = try #require(
            try SampledTables.tables(of: sampler.sheet, quality: 80, cancellation: cancellation))
        func size(_ coding: JPEGEncoder.Coding) throws -> Int {
            let sink = try JPEGEncodingSink(
                JPEGEncoder.Settings(
                    width: 1400, height: 1000, isGray: false, subsamplesChroma: true, quality: 80, coding: coding,
                    byteLimit: .max / 2), cancellation: cancellation)
            try raster.send(to: sink, cancellation: cancellation)
            #expect(try sink.finish())
            return sink.byteCount
        }
        let (own, sampled) = (try size(.optimized), try size(.sequential(tables)))
        #expect(sampled >= own && Double(sampled) < Double(own) * 1.01)
    }
}
