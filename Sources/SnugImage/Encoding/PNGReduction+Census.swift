// SPDX-License-Identifier: Apache-2.0

/// What colours an 8-bit plane holds.
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

/// Colours and their indices by hashing; takes 256 and then notes only that there were more.
struct PNGColourTable {
    private static let slotCount = 1024
    private var keys = [UInt32](repeating: 0, count: slotCount)
    /// −1 for an empty slot.
    private var indices = [Int16](repeating: -1, count: slotCount)
    private(set) var colours: [UInt32] = []
    private(set) var isOverfull = false

    init() {}

    /// A table in which each colour of `palette` has its index there.
    init(_ palette: PNGPalette) {
        for colour in palette.colours { insert(colour) }
    }

    private func slot(of colour: UInt32) -> Int {
        // Fibonacci hashing: the ten highest bits of the product.
        var slot = Int((colour &* 0x9E37_79B1) >> 22)
        while indices[slot] >= 0 && keys[slot] != colour { slot = (slot + 1) % Self.slotCount }
        return slot
    }

    mutating func insert(_ colour: UInt32) {
        guard !isOverfull else { return }
        let slot = slot(of: colour)
        guard indices[slot] < 0 else { return }
        guard colours.count < 256 else {
            isOverfull = true
            return
        }
        keys[slot] = colour
        indices[slot] = Int16(colours.count)
        colours.append(colour)
    }

    func index(of colour: UInt32) -> UInt8? { UInt8(exactly: indices[slot(of: colour)]) }
}

/// What can be dropped from a plane of 16-bit samples, whose bytes stand in pairs.
struct PNGSampleTraits {
    private(set) var isOpaque = true
    private(set) var isGray = true
    /// Whether every sample is an 8-bit one times 257.
    private(set) var hasEqualBytes = true

    init(of plane: Plane) {
        let channels = plane.channels
        let hasAlpha = channels == 2 || channels == 4
        for y in 0..<plane.height {
            let row = plane.row(y)
            if hasEqualBytes {
                for at in Swift.stride(from: 0, to: row.count, by: 2) where row[at] != row[at + 1] {
                    hasEqualBytes = false
                    break
                }
            }
            for start in Swift.stride(from: 0, to: row.count, by: channels * 2) {
                if hasAlpha && isOpaque {
                    let alpha = start + channels * 2 - 2
                    isOpaque = row[alpha] == 255 && row[alpha + 1] == 255
                }
                if channels >= 3 && isGray {
                    isGray =
                        row[start] == row[start + 2] && row[start] == row[start + 4]
                        && row[start + 1] == row[start + 3] && row[start + 1] == row[start + 5]
                }
            }
            if !hasEqualBytes && (!isOpaque || !hasAlpha) && (!isGray || channels < 3) { break }
        }
    }
}
