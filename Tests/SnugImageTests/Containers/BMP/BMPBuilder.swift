// SPDX-License-Identifier: Apache-2.0

/// Makes bitmaps with each of the headers that exist, byte by byte as their documentation has them.
struct BMPBuilder {
    var width: Int
    var height: Int
    var bits: Int
    /// 12 and 64 are OS/2's, 16 is its short form, 40 to 124 are Windows'.
    var headerLength = 40
    var compression = 0
    /// Red, green, blue and alpha, as far as the header has them.
    var masks: [Int] = []
    var palette: [[UInt8]] = []
    /// The number of colours that the header tells; that of ``palette`` unless set.
    var coloursUsed: Int?
    var isTopDown = false
    /// Bytes between the colours and the pixels.
    var gap = 0
    /// Pixels from the top, row by row.
    var pixels: [Int] = []
    /// The stored pixels of a file with runs.
    var runs: [UInt8]?

    static func little(_ value: Int, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// A file.
    var bytes: [UInt8] {
        let start = 14 + header().count + colours.count + gap
        let size = start + data.count
        return Array("BM".utf8) + Self.little(size, 4) + [0, 0, 0, 0] + Self.little(start, 4) + header() + colours
            + [UInt8](repeating: 0xEE, count: gap) + data
    }

    /// A bitmap as an icon holds it, with its mask.
    func icon(mask: [UInt8]) -> [UInt8] { header(heightFactor: 2) + colours + data + mask }

    private var colours: [UInt8] {
        palette.flatMap { [$0[2], $0[1], $0[0]] + (headerLength == 12 ? [] : [0]) }
    }

    func header(heightFactor: Int = 1) -> [UInt8] {
        let height = (isTopDown ? -self.height : self.height) * heightFactor
        if headerLength == 12 {
            return Self.little(12, 4) + Self.little(width, 2) + Self.little(height, 2) + [1, 0] + Self.little(bits, 2)
        }
        var header = Self.little(headerLength, 4) + Self.little(width, 4) + Self.little(height, 4) + [1, 0]
        header += Self.little(bits, 2)
        if headerLength == 16 { return header }
        header += Self.little(compression, 4) + Self.little(data.count, 4) + Self.little(2835, 4) + Self.little(2835, 4)
        header += Self.little(coloursUsed ?? palette.count, 4) + Self.little(0, 4)
        // Masks follow the header of 40 bytes, and are part of the longer ones of Windows.
        let maskCount = headerLength == 40 ? (compression == 3 ? 3 : compression == 6 ? 4 : 0) : 4
        if headerLength != 64 {
            let all = masks + [Int](repeating: 0, count: max(0, maskCount - masks.count))
            header += all.prefix(headerLength == 52 ? 3 : maskCount).flatMap { Self.little($0, 4) }
        }
        return header + [UInt8](repeating: 0, count: max(0, headerLength - header.count))
    }

    var data: [UInt8] {
        if let runs { return runs }
        let rows = (0..<height).map { y in row(Array(pixels[y * width..<(y + 1) * width])) }
        return (isTopDown ? rows : rows.reversed()).flatMap { $0 }
    }

    /// Small pixels from the highest bits of a byte on, large ones from the lowest byte on, padded to four bytes.
    private func row(_ pixels: [Int]) -> [UInt8] {
        var row: [UInt8] = []
        if bits >= 8 {
            row = pixels.flatMap { Self.little($0, bits / 8) }
        } else {
            let perByte = 8 / bits
            for start in stride(from: 0, to: pixels.count, by: perByte) {
                var byte = 0
                for place in 0..<perByte {
                    byte = byte << bits | (start + place < pixels.count ? pixels[start + place] : 0)
                }
                row.append(UInt8(byte))
            }
        }
        while !row.count.isMultiple(of: 4) { row.append(0xEE) }
        return row
    }

    /// The sample of a pixel under a mask, in 0…255.
    static func sample(_ pixel: Int, mask: Int) -> UInt8 {
        guard mask > 0 else { return 0 }
        var (value, most, bit) = (0, 0, 0)
        for place in 0..<32 where mask >> place & 1 == 1 {
            value |= (pixel >> place & 1) << bit
            most |= 1 << bit
            bit += 1
        }
        return UInt8((Double(value) * 255 / Double(most)).rounded())
    }
}
