// SPDX-License-Identifier: Apache-2.0
import RealModule
import SnugSystem

/// Makes palette PNGs: of as many colours as the limit allows at a size, or of as many pixels as it allows with so many
/// colours.
struct PaletteFit {
    /// Numbers of colours to choose from, most first.
    static let ladder = [256, 192, 128, 96, 64, 48, 32, 24, 16]
    /// Of gray, where a few levels look better than fewer pixels; of colours they look worse.
    static let grayLadder = ladder + [8, 4]
    /// Bytes go about with the number of colours to this power.
    private static let bytesPower = 0.22
    /// Sizes tried with a number of colours.
    private static let maximumSizes = 9
    /// Share of the limit at which a result is good enough.
    private static let wantedUse = 0.955
    /// Share of the limit that sizes aim at.
    private static let aimedUse = 0.975
    /// Share of the limit that the table of colours may take.
    private static let tableShare = 0.3

    /// Pixels up to which numbers between those of the ladder are tried, and how many of them.
    private static let (refinedPixels, mostRefinements) = (1 << 20, 4)

    /// libdeflate's level 9 takes up to 5 % less than level 6, of small files up to 15 %, for two to three times the CPU.
    private static let (highestGain, highestGainOfSmall) = (1.05, 1.15)
    private static let smallBytes = 1 << 16
    /// Diffused errors take 2 to 57 % more bytes.
    private static let ditheringCost = 1.02

    /// The metadata to write into an output of a size.
    typealias Options = (_ width: Int, _ height: Int) throws -> PNGEncoderOptions

    private let context: FitContext
    private let options: Options
    private var limit: Int { context.byteLimit }
    private var alwaysDithers: Bool { context.policy.dither == .always }

    init(_ context: FitContext, options: @escaping Options) {
        self.context = context
        self.options = options
    }

    /// An output and the pixels that it shows.
    struct Candidate {
        var encoded: Encoded
        var colours: Int
        var quantiser: PaletteQuantiser
    }
    /// The result of a number of colours.
    enum Outcome {
        case fits(Candidate)
        /// Bytes with the fewest colours tried, and their number.
        case tooLarge(bytes: Int, colours: Int)
    }

    /// The most colours at the size of `plane`.
    /// - Parameter own: The number of colours that it has, 257 for more than 256.
    func mostColours(_ plane: Plane, of own: Int) throws -> Outcome {
        let quantiser = try PaletteQuantiser(plane, cancellation: context.cancellation)
        let ladder = (plane.channels == 1 ? Self.grayLadder : Self.ladder).filter { $0 < own }
        guard !ladder.isEmpty else {
            // Too few colours to give any up: only their bytes are of interest.
            let indexed = try indexed(plane, quantiser, colours: own, dithers: alwaysDithers)
            return .tooLarge(bytes: try bytes(indexed, byteLimit: limit * 8)?.count ?? limit * 8, colours: own)
        }
        var low = 0
        var high = ladder.count - 1
        var best: Candidate?
        var smallest = (bytes: Int.max, colours: 0)
        var encodes = 0
        var next = 0
        var tooMany = own
        while low <= high {
            let colours = ladder[next]
            let indexed = try indexed(plane, quantiser, colours: colours, dithers: alwaysDithers)
            encodes += 1
            let bytes = try bytes(indexed, byteLimit: limit * 2)
            let count = bytes?.count ?? limit * 2
            if let bytes, count <= limit {
                best = Candidate(
                    encoded: encoded(bytes, plane, encodes: encodes), colours: colours, quantiser: quantiser)
                if Double(count) >= Double(limit) * Self.wantedUse { break }
                high = next - 1
            } else {
                if count <= smallest.bytes { smallest = (count, colours) }
                tooMany = min(tooMany, colours)
                low = next + 1
            }
            guard low <= high else { break }
            // Predictions that were wrong twice would go on by single steps.
            next =
                encodes < 3
                ? min(max(predicted(colours: colours, bytes: count, among: ladder), low), high) : (low + high) / 2
        }
        guard var best else { return .tooLarge(bytes: smallest.bytes, colours: smallest.colours) }
        best.encoded.encodes = encodes
        return .fits(try refined(best, plane, below: tooMany))
    }

    /// A candidate with more colours, fewer than are too many, where it leaves some of the limit unused.
    private func refined(_ candidate: Candidate, _ plane: Plane, below tooMany: Int) throws -> Candidate {
        guard plane.width * plane.height <= Self.refinedPixels else { return candidate }
        var best = candidate
        var tooMany = min(tooMany, 257)
        for _ in 0..<Self.mostRefinements {
            let isFull = Double(best.encoded.bytes.count) >= Double(limit) * Self.wantedUse
            guard !isFull, tooMany - best.colours > 1 else { break }
            let colours = (best.colours + tooMany) / 2
            let indexed = try indexed(plane, candidate.quantiser, colours: colours, dithers: alwaysDithers)
            let encodes = best.encoded.encodes + 1
            if let output = try bytes(indexed, byteLimit: limit), output.count <= limit {
                best = Candidate(
                    encoded: encoded(output, plane, encodes: encodes), colours: colours, quantiser: candidate.quantiser)
            } else {
                best.encoded.encodes = encodes
                tooMany = colours
            }
        }
        return best
    }

    /// The exact colours of a plane that has at most 256.
    /// - Returns: `nil` for one that has more, and over the limit.
    static func exact(_ plane: Plane, byteLimit: Int, options: Options) throws -> [UInt8]? {
        let reduction = PNGReduction(of: plane, prefersPalette: true)
        guard case .palette = reduction.layout else { return nil }
        let lines = PNGScanlines(plane, layout: reduction.layout, reduction: reduction, filtering: .none)
        return try DeflatedPNG.encode(
            lines, level: 9, options: options(plane.width, plane.height), byteLimit: byteLimit)
    }

    /// Bytes with the fewest colours that are tried, or with the plane's own where they are no more.
    func smallestBytes(_ plane: Plane) throws -> Int? {
        let fewest = (plane.channels == 1 ? Self.grayLadder : Self.ladder).last ?? 0
        if PNGColourCensus(of: plane).palette?.colours.count ?? .max <= fewest {
            return try Self.exact(plane, byteLimit: .max, options: options)?.count
        }
        let quantiser = try PaletteQuantiser(plane, cancellation: context.cancellation)
        let indexed = try indexed(plane, quantiser, colours: fewest, dithers: alwaysDithers)
        let lines = PNGScanlines(
            indexed.plane, layout: .palette(PNGPalette(indexed.colours), bits: PNGPalette(indexed.colours).bits),
            filtering: .none)
        return try DeflatedPNG.encode(lines, level: 9, options: options(plane.width, plane.height))?.count
    }

    /// The place on the ladder that is predicted to use the limit.
    private func predicted(colours: Int, bytes: Int, among ladder: [Int]) -> Int {
        let ratio = Double(limit) * 0.98 / Double(max(bytes, 1))
        let wanted = Double(colours) * Double.pow(ratio, 1 / Self.bytesPower)
        return ladder.firstIndex { Double($0) <= wanted } ?? ladder.count - 1
    }

    /// A candidate with its errors diffused, where that fits.
    func dithered(_ plane: Plane, like candidate: Candidate) throws -> Encoded? {
        guard Double(candidate.encoded.bytes.count) * Self.ditheringCost <= Double(limit) else { return nil }
        let indexed = try indexed(plane, candidate.quantiser, colours: candidate.colours, dithers: true)
        guard let bytes = try bytes(indexed, byteLimit: limit) else { return nil }
        return encoded(bytes, plane, encodes: candidate.encoded.encodes + 1)
    }

    /// The two greatest of some numbers of colours, fewest first, whose table leaves most of the limit to the pixels.
    func affordable(_ numbers: [Int], isOpaque: Bool) -> [Int] {
        let most = Double(limit) * Self.tableShare / (isOpaque ? 3 : 4)
        return numbers.filter { Double($0) <= most || $0 <= numbers[1] }.suffix(2)
    }

    /// Bytes of a candidate if it had another number of colours.
    static func byteCount(of candidate: Candidate, colours: Int) -> Int {
        let ratio = Double(colours) / Double(max(candidate.colours, 1))
        return Int(Double(candidate.encoded.bytes.count) * Double.pow(ratio, bytesPower))
    }

    /// The most pixels with a number of colours.
    /// - Parameters:
    ///   - bytes: With about as many colours at the planned size.
    ///   - prepare: Gives the pixels at a size.
    /// - Returns: `nil` when even the smallest size is over the limit.
    func mostPixels(
        colours: Int, bytes: Int, prepare: (_ width: Int, _ height: Int) throws -> Plane
    ) throws -> Encoded? {
        let plan = context.plan
        var best: (candidate: Candidate, plane: Plane)?
        var encodes = 0
        var search = PaletteSizeSearch(target: Double(limit) * Self.aimedUse)
        var share = min(Double.sqrt(search.target / Double(max(bytes, 1))), PaletteSizeSearch.largest)
        for _ in 1...Self.maximumSizes {
            let width = max(1, Int(Double(plan.width) * share))
            let height = max(1, Int(Double(plan.height) * share))
            let plane = try prepare(width, height)
            let quantiser = try PaletteQuantiser(plane, cancellation: context.cancellation)
            let indexed = try indexed(plane, quantiser, colours: colours, dithers: alwaysDithers)
            let output = try self.bytes(indexed, byteLimit: limit * PaletteSizeSearch.measured)
            let count = output?.count ?? limit * PaletteSizeSearch.measured
            let fits = count <= limit
            encodes += 1
            if fits, let output, width > best?.plane.width ?? 0 {
                let encoded = encoded(output, plane, encodes: encodes)
                best = (Candidate(encoded: encoded, colours: colours, quantiser: quantiser), plane)
            }
            if fits && Double(count) >= Double(limit) * Self.wantedUse || width <= 1 && height <= 1 { break }
            guard let next = search.next(after: share, bytes: Double(max(count, 1)), fits: fits) else { break }
            share = next
        }
        guard var best else { return nil }
        best.candidate.encoded.encodes = encodes
        return try refined(best.candidate, best.plane, below: colours * 2).encoded
    }

    // MARK: - Writing

    private func indexed(
        _ plane: Plane, _ quantiser: PaletteQuantiser, colours: Int, dithers: Bool
    ) throws -> (plane: Plane, colours: [UInt32]) {
        let (palette, entries) = try quantiser.palette(colours)
        let mapper = PaletteMapper(palette, cancellation: context.cancellation)
        return (try mapper.map(plane, dithers: dithers), entries)
    }

    private func bytes(_ indexed: (plane: Plane, colours: [UInt32]), byteLimit: Int) throws -> [UInt8]? {
        try context.cancellation.check()
        let palette = PNGPalette(indexed.colours)
        let lines = PNGScanlines(
            indexed.plane, layout: .palette(palette, bits: palette.bits), filtering: .none)
        let options = try options(indexed.plane.width, indexed.plane.height)
        let quick = try DeflatedPNG.encode(lines, level: 6, options: options, byteLimit: byteLimit)
        // Far over the limit, the estimate will do.
        let gain = limit < Self.smallBytes ? Self.highestGainOfSmall : Self.highestGain
        guard let quick, Double(quick.count) <= Double(limit) * gain else { return quick }
        return try DeflatedPNG.encode(lines, level: 9, options: options, byteLimit: byteLimit)
    }

    private func encoded(_ bytes: [UInt8], _ plane: Plane, encodes: Int) -> Encoded {
        Encoded(
            bytes: bytes, format: .png, width: plane.width, height: plane.height, quality: nil, encodes: encodes,
            report: DecodeReport())
    }
}
