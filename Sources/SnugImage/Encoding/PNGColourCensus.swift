// SPDX-License-Identifier: Apache-2.0

/// The colours of an 8-bit plane.
struct PNGColourCensus {
    private(set) var isOpaque = true
    private(set) var isGray = true
    /// The colours when there are 256 or fewer.
    let palette: PNGPalette?
    /// Fewest bits whose evenly spaced levels hold every gray: 1, 2, 4 or 8. Only for a plane of grays.
    let grayBits: Int

    init(of plane: Plane) {
        let channels = plane.channels
        let hasAlpha = channels == 2 || channels == 4
        var table = PNGColourTable()
        var last: UInt32?
        for y in 0..<plane.height {
            let row = plane.row(y)
            for start in Swift.stride(from: 0, to: row.count, by: channels) {
                let colour = Self.colour(of: row, at: start, channels: channels)
                // Flat areas cost one comparison a pixel.
                if colour == last { continue }
                last = colour
                if colour & 255 != 255 { isOpaque = false }
                if isGray && !Self.isGray(colour) { isGray = false }
                table.insert(colour)
            }
            if table.isOverfull && (!isOpaque || !hasAlpha) && (!isGray || channels < 3) { break }
        }
        palette = table.isOverfull ? nil : PNGPalette(table.colours)
        grayBits = isGray ? Self.grayBits(palette) : 8
    }

    private static func grayBits(_ palette: PNGPalette?) -> Int {
        guard let palette else { return 8 }
        let levels = palette.colours.map { $0 >> 24 }
        if levels.allSatisfy({ $0 % 255 == 0 }) { return 1 }
        if levels.allSatisfy({ $0 % 85 == 0 }) { return 2 }
        return levels.allSatisfy { $0 % 17 == 0 } ? 4 : 8
    }

    private static func isGray(_ colour: UInt32) -> Bool {
        colour >> 24 == colour >> 16 & 255 && colour >> 24 == colour >> 8 & 255
    }

    /// The pixel at byte `start` as red, green, blue, alpha from the highest byte down.
    @inline(__always)
    static func colour(of row: Span<UInt8>, at start: Int, channels: Int) -> UInt32 {
        switch channels {
        case 1: return UInt32(row[start]) &* 0x0101_0100 | 255
        case 2: return UInt32(row[start]) &* 0x0101_0100 | UInt32(row[start &+ 1])
        default:
            let rgb =
                UInt32(row[start]) &<< 24 | UInt32(row[start &+ 1]) &<< 16 | UInt32(row[start &+ 2]) &<< 8
            return rgb | (channels == 4 ? UInt32(row[start &+ 3]) : 255)
        }
    }
}
