// SPDX-License-Identifier: Apache-2.0
import RealModule
import SnugSystem

/// Predicts how many bytes an image takes as a JPEG, from a sample of its pixels.
///
/// The sample is encoded for real at each quality that is asked for: a thirtieth of the image, a thirtieth of the cost.
final class JPEGRateModel {
    private let sheet: Raster
    /// Pixels of the image for each pixel of the sheet.
    private let ratio: Double
    private let cancellation: CancellationFlag
    private var known: [Double: Double] = [:]
    /// Actual over predicted bytes, learnt from real encodes.
    private(set) var correction = 1.0

    /// Bytes of markers and tables, which do not grow with the image.
    private static let headerBytes = 620.0

    /// - Parameters:
    ///   - sheet: Gray or YCbCr planes with the chroma resolution that the output will have.
    ///   - pixels: Pixels of the output.
    init(sheet: Raster, pixels: Int, cancellation: CancellationFlag) {
        self.sheet = sheet
        ratio = Double(pixels) / Double(max(sheet.shape.width * sheet.shape.height, 1))
        self.cancellation = cancellation
    }

    /// Predicted bytes of the whole image at a quality.
    func bytes(quality: Double) throws -> Double {
        if let bytes = known[quality] { return bytes * correction }
        let count = Double(try encode(quality: quality, coding: .optimized).byteCount)
        let bytes = Self.headerBytes + max(count - Self.headerBytes, 1) * ratio
        known[quality] = bytes
        return bytes * correction
    }

    /// Corrects all predictions by a real encode of the whole image.
    func learn(actual: Int, quality: Double) throws {
        correction *= Double(actual) / max(try bytes(quality: quality), 1)
    }

    /// Multiplies all predictions, by a gain or a bias that is known.
    func scale(by factor: Double) { correction *= factor }

    /// Bytes of progressive over those of plain coding, measured on the sample.
    func progressiveGain(quality: Double) throws -> Double {
        let plain = try encode(quality: quality, coding: .optimized).byteCount
        let progressive = try encode(quality: quality, coding: .progressive).byteCount
        return Double(progressive) / Double(max(plain, 1))
    }

    /// Huffman tables that suit the image at a quality.
    func huffmanTables(quality: Double) throws -> HuffmanTables? {
        guard let tables = try encode(quality: quality, coding: .optimized).tables else { return nil }
        return HuffmanTables(
            lumaDC: .complete(sampled: tables.lumaDC, isDC: true),
            lumaAC: .complete(sampled: tables.lumaAC, isDC: false),
            chromaDC: tables.chromaDC.map { .complete(sampled: $0, isDC: true) },
            chromaAC: tables.chromaAC.map { .complete(sampled: $0, isDC: false) })
    }

    /// The highest quality whose predicted bytes are at most `byteTarget`, within a fifth of a quality step.
    /// - Returns: `nil` when even the lowest is predicted to be over.
    func quality(for byteTarget: Double, in range: ClosedRange<Double>) throws -> Double? {
        if try bytes(quality: range.upperBound) <= byteTarget { return range.upperBound }
        var low = range.lowerBound
        var lowBytes = try bytes(quality: low)
        if lowBytes > byteTarget { return nil }
        var high = range.upperBound
        var highBytes = try bytes(quality: high)
        // Bytes grow about like a power of the inverse table scale, so interpolate both on a log scale.
        func position(_ quality: Double) -> Double { -Double.log(JPEGRateModel.tableScale(quality)) }
        for _ in 0..<8 {
            if high - low < 0.2 || lowBytes > byteTarget * 0.997 { break }
            let share = Double.log(byteTarget / lowBytes) / max(Double.log(highBytes / lowBytes), 1e-9)
            let guess = position(low) + (position(high) - position(low)) * min(max(share, 0.08), 0.92)
            let middle = JPEGRateModel.quality(tableScale: .exp(-guess))
            let middleBytes = try bytes(quality: middle)
            if middleBytes <= byteTarget {
                (low, lowBytes) = (middle, middleBytes)
            } else {
                (high, highBytes) = (middle, middleBytes)
            }
        }
        return low
    }

    private static func tableScale(_ quality: Double) -> Double {
        max(quality < 50 ? 5000 / quality : 200 - 2 * quality, 0.5)
    }

    private static func quality(tableScale: Double) -> Double {
        tableScale > 100 ? 5000 / tableScale : (200 - tableScale) / 2
    }

    private func encode(
        quality: Double, coding: JPEGEncoder.Coding
    ) throws -> (byteCount: Int, tables: HuffmanTables?) {
        try cancellation.check()
        let shape = sheet.shape
        let sink = try JPEGEncodingSink(
            JPEGEncoder.Settings(
                width: shape.width, height: shape.height, isGray: shape.model == .gray,
                subsamplesChroma: !shape.hasFullChroma, quality: quality, coding: coding, byteLimit: .max / 2),
            cancellation: cancellation)
        try sheet.send(to: sink, cancellation: cancellation)
        guard try sink.finish() else { return (.max, nil) }
        return (sink.byteCount, coding == .optimized ? sink.huffmanTables : nil)
    }
}
