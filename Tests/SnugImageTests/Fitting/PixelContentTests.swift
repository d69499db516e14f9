// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import Testing

@testable import SnugImage

/// What only the pixels of an image show: opacity, graphics, and colour detail.
@Suite struct PixelContentTests {
    private func content(_ plane: Plane) throws -> PixelContent {
        let raster = Raster(
            .interleaved(width: plane.width, height: plane.height, channels: plane.channels), planes: [plane])
        return try PixelContent(of: PixelSupply(raster, cancellation: CancellationFlag()))
    }

    @Test("A screen is a graphic, a photo is none", arguments: [3, 12, 40])
    func graphics(grain: Int) throws {
        #expect(try content(DrawnImage.screen(width: 200, height: 120)).isGraphic)
        #expect(try !content(DrawnImage.scene(width: 200, height: 120, grain: grain)).isGraphic)
    }

    @Test("One pixel that is not opaque anywhere is found", arguments: [2, 4], [0, 1, 57, 118])
    func opacity(channels: Int, row: Int) throws {
        let plane = Plane(width: 40, height: 119, channels: channels)
        for y in 0..<plane.height {
            var row = plane.mutableRow(y)
            for x in row.indices { row[x] = 255 }
        }
        #expect(try content(plane).isOpaque)
        var changed = plane.mutableRow(row)
        changed[40 * channels - 1] = 254
        #expect(try !content(plane).isOpaque)
    }

    @Test("Images without alpha are opaque whatever their samples", arguments: [1, 3])
    func withoutAlpha(channels: Int) throws {
        let plane = Plane(width: 8, height: 8, channels: channels)
        for y in 0..<8 {
            var row = plane.mutableRow(y)
            for x in row.indices { row[x] = 0 }
        }
        #expect(try content(plane).isOpaque)
    }

    /// Luma 128 and chroma by formula.
    private func planar(width: Int, height: Int, _ chroma: (Int, Int) -> UInt8) -> Raster {
        let raster = Raster(.planar(width: width, height: height, isGray: false, subsamplesChroma: false))
        for (index, plane) in raster.planes.enumerated() {
            for y in 0..<height {
                var row = plane.mutableRow(y)
                for x in 0..<width { row[x] = index == 1 ? chroma(x, y) : 128 }
            }
        }
        return raster
    }

    @Test("Coloured lines of one pixel are worth their resolution, flat colours and soft gradients are not")
    func chromaDetail() {
        let lines = planar(width: 64, height: 64) { x, _ in x.isMultiple(of: 2) ? 90 : 170 }
        #expect(ChromaDetail.isWorthFullResolution(lines))
        #expect(!ChromaDetail.isWorthFullResolution(planar(width: 64, height: 64) { _, _ in 200 }))
        #expect(!ChromaDetail.isWorthFullResolution(planar(width: 64, height: 64) { x, y in UInt8(x + y) }))
    }

    @Test("Two in a hundred squares are enough, one in a hundred is not")
    func share() {
        func raster(squares: Int) -> Raster {
            planar(width: 160, height: 160) { x, y in
                let isInside = y / 16 * 10 + x / 16 < squares
                return isInside && (x + y).isMultiple(of: 2) ? 220 : 128
            }
        }
        #expect(ChromaDetail.isWorthFullResolution(raster(squares: 2)))
        #expect(!ChromaDetail.isWorthFullResolution(raster(squares: 1)))
    }

    @Test("Chroma that is at half its resolution already, or not there, is worth nothing more")
    func noChroma() {
        #expect(
            !ChromaDetail.isWorthFullResolution(
                Raster(.planar(width: 32, height: 32, isGray: true, subsamplesChroma: false))))
        #expect(
            !ChromaDetail.isWorthFullResolution(
                Raster(.planar(width: 32, height: 32, isGray: false, subsamplesChroma: true))))
    }
}
