// SPDX-License-Identifier: Apache-2.0

/// Makes GIF files by GIF89a, and composes them by its words (§23, disposal) without a decoder.
struct GIFBuilder {
    struct Frame {
        var left = 0
        var top = 0
        var width: Int
        var height: Int
        /// Row by row as shown.
        var indexes: [UInt8]
        var palette: [[UInt8]]?
        var transparent: UInt8?
        var disposal = 0
        var isInterlaced = false
    }

    var width: Int
    var height: Int
    var palette: [[UInt8]]?
    var frames: [Frame] = []
    /// Whole blocks between the screen's colours and the first frame.
    var extensions: [UInt8] = []

    var bytes: [UInt8] {
        Array("GIF89a".utf8) + Self.little(width) + Self.little(height) + [Self.flags(palette), 0, 0]
            + (palette ?? []).flatMap { $0 } + extensions + frames.flatMap(Self.bytes) + [0x3B]
    }

    private static func little(_ value: Int) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8)] }

    /// The bit for colours, and their number as a power of two.
    private static func flags(_ palette: [[UInt8]]?) -> UInt8 {
        guard let palette else { return 0 }
        return 0x80 | UInt8(palette.count.trailingZeroBitCount - 1)
    }

    static func bytes(_ frame: Frame) -> [UInt8] {
        let control: [UInt8] =
            [0x21, 0xF9, 4, UInt8(frame.disposal << 2) | (frame.transparent == nil ? 0 : 1), 5, 0]
            + [frame.transparent ?? 0, 0]
        let place = [frame.left, frame.top, frame.width, frame.height].flatMap(little)
        let flags = Self.flags(frame.palette) | (frame.isInterlaced ? 0x40 : 0)
        let stored = storedRows(frame).flatMap { frame.indexes[$0 * frame.width..<($0 + 1) * frame.width] }
        return control + [0x2C] + place + [flags] + (frame.palette ?? []).flatMap { $0 } + compressed(stored)
    }

    /// Rows in the order of the file: of an interlaced frame every eighth first (appendix E).
    private static func storedRows(_ frame: Frame) -> [Int] {
        guard frame.isInterlaced else { return Array(0..<frame.height) }
        let passes = [(0, 8), (4, 8), (2, 4), (1, 2)]
        return passes.flatMap { Array(stride(from: $0.0, to: frame.height, by: $0.1)) }
    }

    /// LZW codes of single pixels (appendix F), the table cleared before it grows.
    private static func compressed(_ indexes: [UInt8]) -> [UInt8] {
        var bits: [Bool] = []
        func put(_ code: Int) { bits += (0..<9).map { code >> $0 & 1 == 1 } }
        for (place, index) in indexes.enumerated() {
            if place % 250 == 0 { put(256) }
            put(Int(index))
        }
        put(257)
        while !bits.count.isMultiple(of: 8) { bits.append(false) }
        let data = stride(from: 0, to: bits.count, by: 8).map { start in
            (0..<8).reduce(UInt8(0)) { $0 | (bits[start + $1] ? 1 << UInt8($1) : 0) }
        }
        return [8] + blocks(data)
    }

    /// Data in sub-blocks with the one of no bytes that ends them.
    static func blocks(_ data: [UInt8]) -> [UInt8] {
        stride(from: 0, to: data.count, by: 255).flatMap { start -> [UInt8] in
            let block = data[start..<min(start + 255, data.count)]
            return [UInt8(block.count)] + block
        } + [0]
    }

    /// RGBA of the canvas once the frames up to one of them, from 1, are drawn.
    func canvas(_ page: Int) -> (width: Int, height: Int, rgba: [UInt8]) {
        // Many files have a screen that is too small for the first frame.
        let width = max(self.width, frames[0].left + frames[0].width)
        let height = max(self.height, frames[0].top + frames[0].height)
        var pixels = [[UInt8]](repeating: [0, 0, 0, 0], count: width * height)
        for (number, frame) in frames.prefix(page).enumerated() {
            let before = pixels
            for y in 0..<frame.height {
                for x in 0..<frame.width where frame.left + x < width && frame.top + y < height {
                    let index = frame.indexes[y * frame.width + x]
                    let place = (frame.top + y) * width + frame.left + x
                    let colours = frame.palette ?? palette ?? []
                    if index != frame.transparent { pixels[place] = colours[Int(index)] + [255] }
                    if frame.disposal == 2 && number < page - 1 { pixels[place] = [0, 0, 0, 0] }
                }
            }
            if frame.disposal == 3 && number < page - 1 { pixels = before }
        }
        return (width, height, pixels.flatMap { $0 })
    }
}
