// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import Testing

@testable import SnugImage

/// Near-lossless PNGs by themselves: the least rounding, or the most pixels, that a limit allows.
@Suite struct NearLosslessFitTests {
    private func raster(_ plane: Plane) -> Raster {
        Raster(
            .interleaved(width: plane.width, height: plane.height, channels: plane.channels), planes: [plane])
    }

    private func fit(_ plane: Plane, limit: Int, mayScale: Bool = true) throws -> Encoded? {
        let context = try FitContext.drawn(plane, byteLimit: limit)
        return try NearLosslessFit(context) { _, _ in PNGEncoderOptions() }.fit(raster(plane), mayScale: mayScale)
    }

    /// Bytes of a file with a step, the limit aside.
    private func bytes(_ plane: Plane, step: Int) throws -> Int {
        let lines = PNGScanlines(
            rounding: plane, reduction: PNGReduction(of: plane, usesPalette: false), step: step)
        return try DeflatedPNG.encode(lines, level: 6)?.count ?? .max
    }

    private func worst(_ bytes: [UInt8], _ plane: Plane) throws -> Int {
        let decoded = try DrawnImage.decoded(bytes)
        var worst = 0
        for y in 0..<plane.height {
            let (one, other) = (plane.row(y), decoded.row(y))
            for x in one.indices { worst = max(worst, abs(Int(one[x]) - Int(other[x]))) }
        }
        return worst
    }

    @Test("The finest step that fits is taken at full size", arguments: [2, 3, 4, 6, 8])
    func finestStep(step: Int) throws {
        let plane = DrawnImage.scene(width: 120, height: 90, grain: 6)
        let limit = try bytes(plane, step: step)
        let encoded = try #require(try fit(plane, limit: limit))
        #expect(encoded.bytes.count <= limit && encoded.format == .png)
        #expect((encoded.width, encoded.height) == (120, 90))
        #expect(try worst(encoded.bytes, plane) <= step / 2)
    }

    @Test("Where rounding is not enough, pixels are given up and the limit is used", arguments: [0.7, 0.3])
    func fewerPixels(share: Double) throws {
        let plane = DrawnImage.scene(width: 200, height: 150, channels: 4, grain: 6)
        let limit = Int(Double(try bytes(plane, step: 8)) * share)
        let encoded = try #require(try fit(plane, limit: limit))
        #expect(encoded.bytes.count <= limit && Double(encoded.bytes.count) > Double(limit) * 0.9)
        #expect(encoded.width < 200 && encoded.height < 150)
        #expect(try fit(plane, limit: limit, mayScale: false) == nil)
    }

    @Test("Nothing is made of two levels, nor under a limit below any PNG")
    func outOfReach() throws {
        let page = Plane(width: 40, height: 40)
        for y in 0..<40 {
            var row = page.mutableRow(y)
            for x in row.indices { row[x] = (x / 3 + y / 5) % 2 == 0 ? 0 : 255 }
        }
        #expect(try fit(page, limit: 60) == nil)
        #expect(try fit(DrawnImage.scene(width: 60, height: 40, grain: 6), limit: 20) == nil)
    }

    @Test("Tiles of a large image lead to the same kind of result")
    func sampled() throws {
        let tile = DrawnImage.scene(width: 1100, height: 1000, grain: 5)
        let plane = Plane(width: 2200, height: 2000, channels: 3)
        for y in 0..<2000 {
            var row = plane.mutableRow(y)
            let source = tile.row(y < 1000 ? y : 1999 - y)
            // Mirrored: what repeats within deflate's window is cheap in the whole and not in tiles of it.
            for x in row.indices { row[x] = source[x < 3300 ? x : (2199 - x / 3) * 3 + x % 3] }
        }
        let sample = try #require(try SampledImage(raster(plane), cancellation: CancellationFlag()))
        #expect(sample.share < 0.5 && sample.raster.shape.planes[0].channels == 3)
        let whole = try bytes(plane, step: 4)
        let encoded = try #require(try fit(plane, limit: whole + whole / 20))
        #expect(encoded.width == 2200 && encoded.bytes.count <= whole + whole / 20)
        let small = try #require(try fit(plane, limit: whole / 3))
        #expect(small.bytes.count <= whole / 3 && small.width < 2200 && small.encodes <= 3)
        #expect(Double(small.bytes.count) > Double(whole / 3) * 0.9)
        #expect(try SampledImage(raster(tile), cancellation: CancellationFlag()) == nil)
        // The middle is a part of the image as it is.
        let middle = try #require(SampledImage(middleOf: raster(plane))).raster.planes[0]
        #expect((middle.width, middle.height, middle.channels) == (768, 768, 3))
        let (row, source) = (middle.row(5), plane.row(621))
        #expect(row.indices.allSatisfy { row[$0] == source[$0 + 716 * 3] })
        #expect(SampledImage(middleOf: raster(tile)) == nil)
    }
}
