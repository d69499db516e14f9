// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// Fits graphics and images with transparency that lossless compression leaves over the limit.
///
/// Fewer colours at full size come first: they keep text sharp. Where they show, the other ways are tried too, and the
/// output whose difference from the image is least visible is kept.
struct GraphicFit {
    /// A difference under which nothing else is tried; with few bits a pixel, where lossy codecs were at 0.4 and more on
    /// screenshots, a larger one is enough.
    private static let (invisible, hardlyVisible) = (0.06, 0.1)
    private static let fewBitsPerPixel = 0.75
    /// A difference under which bytes to spare are left.
    private static let imperceptible = 0.02
    /// A difference from which on diffused errors are tried.
    private static let ditherable = 0.05
    /// Numbers of colours for scaled outputs; the fewest where the limit has no room for the table of the most.
    private static let scaledColours = (gray: [4, 16], opaque: [8, 32, 128], transparent: [16, 64, 256])

    /// A guess whose difference is so many times that of the best so far is not followed up.
    private static let hopeless = 1.05
    /// How much larger the difference of an output without a palette's bands may be: they look worse than it says.
    private static let bandless = 1.2

    /// A way to the limit.
    struct Alternative {
        /// A quick guess at what `output` makes; without one, `output` is made at once.
        var guess: (() throws -> Encoded?)?
        /// Pixels that `output` will not look better than, where they are to be had before a file is made.
        var hope: (() throws -> Plane?)?
        /// Of the planned size, as another alternative's may be, too.
        var keepsSize = false
        /// Is given the guess, where one was made.
        var output: (_ guess: Encoded?) throws -> Encoded?
    }

    private let context: FitContext
    private let pixels: PixelSupply
    private let plane: Plane
    private let looks: Looks
    private let palette: PaletteFit
    private let isOpaque: Bool
    private let isGraphic: Bool
    private let options: PaletteFit.Options

    /// - Parameters:
    ///   - supply: Interleaved pixels in memory.
    ///   - isGraphic: The image has flat areas of few colours.
    /// - Returns: `nil` where the pixels are not in memory.
    init?(
        _ context: FitContext, supply: PixelSupply, isOpaque: Bool, isGraphic: Bool,
        options: @escaping PaletteFit.Options
    ) throws {
        self.context = context
        self.isOpaque = isOpaque
        self.isGraphic = isGraphic
        self.options = options
        let channels = supply.shape.planes.first?.channels ?? 1
        pixels = try supply.prepared(
            .interleaved(width: context.plan.width, height: context.plan.height, channels: channels),
            orientation: context.header.orientation)
        guard let plane = pixels.heldRaster?.planes.first else { return nil }
        self.plane = plane
        looks = Looks(plane, context: context)
        palette = PaletteFit(context, options: options)
    }

    /// The outputs so far, of which the best is kept.
    private struct Contest {
        let looks: Looks
        private(set) var best: Encoded?
        /// The best one's difference from the image.
        private(set) var difference = Double.infinity
        var encodes = 0

        init(_ looks: Looks) { self.looks = looks }

        /// - Parameter bonus: Its difference counts for so many times less.
        mutating func consider(_ encoded: Encoded?, bonus: Double = 1) throws {
            guard let encoded else { return }
            encodes += encoded.encodes
            let difference = try looks.difference(encoded) / bonus
            if difference <= self.difference { (best, self.difference) = (encoded, difference) }
        }
    }

    /// The best-looking output.
    /// - Parameter alternatives: Other ways to the limit, the ones that keep the size first.
    /// - Returns: `nil` when there is no palette within the limit and no alternative succeeds.
    func fit(alternatives: [Alternative]) throws -> Encoded? {
        var contest = Contest(looks)
        let hasPalette = try mayHavePalette()
        if !hasPalette, alternatives.count == 1, var only = try alternatives[0].output(nil) {
            only.report = pixels.report
            return only
        }
        if hasPalette { try considerPalettes(&contest) }
        // Bytes to spare may buy what is hardly visible.
        let isFull = contest.best.map { palette.isFull($0.bytes.count) } ?? false
        if contest.difference > (isFull ? enough : Self.imperceptible) {
            var isDone = false
            for alternative in alternatives where !(isDone && alternative.keepsSize) {
                if let pixels = try alternative.hope?(), contest.best != nil,
                    try looks.difference(pixels) > contest.difference * Self.bandless
                {
                    continue
                }
                let guess = contest.best == nil ? nil : try alternative.guess?()
                isDone = guess?.width == plane.width && guess?.height == plane.height
                if let guess, try looks.difference(guess) > contest.difference * Self.hopeless {
                    contest.encodes += guess.encodes
                } else {
                    // Its encodes are those of the guess, too.
                    let output = try alternative.output(guess)
                    try contest.consider(output, bonus: alternative.hope == nil ? 1 : Self.bandless)
                }
            }
        }
        guard var result = contest.best else {
            if context.policy.keepsSize { try noteSmallest() }
            return nil
        }
        result.encodes = contest.encodes
        result.report = pixels.report
        return result
    }

    /// Measures the smallest outputs of the full size, for the error that follows.
    private func noteSmallest() throws {
        var sizes: [Int?] = []
        if context.policy.palette != .never { sizes.append(try palette.smallestBytes(plane)) }
        if context.policy.palette != .always {
            sizes.append(try NearLosslessFit(context, options: options).smallestBytes(plane))
        }
        for case let size? in sizes where size > context.byteLimit {
            context.rejected.note(.init(byteCount: size, width: plane.width, height: plane.height))
        }
    }

    private var enough: Double {
        let bitsPerPixel = Double(context.byteLimit) * 8 / Double(max(plane.width * plane.height, 1))
        return bitsPerPixel < Self.fewBitsPerPixel ? Self.hardlyVisible : Self.invisible
    }

    /// The best-looking palette, of the image's own colours where they are few enough and fit.
    func withPalette(limit: Int) throws -> Encoded? {
        if let bytes = try PaletteFit.exact(plane, byteLimit: limit, options: options) {
            return Encoded(
                bytes: bytes, format: .png, width: plane.width, height: plane.height, quality: nil, encodes: 1,
                report: pixels.report)
        }
        return try fit(alternatives: [])
    }

    /// A near-lossless PNG.
    var nearLossless: Alternative {
        Alternative { _ in
            try NearLosslessFit(context, options: options).fit(
                Raster(pixels.shape, planes: [plane]), mayScale: !isGraphic && !context.policy.keepsSize)
        }
    }

    /// False for a large photo whose middle looks better rounded and scaled than with the colours that the limit allows.
    private func mayHavePalette() throws -> Bool {
        guard context.policy.palette == .automatic else { return context.policy.palette == .always }
        guard !isGraphic, !context.policy.keepsSize,
            let sample = SampledImage(middleOf: Raster(pixels.shape, planes: [plane]))
        else { return true }
        let middle = sample.raster.planes[0]
        let context = sample.context(context)
        let options: PaletteFit.Options = { _, _ in PNGEncoderOptions() }
        guard case .fits(let indexed) = try PaletteFit(context, options: options).mostColours(middle, of: 257) else {
            return false
        }
        guard let rounded = try NearLosslessFit(context, options: options).fit(sample.raster, mayScale: true) else {
            return true
        }
        let looks = Looks(middle, context: context)
        return try looks.difference(indexed.encoded) < looks.difference(rounded)
    }

    private func considerPalettes(_ contest: inout Contest) throws {
        let own = PNGColourCensus(of: plane).palette?.colours.count ?? 257
        switch try palette.mostColours(plane, of: own) {
        case .fits(let candidate):
            try contest.consider(candidate.encoded)
            // Few colours lose what fewer pixels would keep.
            let many = palette.affordable(manyColours, isOpaque: isOpaque)
            if contest.difference > enough, own > 16, !context.policy.keepsSize,
                try palette.reachableColours(candidate) < many[many.count - 1]
            {
                let bytes = PaletteFit.byteCount(of: candidate, colours: many[0])
                try considerScaled(own: own, bytes: bytes, &contest)
            }
            let (fuller, encodes) = try palette.fuller(than: candidate, under: contest.difference, looks: looks)
            contest.encodes += encodes
            try contest.consider(fuller?.encoded)
            try considerBeyond(fuller ?? candidate, own: own, &contest)
        case .tooLarge(let bytes, _, let encodes):
            contest.encodes += encodes
            if !context.policy.keepsSize { try considerScaled(own: own, bytes: bytes, &contest) }
        }
    }

    /// Tries the improvements of a palette: diffused errors, and, where it is full, own colours for the pixels furthest
    /// from its colours.
    private func considerBeyond(_ candidate: PaletteFit.Candidate, own: Int, _ contest: inout Contest) throws {
        if own > 256, candidate.colours == candidate.most, !palette.isFull(candidate.encoded.bytes.count),
            context.policy.palette == .automatic
        {
            let (exact, encodes) = try ExactColours(candidate, fit: palette).encode()
            contest.encodes += encodes
            try contest.consider(exact)
        }
        guard context.policy.dither == .automatic, contest.difference > Self.ditherable else { return }
        let dithered = try candidate.work.pixels(.init(colours: candidate.colours, dithers: true))
        if try looks.difference(dithered) < contest.difference { try contest.consider(try palette.dithered(candidate)) }
    }

    private var manyColours: [Int] {
        guard isOpaque else { return Self.scaledColours.transparent }
        return plane.channels == 1 ? Self.scaledColours.gray : Self.scaledColours.opaque
    }

    private func considerScaled(own: Int, bytes: Int, _ contest: inout Contest) throws {
        // Two levels of gray scaled down are best as two or four levels again.
        let few = plane.channels == 1 ? [own, 4] : [own, max(own, 4)]
        let numbers = own <= 16 ? few : palette.affordable(manyColours, isOpaque: isOpaque)
        var chosen: (draft: PaletteFit.Draft, difference: Double)?
        for number in Set(numbers).sorted() {
            let draft = try palette.draft(colours: number, bytes: bytes) { width, height in
                let target = RasterShape.interleaved(width: width, height: height, channels: plane.channels)
                let raster = Raster(pixels.shape, planes: [plane])
                return try PixelSupply.resize(raster, to: target, cancellation: context.cancellation).planes[0]
            }
            let difference = try looks.difference(try draft.pixels())
            if difference < chosen?.difference ?? .infinity { chosen = (draft, difference) }
        }
        guard let chosen, chosen.difference < contest.difference else { return }
        try contest.consider(palette.file(of: chosen.draft))
    }
}
