// SPDX-License-Identifier: Apache-2.0

/// A JPEG quantization table: the divisor of each DCT coefficient, row by row.
struct QuantizationTable: Sendable, Hashable {
    /// 64 divisors in natural order, 1…255.
    let values: [UInt16]

    /// The luma table for a quality.
    static func luma(quality: Double) -> QuantizationTable { scaled(lumaBase, quality: quality) }

    /// The chroma table for a quality.
    static func chroma(quality: Double) -> QuantizationTable { scaled(chromaBase, quality: quality) }

    /// Scales a base table as libjpeg's `jpeg_quality_scaling` does, but with real numbers: at a whole quality the table
    /// is libjpeg's own, and between two of them sizes change by about 0.1 % a step instead of up to 14 %.
    private static func scaled(_ base: [UInt16], quality: Double) -> QuantizationTable {
        let bounded = min(max(quality, 1), 100)
        let percent = bounded < 50 ? 5000 / bounded : 200 - 2 * bounded
        // libjpeg truncates the percentage of a quality under 50 to a whole number.
        let scale = bounded < 50 && bounded == bounded.rounded() ? percent.rounded(.down) : percent
        return QuantizationTable(
            values: base.map { UInt16(min(max(((Double($0) * scale + 50) / 100).rounded(.down), 1), 255)) })
    }

    // ITU-T T.81 annex K, tables K.1 and K.2.
    static let lumaBase: [UInt16] = [
        16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
        14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
        18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
        49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
    ]
    static let chromaBase: [UInt16] = [
        17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
        24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
        99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
        99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    ]
}
