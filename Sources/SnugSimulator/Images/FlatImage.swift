// SPDX-License-Identifier: Apache-2.0

/// An image of one colour: small, valid, of any size, and different for each seed.
struct FlatImage {
    /// The formats that results come in.
    enum Format: String {
        case png, jpeg, webp

        var contentType: String { "image/\(rawValue)" }
        var fileExtension: String { self == .jpeg ? "jpg" : rawValue }
    }

    var width: Int
    var height: Int
    /// Decides the colour.
    var seed: Int
    /// Bytes of ballast in a part of the file that decoders skip.
    var padding = 0

    func bytes(_ format: Format) -> [UInt8] {
        switch format {
        case .png: png
        case .jpeg: jpeg
        case .webp: webp
        }
    }

    private var red: UInt8 { UInt8(truncatingIfNeeded: seed &* 37 &+ 90) }
    private var green: UInt8 { UInt8(truncatingIfNeeded: seed &* 59 &+ 120) }
    private var blue: UInt8 { UInt8(truncatingIfNeeded: seed &* 83 &+ 60) }

    // MARK: PNG: one bit a pixel, every pixel the palette's first colour, so that the pixel data is all zeros.

    private var png: [UInt8] {
        let size = ZeroRun.bigEndian(UInt32(width)) + ZeroRun.bigEndian(UInt32(height))
        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        file += chunk("IHDR", size + [1, 3, 0, 0, 0])
        if padding > 0 { file += chunk("snUg", [], zeros: padding) }
        file += chunk("PLTE", [red, green, blue, 255, 255, 255])
        file += chunk("IDAT", ZeroRun.zlib(height * (1 + (width + 7) / 8)))
        return file + chunk("IEND", [])
    }

    private func chunk(_ type: String, _ data: [UInt8], zeros: Int = 0) -> [UInt8] {
        var check = CRC32()
        check.update(type.utf8)
        check.update(data)
        check.updateZeros(zeros)
        return ZeroRun.bigEndian(UInt32(data.count + zeros)) + Array(type.utf8) + data
            + [UInt8](repeating: 0, count: zeros) + ZeroRun.bigEndian(check.value)
    }

    // MARK: JPEG: greyscale, baseline; the first block carries the level, all others say "no change".

    private var jpeg: [UInt8] {
        var file: [UInt8] = [0xFF, 0xD8]
        file += segment(0xE0, Array("JFIF".utf8) + [0, 1, 1, 0, 0, 1, 0, 1, 0, 0])
        var ballast = padding
        while ballast > 0 {
            let part = min(ballast, 65_000)
            file += segment(0xFE, [UInt8](repeating: 0x20, count: part))
            ballast -= part
        }
        file += segment(0xDB, [0] + [UInt8](repeating: 8, count: 64))
        let sides = [height >> 8, height, width >> 8, width].map { UInt8(truncatingIfNeeded: $0) }
        file += segment(0xC0, [8] + sides + [1, 1, 0x11, 0])
        // DC: the categories 0–8 with the code lengths of Annex K.3; AC: end of block only, one bit.
        file += segment(0xC4, [0x00, 0, 1, 5, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] + [0, 1, 2, 3, 4, 5, 6, 7, 8])
        file += segment(0xC4, [0x10, 1] + [UInt8](repeating: 0, count: 15) + [0])
        file += segment(0xDA, [1, 1, 0x00, 0, 63, 0])
        return file + scan + [0xFF, 0xD9]
    }

    private var scan: [UInt8] {
        var bits = BitWriter(.highestFirst)
        let level = Int(green) - 128
        let category = Int.bitWidth - abs(level).leadingZeroBitCount
        let codes = [(0b00, 2), (0b010, 3), (0b011, 3), (0b100, 3), (0b101, 3), (0b110, 3)]
        let longer = [(0b1110, 4), (0b11110, 5), (0b111110, 6)]
        let code = (codes + longer)[category]
        bits.highFirst(code.0, count: code.1)
        bits.highFirst(level < 0 ? level - 1 : level, count: category)
        bits.highFirst(0, count: 1)
        for _ in 1..<max(1, (width + 7) / 8 * ((height + 7) / 8)) { bits.highFirst(0, count: 3) }
        bits.finish(padding: 1)
        return bits.bytes.flatMap { $0 == 0xFF ? [0xFF, 0x00] : [$0] }
    }

    private func segment(_ marker: UInt8, _ data: [UInt8]) -> [UInt8] {
        let length = data.count + 2
        return [0xFF, marker, UInt8(truncatingIfNeeded: length >> 8), UInt8(truncatingIfNeeded: length)] + data
    }

    // MARK: WebP: lossless, every prefix code a single symbol, so that a pixel takes no bits.

    private var webp: [UInt8] {
        var bits = BitWriter(.lowestFirst)
        bits.lowFirst(0x2F, count: 8)
        bits.lowFirst(width - 1, count: 14)
        bits.lowFirst(height - 1, count: 14)
        bits.lowFirst(0, count: 4)  // no alpha, version 0
        bits.lowFirst(0, count: 3)  // no transform, no colour cache, no meta codes
        for symbol in [green, red, blue, 255, 0] {
            bits.lowFirst(0b101, count: 3)  // a simple code, one symbol, eight bits long
            bits.lowFirst(Int(symbol), count: 8)
        }
        bits.finish()
        var chunks = riffChunk("VP8L", bits.bytes)
        if padding > 0 { chunks += riffChunk("snUg", [UInt8](repeating: 0, count: padding)) }
        return riffChunk("RIFF", Array("WEBP".utf8) + chunks)
    }

    private func riffChunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
        Array(type.utf8) + ZeroRun.bigEndian(UInt32(data.count)).reversed() + data
            + (data.count % 2 == 1 ? [0] : [])
    }
}
