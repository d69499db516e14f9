// SPDX-License-Identifier: Apache-2.0

/// Quantisation tables, and the libjpeg quality that comes nearest to them.
struct JPEGQuality {
    /// Tables by number, in zigzag order as stored.
    private var tables: [Int: [Int]] = [:]

    /// Reads a DQT segment (ITU-T T.81 B.2.4.1); a cut or nonsensical table ends it.
    mutating func read(_ payload: ByteView) {
        var offset = 0
        while let head = payload.u8(at: offset), head >> 4 <= 1, head & 15 <= 3 {
            let width = 1 + (head >> 4)
            let values = (0..<64).compactMap { index in
                width == 1 ? payload.u8(at: offset + 1 + index) : payload.u16(at: offset + 1 + 2 * index)
            }
            guard values.count == 64 else { return }
            tables[head & 15] = values
            offset += 1 + 64 * width
        }
    }

    /// The estimate for a frame, `nil` when its tables are missing.
    ///
    /// libjpeg's own tables are found exactly. Others (Photoshop, cameras) have no libjpeg quality; the one whose tables
    /// have the nearest sum quantises about as coarsely.
    func estimate(for frame: JPEGFrame) -> Int? {
        guard let first = frame.components.first, let luma = tables[first.quantisationTable] else { return nil }
        let chroma = frame.components.count >= 3 ? tables[frame.components[1].quantisationTable] : nil
        var best = (quality: 100, distance: Int.max)
        for quality in stride(from: 100, through: 1, by: -1) {
            let cap = luma.contains { $0 > 255 } ? 32_767 : 255
            let standard = Self.scaled(Self.luma, quality: quality, cap: cap)
            if standard == luma { return quality }
            var distance = standard.reduce(0, +) - luma.reduce(0, +)
            if let chroma {
                distance += Self.scaled(Self.chroma, quality: quality, cap: cap).reduce(0, +) - chroma.reduce(0, +)
            }
            if abs(distance) < best.distance { best = (quality, abs(distance)) }
        }
        return best.quality
    }

    /// A table as `jpeg_set_quality` scales it.
    private static func scaled(_ table: [Int], quality: Int, cap: Int) -> [Int] {
        let scale = quality < 50 ? 5000 / quality : 200 - 2 * quality
        return table.map { min(max(($0 * scale + 50) / 100, 1), cap) }
    }

    // In zigzag order, as they are stored.
    private static let luma = Zigzag.naturalIndices.map { Int(QuantizationTable.lumaBase[$0]) }
    private static let chroma = Zigzag.naturalIndices.map { Int(QuantizationTable.chromaBase[$0]) }
}
