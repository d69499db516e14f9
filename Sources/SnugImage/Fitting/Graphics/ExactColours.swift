// SPDX-License-Identifier: Apache-2.0
import RealModule
import SnugSystem

/// Fills what a full palette leaves of a limit: a PNG without a palette, in which pixels that the palette is near to have
/// its colours, and all others their own.
///
/// The less a pixel may differ, the more bytes it takes, from about twice the palette's to those of the image itself.
/// Nowhere does it differ more than with the palette.
final class ExactColours {
    private static let maximumEstimates = 12
    private static let maximumEncodes = 2
    /// Images of so few pixels are estimated whole: colours of their own are scattered, which bands tell badly.
    private static let wholePixels = 1 << 18
    /// Squared distances between colours: less than of neighbouring levels, of what is plainly visible, and more than any.
    private static let (least, largest, greatest): (Float, Float, Float) = (0.02, 2_000, 1e6)
    /// Share of the bytes aimed at from which on no smaller difference is looked for.
    private static let enoughUse = 0.985

    private let fit: PaletteFit
    private let work: PalettePlane
    private let palette: PalettePlane.Palette
    private let reduction: PNGReduction
    private let entries: [UInt8]
    private let neighbours: NeighbourColours
    private var calibration: Double
    private let sample: SampledRows
    private lazy var sampled = Result { try mapped(sample.plane) }

    /// An image with the entry of the palette that is nearest to each pixel.
    private struct Mapped {
        var plane: Plane
        var indices: Plane
    }

    /// - Parameter candidate: Has more than 256 colours of its own.
    init(_ candidate: PaletteFit.Candidate, fit: PaletteFit) throws {
        self.fit = fit
        work = candidate.work
        palette = try work.palette(candidate.colours)
        entries = PNGPalette(palette.colours).bytes
        neighbours = NeighbourColours(palette.colours, tolerance: 0)
        reduction = PNGReduction(of: work.plane, usesPalette: false)
        calibration = work.isExact ? 1 : PalettePlane.usualCalibration
        let pixels = work.plane.width * work.plane.height
        sample = pixels <= Self.wholePixels ? SampledRows(whole: work.plane) : work.sample
    }

    /// - Returns: The file whose pixels differ least, `nil` where none fits, and the files made for it.
    func encode() throws -> (encoded: Encoded?, encodes: Int) {
        guard reduction.layout.bits == 8 else { return (nil, 0) }
        var best: Encoded?
        var whole: Mapped?
        for attempt in 1...Self.maximumEncodes {
            guard let chosen = try leastDifference(within: fit.aimed(work)), chosen.difference < Self.greatest else {
                return (best, attempt - 1)
            }
            let mapped = try whole ?? mapped(work.plane)
            whole = mapped
            let lines = lines(mapped, difference: chosen.difference, chosen.filtering)
            let bytes = try DeflatedPNG.encode(lines, level: 9, options: work.options, byteLimit: fit.measured)
            if let bytes, bytes.count <= fit.limit, bytes.count > best?.bytes.count ?? 0 {
                best = fit.encoded(bytes, work.plane, encodes: 0)
                if fit.isFull(bytes.count) { return (best, attempt) }
            }
            calibration *= Double(bytes?.count ?? fit.measured) / chosen.bytes
        }
        return (best, Self.maximumEncodes)
    }

    // MARK: - Estimates

    /// The filters that are tried.
    private var filterings = PNGScanlines.Filtering.allCases

    private typealias Estimate = (difference: Float, bytes: Double, filtering: PNGScanlines.Filtering)

    /// The least difference whose estimate is within `bytes`; `nil` where the palette's own is too much.
    private func leastDifference(within bytes: Double) throws -> Estimate? {
        var fitting = try estimate(Self.greatest)
        guard fitting.bytes <= bytes else { return nil }
        // Filters that are best neither for the palette's colours nor for the image itself are left out.
        let best = [fitting.filtering, try estimate(Self.least).filtering]
        filterings = filterings.filter { best.contains($0) }
        var (low, high) = (Self.least, Self.largest)
        for _ in 1...Self.maximumEstimates where high > low && fitting.bytes < bytes * Self.enoughUse {
            let next = try estimate((low * high).squareRoot())
            if next.bytes <= bytes {
                (fitting, high) = (next, next.difference)
            } else {
                low = next.difference
            }
        }
        return fitting
    }

    private func estimate(_ difference: Float) throws -> Estimate {
        var best: Estimate?
        for filtering in filterings {
            try work.cancellation.check()
            let lines = lines(try sampled.get(), difference: difference, filtering)
            let bytes = try DeflatedPNG.estimatedByteCount(
                lines, level: work.isExact ? 9 : 6, options: work.options, share: sample.share)
            if bytes * calibration < best?.bytes ?? .infinity { best = (difference, bytes * calibration, filtering) }
        }
        return best ?? (difference, .infinity, .none)
    }

    // MARK: - Pixels

    private func mapped(_ plane: Plane) throws -> Mapped {
        let indices = try PaletteMapper(palette.palette, cancellation: work.cancellation).map(plane, dithers: false)
        return Mapped(plane: plane, indices: indices)
    }

    /// The rows in which pixels have their palette's colour unless it differs by more than `difference`.
    private func lines(_ mapped: Mapped, difference: Float, _ filtering: PNGScanlines.Filtering) -> PNGScanlines {
        let plane = mapped.plane
        let channels = plane.channels
        let kept = channels < 3 ? [0, 3] : [0, 1, 2, 3]
        let mixed = Plane(width: plane.width, height: plane.height, channels: channels)
        for y in 0..<plane.height {
            let (own, indices) = (plane.row(y), mapped.indices.row(y))
            var row = mixed.mutableRow(y)
            row.copy(from: own)
            let distances = neighbours.distances(of: indices, from: own, channels: channels)
            for x in distances.indices where distances[x] <= difference {
                let entry = Int(indices[x]) * 4
                for channel in 0..<channels { row[x * channels + channel] = entries[entry + kept[channel]] }
            }
        }
        return PNGScanlines(mixed, layout: reduction.layout, reduction: reduction, filtering: filtering)
    }
}
