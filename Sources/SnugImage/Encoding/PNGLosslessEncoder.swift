// SPDX-License-Identifier: Apache-2.0

/// Writes a plane of 8-bit samples as the smallest PNG that holds every sample exactly.
enum PNGLosslessEncoder {
    /// The CPU time to spend.
    enum Effort: Sendable, Hashable, CaseIterable {
        /// libdeflate's level 6.
        case quick
        /// Level 9, and 12 where that may bring the file under its limit.
        case thorough
    }
    /// The result of an attempt.
    enum Attempt {
        case fits([UInt8])
        /// Measured, or estimated from a sample.
        case tooLarge(byteCount: Int)
    }

    /// A layout and the filters of its rows.
    private struct Candidate {
        var reduction: PNGReduction
        var filtering: PNGScanlines.Filtering
    }

    /// Images up to this many bytes of samples are their own sample.
    private static let smallByteCount = 512 << 10
    private static let bandCount = 12
    /// Level 12 takes up to 8 % less than level 9, for ten times the CPU.
    private static let highestGain = 1.08
    /// Where deflate leaves this share of so many bytes, a higher level than 6 takes seconds for a few per cent.
    private static let noisyShare = 0.4
    private static let noisyByteCount = 24 << 20

    /// Encodes `plane` unless a sample tells that it is far over the limit.
    /// - Parameters:
    ///   - options: Metadata to write; the rest is chosen here.
    ///   - usesPalette: Few colours may become a palette.
    ///   - believed: An estimate of so many times the limit is not checked by encoding.
    /// - Throws: `memory_exceeded`.
    static func attempt(
        _ plane: Plane, byteLimit: Int, effort: Effort, options: PNGEncoderOptions, usesPalette: Bool = true,
        believed: Double
    ) throws(ImageError) -> Attempt {
        let (candidate, estimate) = try best(of: candidates(for: plane, usesPalette: usesPalette), on: plane)
        if Double(estimate) > Double(byteLimit) * believed { return .tooLarge(byteCount: estimate) }
        let lines = PNGScanlines(
            plane, layout: candidate.reduction.layout, reduction: candidate.reduction, filtering: candidate.filtering)
        let isNoisy = lines.bytes.count > noisyByteCount && Double(estimate) > Double(lines.bytes.count) * noisyShare
        guard effort == .thorough, !isNoisy else {
            let bytes = try DeflatedPNG.encode(lines, level: 6, options: options, byteLimit: byteLimit)
            return bytes.map(Attempt.fits) ?? .tooLarge(byteCount: max(estimate, byteLimit + byteLimit / 50))
        }
        let allowed = Double(byteLimit) * highestGain
        let enough = allowed < Double(Int.max / 2) ? Int(allowed) : Int.max
        guard let bytes = try DeflatedPNG.encode(lines, level: 9, options: options, byteLimit: enough) else {
            return .tooLarge(byteCount: max(estimate, enough))
        }
        if bytes.count <= byteLimit { return .fits(bytes) }
        let smaller = try DeflatedPNG.encode(lines, level: 12, options: options, byteLimit: byteLimit)
        return smaller.map(Attempt.fits) ?? .tooLarge(byteCount: bytes.count)
    }

    // MARK: - Choosing

    private static func candidates(for plane: Plane, usesPalette: Bool) -> [Candidate] {
        let reduction = PNGReduction(of: plane, usesPalette: usesPalette)
        var reductions = [reduction]
        if case .palette = reduction.layout, plane.width * plane.height <= 1 << 14 {
            // In a tiny image the palette's own bytes can outweigh what it saves.
            reductions.append(PNGReduction(of: plane, usesPalette: false))
        }
        return reductions.flatMap { reduction in
            // Pixels that share a byte have no neighbours to be predicted from.
            let filterings: [PNGScanlines.Filtering] =
                reduction.layout.bits < 8 ? [.none] : PNGScanlines.Filtering.allCases
            return filterings.map { Candidate(reduction: reduction, filtering: $0) }
        }
    }

    /// The candidate that is smallest on a sample, and its estimated size.
    ///
    /// Costs a few per cent of an encode on a large image. Within 5 % on photos; up to 15 % low on screenshots, whose
    /// few busy rows the bands may miss.
    private static func best(
        of candidates: [Candidate], on plane: Plane
    ) throws(ImageError) -> (candidate: Candidate, bytes: Int) {
        var best = (candidate: candidates[0], bytes: Int.max)
        for candidate in candidates {
            let bytes = try sampledBytes(candidate, of: plane)
            if bytes < best.bytes { best = (candidate, bytes) }
        }
        return best
    }

    /// True when an estimate is of all rows.
    static func samplesAll(of plane: Plane) -> Bool { plane.height <= bandHeight(of: plane) * bandCount * 2 }

    private static func bandHeight(of plane: Plane) -> Int {
        max(8, smallByteCount / bandCount / (plane.width * plane.channels))
    }

    /// The size of the whole, extrapolated from bands of rows spread evenly over it.
    private static func sampledBytes(_ candidate: Candidate, of plane: Plane) throws(ImageError) -> Int {
        let bandHeight = bandHeight(of: plane)
        var rows: [Int]?
        if !samplesAll(of: plane) {
            rows = (0..<bandCount).flatMap { band in
                let first = (plane.height - bandHeight) * band / (bandCount - 1)
                return first..<first + bandHeight
            }
        }
        let lines = PNGScanlines(
            plane, rows: rows, layout: candidate.reduction.layout, reduction: candidate.reduction,
            filtering: candidate.filtering)
        let data = try DeflatedPNG.deflatedByteCount(lines, level: 6)
        var overhead = 57
        if case .palette(let palette, _) = candidate.reduction.layout { overhead += 24 + 4 * palette.colours.count }
        return overhead + Int(Double(data) * Double(plane.height) / Double(lines.height))
    }
}
