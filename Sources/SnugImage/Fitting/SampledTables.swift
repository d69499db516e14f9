// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// Huffman tables for an encoder without the memory for tables of its own, made from a sample of the image.
enum SampledTables {
    /// - Parameters:
    ///   - sheet: Gray or YCbCr planes with the chroma resolution that the output will have.
    static func tables(
        of sheet: Raster, quality: Double, cancellation: CancellationFlag
    ) throws -> HuffmanTables? {
        try cancellation.check()
        let shape = sheet.shape
        let sink = try JPEGEncodingSink(
            JPEGEncoder.Settings(
                width: shape.width, height: shape.height, isGray: shape.model == .gray,
                subsamplesChroma: !shape.hasFullChroma, quality: quality, coding: .optimized, byteLimit: .max / 2),
            cancellation: cancellation)
        try sheet.send(to: sink, cancellation: cancellation)
        guard try sink.finish(), let tables = sink.huffmanTables else { return nil }
        return HuffmanTables(
            lumaDC: .complete(sampled: tables.lumaDC, isDC: true),
            lumaAC: .complete(sampled: tables.lumaAC, isDC: false),
            chromaDC: tables.chromaDC.map { .complete(sampled: $0, isDC: true) },
            chromaAC: tables.chromaAC.map { .complete(sampled: $0, isDC: false) })
    }
}
