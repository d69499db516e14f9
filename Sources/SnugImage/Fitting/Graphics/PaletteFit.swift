// SPDX-License-Identifier: Apache-2.0
import RealModule
import SnugSystem

/// Makes palette PNGs: of as many colours as the limit allows at a size, or of as many pixels as it allows with so many
/// colours.
///
/// Bands of rows tell the bytes of each number of colours and of each size, about; files are made of the promising ones alone.
struct PaletteFit {
    /// Fewest colours where pixels may be given up instead: of gray, a few levels look better than fewer pixels; of
    /// colours they look worse.
    static let (fewestColours, fewestGrays) = (16, 4)
    /// Files made to fill the limit, as far as there is one that fits.
    static let maximumEncodes = 3
    /// Share of the limit at which a result is good enough.
    static let wantedUse = 0.955
    /// Share of the limit that is aimed at.
    static let aimedUse = 0.98
    /// Share of the limit that is aimed at where estimates are exact.
    private static let exactUse = 0.998
    /// Estimates so far over the limit are believed: those of drawings whose parts repeat are up to 1.6 times the bytes,
    /// those with diffused errors are nearer.
    private static let (greatestError, ditheredError) = (1.6, 1.1)
    /// Share of the limit that the table of colours may take.
    private static let tableShare = 0.3
    /// Diffused errors take 2 to 57 % more bytes.
    private static let ditheringCost = 1.02

    /// The metadata to write into an output of a size.
    typealias Options = (_ width: Int, _ height: Int) throws -> PNGEncoderOptions

    let context: FitContext
    let options: Options
    var limit: Int { context.byteLimit }
    var alwaysDithers: Bool { context.policy.dither == .always }
    var target: Double { Double(limit) * Self.aimedUse }
    /// Bytes to aim at by the estimates of a plane.
    func aimed(_ work: PalettePlane) -> Double { Double(limit) * (work.isExact ? Self.exactUse : Self.aimedUse) }

    init(_ context: FitContext, options: @escaping Options) {
        self.context = context
        self.options = options
    }

    /// An output and the pixels that it shows.
    struct Candidate {
        var encoded: Encoded
        var colours: Int
        var work: PalettePlane
        /// The most colours to be had.
        var most: Int
    }
    /// The result of a number of colours.
    enum Outcome {
        case fits(Candidate)
        /// Bytes with the fewest colours tried, measured or estimated, and their number.
        case tooLarge(bytes: Int, colours: Int, encodes: Int)
    }

    /// The most colours at the size of `plane`.
    /// - Parameter own: The number of colours that it has, 257 for more than 256.
    func mostColours(_ plane: Plane, of own: Int) throws -> Outcome {
        let work = try work(on: plane)
        let fewest = plane.channels == 1 ? Self.fewestGrays : Self.fewestColours
        let most = min(own - 1, 256)
        guard most >= fewest else {
            // Too few colours to give any up: only their bytes are of interest.
            let bytes = try work.estimatedBytes(.init(colours: own, dithers: alwaysDithers))
            return .tooLarge(bytes: max(Int(bytes), limit + 1), colours: own, encodes: 0)
        }
        var high = most + 1
        var encodes = 0
        while encodes < Self.maximumEncodes, high > fewest {
            var settings = PalettePlane.Settings(colours: fewest, dithers: alwaysDithers)
            settings.colours = try work.mostColours(fewest...high - 1, dithers: alwaysDithers, within: aimed(work))
            if work.isExact, !isFull(Int(try work.estimatedBytes(settings))) {
                // From there once more: the search may have ended early.
                settings.colours = try work.mostColours(
                    settings.colours...high - 1, dithers: alwaysDithers, within: aimed(work))
            }
            let colours = settings.colours
            let estimate = try work.estimatedBytes(settings)
            let believed = work.isExact || encodes > 0 ? 1 : Self.greatestError
            if estimate > Double(limit) * believed {
                return .tooLarge(bytes: Int(estimate), colours: colours, encodes: encodes)
            }
            encodes += 1
            if let bytes = try work.encode(settings, byteLimit: measured), bytes.count <= limit {
                return .fits(
                    Candidate(
                        encoded: encoded(bytes, plane, encodes: encodes), colours: colours, work: work,
                        most: min(own, 256)))
            }
            high = colours
        }
        let bytes = try work.estimatedBytes(.init(colours: fewest, dithers: alwaysDithers))
        return .tooLarge(bytes: max(Int(bytes), limit + 1), colours: fewest, encodes: encodes)
    }

    /// A candidate with more colours, of which pixels take a neighbour's where it is nearly as near: it uses what is too
    /// little for one colour more.
    /// - Parameter difference: The least so far, which it has to be under.
    /// - Returns: The output, and the files made for it.
    func fuller(
        than candidate: Candidate, under difference: Double, looks: Looks
    ) throws -> (candidate: Candidate?, encodes: Int) {
        guard !isFull(candidate.encoded.bytes.count), candidate.colours < candidate.most else { return (nil, 0) }
        var encodes = 0
        // The whole may be larger than its bands: once more, now that this is measured.
        while encodes + candidate.encoded.encodes < Self.maximumEncodes,
            let settings = try fullerSettings(candidate, under: difference, looks: looks)
        {
            encodes += 1
            if let bytes = try candidate.work.encode(settings, byteLimit: measured), bytes.count <= limit {
                var fuller = candidate
                fuller.encoded = encoded(bytes, candidate.work.plane, encodes: 0)
                fuller.colours = settings.colours
                return (fuller, encodes)
            }
        }
        return (nil, encodes)
    }

    /// The most colours that are likely to fit, now that a candidate's bytes are known.
    func reachableColours(_ candidate: Candidate) throws -> Int {
        try candidate.work.mostColours(
            candidate.colours...candidate.most, dithers: alwaysDithers, within: aimed(candidate.work))
    }

    private func fullerSettings(
        _ candidate: Candidate, under difference: Double, looks: Looks
    ) throws -> PalettePlane.Settings? {
        let work = candidate.work
        var chosen: PalettePlane.Settings?
        var least = difference
        let most = try reachableColours(candidate)
        let more = [most, most + 1, most * 3 / 2].map { min($0, candidate.most) }
        for colours in Set(more).sorted() where colours > candidate.colours {
            let settings = PalettePlane.Settings(colours: colours, dithers: alwaysDithers)
            guard let settings = try work.leastTolerance(settings, within: aimed(work)) else { continue }
            let difference = try looks.difference(work.pixels(settings))
            if difference < least { (chosen, least) = (settings, difference) }
        }
        return chosen
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
        let fewest = plane.channels == 1 ? Self.fewestGrays : Self.fewestColours
        if PNGColourCensus(of: plane).palette?.colours.count ?? .max <= fewest {
            return try Self.exact(plane, byteLimit: .max, options: options)?.count
        }
        let settings = PalettePlane.Settings(colours: fewest, dithers: alwaysDithers)
        return try work(on: plane).encode(settings, byteLimit: .max)?.count
    }

    /// A candidate with its errors diffused, where that fits.
    func dithered(_ candidate: Candidate) throws -> Encoded? {
        guard Double(candidate.encoded.bytes.count) * Self.ditheringCost <= Double(limit) else { return nil }
        let settings = PalettePlane.Settings(colours: candidate.colours, dithers: true)
        guard try candidate.work.estimatedBytes(settings) <= Double(limit) * Self.ditheredError,
            let bytes = try candidate.work.encode(settings, byteLimit: limit)
        else { return nil }
        return encoded(bytes, candidate.work.plane, encodes: 1)
    }

    /// The two greatest of some numbers of colours, fewest first, whose table leaves most of the limit to the pixels.
    func affordable(_ numbers: [Int], isOpaque: Bool) -> [Int] {
        let most = Double(limit) * Self.tableShare / (isOpaque ? 3 : 4)
        return numbers.filter { Double($0) <= most || $0 <= numbers[1] }.suffix(2)
    }

    /// Bytes of a candidate if it had another number of colours.
    static func byteCount(of candidate: Candidate, colours: Int) -> Int {
        let ratio = Double(colours) / Double(max(candidate.colours, 1))
        return Int(Double(candidate.encoded.bytes.count) * Double.pow(ratio, PalettePlane.bytesPower))
    }

    // MARK: - Writing

    func work(on plane: Plane, like other: PalettePlane? = nil) throws -> PalettePlane {
        PalettePlane(
            plane, options: try options(plane.width, plane.height), cancellation: context.cancellation, like: other)
    }

    /// Sizes over the limit are measured up to this one.
    var measured: Int {
        let product = limit.multipliedReportingOverflow(by: PaletteSizeSearch.measured)
        return product.overflow ? .max : product.partialValue
    }

    func isFull(_ bytes: Int) -> Bool { Double(bytes) >= Double(limit) * Self.wantedUse }

    func encoded(_ bytes: [UInt8], _ plane: Plane, encodes: Int) -> Encoded {
        Encoded(
            bytes: bytes, format: .png, width: plane.width, height: plane.height, quality: nil, encodes: encodes,
            report: DecodeReport())
    }
}
