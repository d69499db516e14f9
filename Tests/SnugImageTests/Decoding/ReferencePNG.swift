// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport

/// A random PNG of any kind, written by the specification alone, with the samples that it stands for.
struct ReferencePNG {
    /// Colour type and depth (PNG 1.2 table 11.1).
    static let kinds: [(type: Int, depth: Int)] = [
        (0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (2, 8), (2, 16), (3, 1), (3, 2), (3, 4), (3, 8), (4, 8), (4, 16),
        (6, 8), (6, 16),
    ]

    let width: Int
    let height: Int
    let depth: Int
    let hasAlpha: Bool
    /// Red, green, blue and alpha of each pixel, of 16 bits.
    private(set) var pixels: [[Int]] = []
    private(set) var bytes: [UInt8]

    private let type: Int
    private var samples: [[Int]] = []
    private var palette: [[Int]] = []
    private var transparent: [Int]?
    private var channels: Int { [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][type] ?? 1 }

    init(_ kind: (type: Int, depth: Int), interlaced: Bool, transparency: Bool, _ random: inout SeededGenerator) {
        type = kind.type
        depth = kind.depth
        width = Int.random(in: 1...19, using: &random)
        height = Int.random(in: 1...19, using: &random)
        hasAlpha = kind.type >= 4 || transparency
        bytes = []
        let channels = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][kind.type] ?? 1
        let paletteCount = kind.type == 3 ? Int.random(in: 1...(1 << kind.depth), using: &random) : 0
        palette = (0..<paletteCount).map { _ in (0..<4).map { _ in Int.random(in: 0...255, using: &random) } }
        let largest = kind.type == 3 ? paletteCount - 1 : (1 << kind.depth) - 1
        samples = (0..<width * height).map { _ in
            (0..<channels).map { _ in Int.random(in: 0...largest, using: &random) }
        }
        if transparency {
            transparent =
                kind.type == 3
                ? (0..<Int.random(in: 1...paletteCount, using: &random)).map { palette[$0][3] }
                : samples[Int.random(in: 0..<samples.count, using: &random)]
        }
        pixels = samples.map(pixel)
        let data = interlaced ? passes(&random) : scanlines(0, 0, 1, 1, &random)
        bytes = file(data, interlaced: interlaced, &random)
    }

    private func pixel(_ sample: [Int]) -> [Int] {
        // §13.12: a depth is widened by the ratio of the largest values.
        func wide(_ value: Int) -> Int { value * 65_535 / ((1 << depth) - 1) }
        switch type {
        case 0: return [sample[0], sample[0], sample[0]].map(wide) + [transparent == sample ? 0 : 65_535]
        case 2: return sample.map(wide) + [transparent == sample ? 0 : 65_535]
        case 3:
            let alpha = transparent.flatMap { sample[0] < $0.count ? $0[sample[0]] : nil } ?? 255
            return (palette[sample[0]].prefix(3) + [alpha]).map { $0 * 257 }
        case 4: return [sample[0], sample[0], sample[0], sample[1]].map(wide)
        default: return sample.map(wide)
        }
    }

    // MARK: - Writing

    /// The seven passes of Adam7 (§8.2); empty ones have no rows.
    private func passes(_ random: inout SeededGenerator) -> [UInt8] {
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)].flatMap {
            $0.0 < width ? scanlines($0.0, $0.1, $0.2, $0.3, &random) : []
        }
    }

    /// Rows of every `dx`-th pixel of every `dy`-th row, each with a filter of its own.
    private func scanlines(_ left: Int, _ top: Int, _ dx: Int, _ dy: Int, _ random: inout SeededGenerator) -> [UInt8] {
        var data: [UInt8] = []
        var above: [UInt8]?
        for y in stride(from: top, to: height, by: dy) {
            let row = packed(stride(from: left, to: width, by: dx).flatMap { samples[y * width + $0] })
            let filter = UInt8.random(in: 0...4, using: &random)
            data += [filter] + filtered(row, above: above ?? [UInt8](repeating: 0, count: row.count), filter)
            above = row
        }
        return data
    }

    /// Samples one behind the other, highest bits first (§7.2).
    private func packed(_ values: [Int]) -> [UInt8] {
        var bits: [Int] = []
        for value in values { for bit in (0..<depth).reversed() { bits.append(value >> bit & 1) } }
        return stride(from: 0, to: bits.count, by: 8).map { start in
            (0..<8).reduce(0) { $0 << 1 | (start + $1 < bits.count ? UInt8(bits[start + $1]) : 0) }
        }
    }

    /// §9.2.
    private func filtered(_ row: [UInt8], above: [UInt8], _ filter: UInt8) -> [UInt8] {
        let distance = max(channels * depth / 8, 1)
        return row.indices.map { index in
            let left = index >= distance ? Int(row[index - distance]) : 0
            let up = Int(above[index])
            let corner = index >= distance ? Int(above[index - distance]) : 0
            let predicted: Int
            switch filter {
            case 1: predicted = left
            case 2: predicted = up
            case 3: predicted = (left + up) / 2
            case 4:
                let estimate = left + up - corner
                let (a, b, c) = (abs(estimate - left), abs(estimate - up), abs(estimate - corner))
                predicted = a <= b && a <= c ? left : b <= c ? up : corner
            default: predicted = 0
            }
            return row[index] &- UInt8(predicted)
        }
    }

    private func file(_ data: [UInt8], interlaced: Bool, _ random: inout SeededGenerator) -> [UInt8] {
        var file =
            PNGBuilder.signature
            + PNGBuilder.header(
                width: UInt32(width), height: UInt32(height), depth: UInt8(depth), colourType: UInt8(type),
                interlacing: interlaced ? 1 : 0)
        if type == 3 { file += PNGBuilder.chunk("PLTE", palette.flatMap { $0.prefix(3).map { UInt8($0) } }) }
        if let transparent {
            let bytes =
                type == 3 ? transparent.map { UInt8($0) } : transparent.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
            file += PNGBuilder.chunk("tRNS", bytes)
        }
        // Cut anywhere, also into chunks of nothing.
        var rest = PNGBuilder.zlib(data)[...]
        while !rest.isEmpty {
            let count = min(Int.random(in: 0...200, using: &random), rest.count)
            file += PNGBuilder.chunk("IDAT", Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return file + PNGBuilder.chunk("IEND")
    }
}
