// SPDX-License-Identifier: Apache-2.0

/// Writes a plane as the smallest PNG that holds every sample exactly.
///
/// The plane is bound to 8-bit samples; for 16-bit ones it is twice as wide as the image and holds native-endian
/// pairs of bytes, as ``PNGDecoder`` hands them out.
enum PNGLosslessEncoder {
    /// The number of compression methods to try.
    enum Effort: Sendable, Hashable, CaseIterable {
        /// One method, chosen on samples of the image.
        case quick
        /// The methods that do best on samples, at zlib's highest level: a few times slower, a few per cent smaller.
        case thorough
    }

    /// A compression method.
    private struct Candidate {
        var reduction: PNGReduction
        var filter: PNGEncoderOptions.Filter
        var strategy: PNGEncoderOptions.Strategy
    }

    /// Images up to this many bytes of samples are their own sample.
    private static let smallByteCount = 512 << 10
    private static let bandCount = 12

    /// Encodes `plane`.
    /// - Parameters:
    ///   - bits: 8 or 16.
    ///   - options: Metadata to write; level, filter and strategy are chosen here.
    /// - Returns: The smallest file found, or `nil` when none is within `byteLimit`.
    /// - Throws: `memory_exceeded`, `codec_failed`.
    static func encode(
        _ plane: Plane, bits: Int = 8, byteLimit: Int, effort: Effort = .quick,
        options: PNGEncoderOptions = PNGEncoderOptions()
    ) throws(ImageError) -> [UInt8]? {
        let ranked = try rank(candidates(for: plane, bits: bits, effort: effort), of: plane, bits: bits)
        var best: [UInt8]?
        var limit = byteLimit
        for candidate in ranked.prefix(effort == .quick ? 1 : 2) {
            var attempt = options
            attempt.filter = candidate.filter
            attempt.strategy = candidate.strategy
            attempt.level = effort == .quick ? 6 : 9
            let rows = Array(0..<plane.height)
            let encoded = try encode(plane, rows, bits: bits, candidate.reduction, options: attempt, byteLimit: limit)
            guard let bytes = encoded else { continue }
            best = bytes
            limit = bytes.count - 1
        }
        return best
    }

    /// The approximate size of ``encode(_:bits:byteLimit:effort:options:)``'s result, from bands of rows.
    ///
    /// Costs a few per cent of an encode on a large image. Within 5 % on photos; up to 15 % low on screenshots, whose
    /// few busy rows the bands may miss.
    static func estimatedBytes(of plane: Plane, bits: Int = 8) throws(ImageError) -> Int {
        let candidates = candidates(for: plane, bits: bits, effort: .quick)
        var smallest = Int.max
        for candidate in candidates {
            smallest = min(smallest, try sampledBytes(candidate, of: plane, bits: bits))
        }
        return smallest
    }

    // MARK: - Choosing

    private static func candidates(for plane: Plane, bits: Int, effort: Effort) -> [Candidate] {
        let reduction = PNGReduction(of: plane, bits: bits)
        var reductions = [reduction]
        if case .palette = reduction.layout, plane.width * plane.height <= 1 << 14 {
            // In a tiny image the palette's own bytes can outweigh what it saves.
            reductions.append(PNGReduction(of: plane, bits: bits, usesPalette: false))
        }
        var candidates: [Candidate] = []
        for reduction in reductions {
            candidates.append(Candidate(reduction: reduction, filter: .none, strategy: .standard))
            // Pixels that share a byte have no neighbours to be predicted from.
            if reduction.layout.bits < 8 && effort == .quick { continue }
            candidates.append(Candidate(reduction: reduction, filter: .adaptive, strategy: .standard))
            // Ordered palettes of soft images, rarely anything else.
            candidates.append(Candidate(reduction: reduction, filter: .adaptive, strategy: .filtered))
            guard effort == .thorough else { continue }
            candidates.append(Candidate(reduction: reduction, filter: .paeth, strategy: .standard))
            candidates.append(Candidate(reduction: reduction, filter: .up, strategy: .standard))
        }
        return candidates
    }

    /// The candidates by their size on samples, smallest first.
    private static func rank(
        _ candidates: [Candidate], of plane: Plane, bits: Int
    ) throws(ImageError) -> [Candidate] {
        guard candidates.count > 1 else { return candidates }
        var sized: [(bytes: Int, candidate: Candidate)] = []
        for candidate in candidates {
            sized.append((try sampledBytes(candidate, of: plane, bits: bits), candidate))
        }
        return sized.sorted { $0.bytes < $1.bytes }.map(\.candidate)
    }

    /// The size of the whole, extrapolated from bands of rows spread evenly over it.
    private static func sampledBytes(_ candidate: Candidate, of plane: Plane, bits: Int) throws(ImageError) -> Int {
        let rowBytes = plane.width * plane.channels
        let bandHeight = max(8, smallByteCount / bandCount / rowBytes)
        var options = PNGEncoderOptions()
        options.filter = candidate.filter
        options.strategy = candidate.strategy
        var rows = Array(0..<plane.height)
        if plane.height > bandHeight * bandCount * 2 {
            rows = (0..<bandCount).flatMap { band in
                let first = (plane.height - bandHeight) * band / (bandCount - 1)
                return first..<first + bandHeight
            }
        }
        let encoded = try encode(plane, rows, bits: bits, candidate.reduction, options: options, byteLimit: .max)
        return Int(Double(encoded?.count ?? 0) * Double(plane.height) / Double(rows.count))
    }

    // MARK: - Writing

    private static func encode(
        _ plane: Plane, _ rows: [Int], bits: Int, _ reduction: PNGReduction, options: PNGEncoderOptions,
        byteLimit: Int
    ) throws(ImageError) -> [UInt8]? {
        let width = bits == 16 ? plane.width / 2 : plane.width
        var encoder = try PNGEncoder(
            width: width, height: rows.count, layout: reduction.layout, options: options, byteLimit: byteLimit)
        var scratch = [UInt8](repeating: 0, count: encoder.rowByteCount)
        for y in rows {
            if encoder.isOverLimit { return nil }
            if reduction.changesRows {
                var output = scratch.mutableSpan
                reduction.convert(plane.row(y), into: &output)
                try encoder.write(scratch.span)
            } else {
                try encoder.write(plane.row(y))
            }
        }
        return try encoder.finish()
    }
}
