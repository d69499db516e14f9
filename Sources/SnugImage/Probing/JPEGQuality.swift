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
        let standards = luma.contains { $0 > 255 } ? Self.wideStandards : Self.standards
        let (lumaSum, chromaSum) = (luma.reduce(0, +), chroma?.reduce(0, +))
        var best = (quality: 100, distance: Int.max)
        for standard in standards {
            if standard.luma == luma { return standard.quality }
            var distance = standard.lumaSum - lumaSum
            if let chromaSum { distance += standard.chromaSum - chromaSum }
            if abs(distance) < best.distance { best = (standard.quality, abs(distance)) }
        }
        return best.quality
    }

    /// The tables of a quality, as far as they are compared.
    private struct Standard {
        let quality: Int
        let luma: [Int]
        let lumaSum: Int
        let chromaSum: Int

        init(_ quality: Int, cap: Int) {
            self.quality = quality
            luma = JPEGQuality.scaled(JPEGQuality.luma, quality: quality, cap: cap)
            lumaSum = luma.reduce(0, +)
            chromaSum = JPEGQuality.scaled(JPEGQuality.chroma, quality: quality, cap: cap).reduce(0, +)
        }
    }

    // Each header of a JPEG is compared with all of them: the best quality first.
    private static let standards = (1...100).reversed().map { Standard($0, cap: 255) }
    private static let wideStandards = (1...100).reversed().map { Standard($0, cap: 32_767) }

    /// A table as `jpeg_set_quality` scales it.
    private static func scaled(_ table: [Int], quality: Int, cap: Int) -> [Int] {
        let scale = quality < 50 ? 5000 / quality : 200 - 2 * quality
        return table.map { min(max(($0 * scale + 50) / 100, 1), cap) }
    }

    // In zigzag order, as they are stored.
    private static let luma = Zigzag.naturalIndices.map { Int(QuantizationTable.lumaBase[$0]) }
    private static let chroma = Zigzag.naturalIndices.map { Int(QuantizationTable.chromaBase[$0]) }
}
