// SPDX-License-Identifier: Apache-2.0

/// Cuts tiles spread over an image out of its rows and lays them side by side: a small image that compresses like the
/// large one.
///
/// Whole rows would misjudge images whose content changes from top to bottom, so the image is divided into as many
/// cells as there are tiles, and one tile is cut at a random but fixed place in each.
final class TileSampler: RowSink {
    /// Side of a tile in pixels of the finest plane; a multiple of any MCU.
    ///
    /// Small tiles see more of the image for the same pixels; large ones can be scaled down and still hold whole MCUs.
    let tileSide: Int
    /// Pixels of a sample at least, where the image has them.
    private static let leastPixels = 600_000
    static let mostPixels = 1_100_000

    /// The tiles laid side by side, or the whole image when it is small.
    let sheet: Raster
    /// True when the sheet is the whole image.
    let isWhole: Bool
    private let source: RasterShape
    /// Where each tile is cut, in pixels, in order of the sheet's places.
    private let tiles: [(x: Int, y: Int)]
    let tilesAcross: Int
    /// Tiles from top to bottom of the sheet.
    let tilesDown: Int
    private var next: [Int]

    /// - Parameters:
    ///   - bitsPerPixel: Bits that the output will have for each of the shape's pixels: how far it may be scaled down.
    ///   - mostPixels: Of the sheet.
    init(_ shape: RasterShape, bitsPerPixel: Double = .infinity, mostPixels: Int = mostPixels) {
        source = shape
        tileSide = bitsPerPixel < 0.15 ? 256 : bitsPerPixel < 1.5 ? 128 : 64
        let pixels = shape.width * shape.height
        let side = tileSide
        let wanted = min(max(Self.leastPixels, pixels / 32), mostPixels) / (side * side)
        // Cells as square as the counts allow.
        let ratio = Double(shape.width) / Double(shape.height)
        let across = max(1, min(Int((Double(wanted) * ratio).squareRoot().rounded()), shape.width / side))
        let down = max(1, min(wanted / across, shape.height / side))
        next = [Int](repeating: 0, count: shape.planes.count)
        if pixels <= mostPixels || across * down * side * side * 2 > pixels {
            isWhole = true
            tiles = []
            tilesAcross = 1
            tilesDown = 1
            sheet = Raster(shape)
            return
        }
        isWhole = false
        tilesAcross = across
        tilesDown = down
        tiles = Self.places(in: shape, side: side, across: across, down: down)
        var sheetShape = shape
        sheetShape.width = across * side
        sheetShape.height = down * side
        for index in shape.planes.indices {
            let plane = shape.planes[index]
            let tileWidth = Self.tileSize(side, plane.extentWidth, of: shape.width)
            let tileHeight = Self.tileSize(side, plane.extentHeight, of: shape.height)
            sheetShape.planes[index].width = tileWidth * across
            sheetShape.planes[index].height = tileHeight * down
            sheetShape.planes[index].extentWidth = Double(tileWidth * across)
            sheetShape.planes[index].extentHeight = Double(tileHeight * down)
        }
        sheet = Raster(sheetShape)
    }

    /// Samples of a tile in a plane that has `extent` samples for the image's `pixels`.
    private static func tileSize(_ side: Int, _ extent: Double, of pixels: Int) -> Int {
        max(1, Int((Double(side) * extent / Double(pixels)).rounded()))
    }

    private static func places(
        in shape: RasterShape, side tileSide: Int, across: Int, down: Int
    ) -> [(x: Int, y: Int)] {
        // A fixed sequence: the same image always gives the same result.
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        func random(below bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return bound > 0 ? Int((state >> 33) % UInt64(bound)) : 0
        }
        var places: [(x: Int, y: Int)] = []
        for row in 0..<down {
            for column in 0..<across {
                let left = shape.width * column / across
                let top = shape.height * row / down
                let freeX = shape.width * (column + 1) / across - left - tileSide
                let freeY = shape.height * (row + 1) / down - top - tileSide
                // On the block grid, so that the source's own blocks stay whole.
                let x = min((left + random(below: freeX + 1)) & ~15, shape.width - tileSide)
                let y = min((top + random(below: freeY + 1)) & ~15, shape.height - tileSide)
                places.append((max(x, 0), max(y, 0)))
            }
        }
        return places
    }

    func receive(_ row: Span<UInt8>, plane index: Int) throws {
        let y = next[index]
        next[index] += 1
        let plane = sheet.planes[index]
        if isWhole {
            guard y < plane.height else { return }
            var target = plane.mutableRow(y)
            target.copy(from: row)
            return
        }
        let shape = source.planes[index]
        let tileWidth = Self.tileSize(tileSide, shape.extentWidth, of: source.width)
        let tileHeight = Self.tileSize(tileSide, shape.extentHeight, of: source.height)
        for (place, tile) in tiles.enumerated() {
            let top = Int(Double(tile.y) * shape.extentHeight / Double(source.height))
            guard y >= top, y < top + tileHeight else { continue }
            let left = min(Int(Double(tile.x) * shape.extentWidth / Double(source.width)), shape.width - tileWidth)
            let (sheetRow, sheetColumn) = place.quotientAndRemainder(dividingBy: tilesAcross)
            var target = plane.mutableRow(sheetRow * tileHeight + y - top)
            let count = tileWidth * shape.channels
            let from = max(left, 0) * shape.channels
            let to = sheetColumn * count
            for offset in 0..<min(count, row.count - from) { target[to + offset] = row[from + offset] }
        }
    }
}
