// SPDX-License-Identifier: Apache-2.0
import CKernels
import RealModule
import SnugSystem

/// The palette PNGs of one plane: their bytes by estimate, and their files.
final class PalettePlane {
    /// A palette, and its colours as ``PNGPalette`` writes them.
    typealias Palette = (palette: ColourPalette, colours: [UInt32])

    /// The choices of one output.
    struct Settings: Hashable {
        var colours: Int
        var dithers = false
        /// The error by which a pixel may be further from its own colour to have that of its neighbour; 0 for none.
        var tolerance: Float = 0
    }

    /// Bytes go about with the number of colours to this power.
    static let bytesPower = 0.22
    /// Numbers of colours whose bytes are estimated in one search, at most.
    private static let maximumEstimates = 7
    /// Squared distances between colours; the greatest is visible in any graphic.
    private static let (tolerances, usualTolerance): ((Float, Float), Float) = ((1, 4_096), 64)
    /// Share of the bytes aimed at from which on no more colours are looked for.
    private static let enoughUse = 0.985
    /// Bytes over those estimated from bands, which are compressed less thoroughly.
    static let usualCalibration = 0.97
    /// Images of so few pixels may be compressed for an estimate as for a file, and fewer always are.
    private static let (exactPixels, smallPixels) = (5 << 17, 1 << 16)

    let plane: Plane
    let options: PNGEncoderOptions
    let cancellation: CancellationFlag
    /// Palettes of the same image at another size, for estimates.
    private var borrowed: [Int: Palette]
    private var palettes: [Int: Palette] = [:]
    private var estimates: [Settings: Double] = [:]
    private var quantiser: PaletteQuantiser?
    private(set) lazy var sample = SampledRows(of: plane)
    /// Measured bytes over estimated ones.
    private(set) var calibration: Double
    /// Estimates are the bytes of the files.
    private(set) var isExact = false

    /// - Parameter other: The image at another size, whose palettes serve for estimates.
    init(
        _ plane: Plane, options: PNGEncoderOptions, cancellation: CancellationFlag, like other: PalettePlane? = nil
    ) {
        self.plane = plane
        self.options = options
        self.cancellation = cancellation
        borrowed = other.map { $0.borrowed.merging($0.palettes) { first, _ in first } } ?? [:]
        calibration = other.flatMap { $0.isExact ? nil : $0.calibration } ?? Self.usualCalibration
        if other == nil, plane.width * plane.height <= Self.smallPixels { makeExact() }
    }

    /// Makes further estimates as exact as the files, at the price of one each, where the image is not too large for that.
    func makeExact() {
        guard !isExact, plane.width * plane.height <= Self.exactPixels else { return }
        (isExact, calibration) = (true, 1)
        (borrowed, estimates) = ([:], [:])
        sample = SampledRows(whole: plane)
    }

    // MARK: - Estimates

    /// Bytes with some settings, from a part of the rows and what was measured before.
    func estimatedBytes(_ settings: Settings) throws -> Double {
        if let known = estimates[settings] { return known * calibration }
        try cancellation.check()
        let lines = try lines(sample.plane, settings, borrowed[settings.colours] ?? palette(settings.colours))
        let bytes = try DeflatedPNG.estimatedByteCount(
            lines, level: isExact ? 9 : 6, options: options, share: sample.share)
        estimates[settings] = bytes
        return bytes * calibration
    }

    /// The most colours whose estimate is within `bytes`; the fewest of the range where there are none.
    func mostColours(_ range: ClosedRange<Int>, dithers: Bool, within bytes: Double) throws -> Int {
        var (low, high) = (range.lowerBound - 1, range.upperBound + 1)
        var next = range.upperBound
        for step in 1...Self.maximumEstimates {
            let estimate = try estimatedBytes(Settings(colours: next, dithers: dithers))
            if estimate <= bytes { low = next } else { high = next }
            if high - low <= 1 || low == next && estimate >= bytes * Self.enoughUse { break }
            // Predictions that were wrong several times would go on by single steps.
            let wanted =
                step < 4
                ? Double(next) * Double.pow(bytes / max(estimate, 1), 1 / Self.bytesPower)
                : (Double(max(low, 1)) * Double(high)).squareRoot()
            next = Int(min(max(wanted, Double(low + 1)), Double(high - 1)))
        }
        return max(low, range.lowerBound)
    }

    /// The least tolerance whose estimate is within `bytes`, with the other settings as they are.
    /// - Returns: `nil` where the greatest is not enough.
    func leastTolerance(_ first: Settings, within bytes: Double) throws -> Settings? {
        if try estimatedBytes(first) <= bytes { return first }
        var fitting: Settings?
        var (low, high) = Self.tolerances
        var settings = first
        settings.tolerance = Self.usualTolerance
        for _ in 1...Self.maximumEstimates {
            let estimate = try estimatedBytes(settings)
            if estimate <= bytes {
                fitting = settings
                if estimate >= bytes * Self.enoughUse { break }
                high = settings.tolerance
            } else {
                low = settings.tolerance
            }
            settings.tolerance = (low * high).squareRoot()
        }
        return fitting
    }

    // MARK: - Files

    /// The file with some settings.
    /// - Returns: `nil` over the limit.
    func encode(_ settings: Settings, byteLimit: Int) throws -> [UInt8]? {
        try cancellation.check()
        let lines = try lines(plane, settings, palette(settings.colours))
        let bytes = try DeflatedPNG.encode(lines, level: 9, options: options, byteLimit: byteLimit)
        let estimate = max(try estimatedBytes(settings), 1)
        if let bytes {
            calibration *= Double(bytes.count) / estimate
        } else if !isExact {
            calibration *= max(Double(byteLimit) / estimate, 1)
        }
        return bytes
    }

    /// The pixels that an output shows.
    func pixels(_ settings: Settings) throws -> Plane {
        let (palette, colours) = try palette(settings.colours)
        let indices = try indices(of: plane, settings, (palette, colours))
        let entries = PNGPalette(colours).bytes
        let result = Plane(width: plane.width, height: plane.height, channels: 4)
        for y in 0..<plane.height {
            let row = indices.row(y)
            var target = result.mutableRow(y)
            for x in row.indices {
                for channel in 0..<4 { target[x * 4 + channel] = entries[Int(row[x]) * 4 + channel] }
            }
        }
        return result
    }

    func palette(_ count: Int) throws -> Palette {
        if let known = palettes[count] { return known }
        let quantiser = try self.quantiser ?? PaletteQuantiser(plane, cancellation: cancellation)
        self.quantiser = quantiser
        let palette: Palette = try quantiser.palette(count)
        palettes[count] = palette
        return palette
    }

    private func lines(_ plane: Plane, _ settings: Settings, _ palette: Palette) throws -> PNGScanlines {
        let table = PNGPalette(palette.colours)
        return PNGScanlines(
            try indices(of: plane, settings, palette), layout: .palette(table, bits: table.bits), filtering: .none)
    }

    private func indices(of plane: Plane, _ settings: Settings, _ palette: Palette) throws -> Plane {
        let mapper = PaletteMapper(palette.palette, cancellation: cancellation)
        let indices = try mapper.map(plane, dithers: settings.dithers)
        if settings.tolerance > 0 {
            NeighbourColours(palette.colours, tolerance: settings.tolerance).apply(to: indices, of: plane)
        }
        return indices
    }
}
