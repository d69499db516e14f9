// SPDX-License-Identifier: Apache-2.0

/// Makes a JPEG of pixels, as many of them as look best in the bytes there are.
struct PixelFit {
    private static let mostSizes = 5
    /// Blocks that tell the kind of content.
    private static let blocks = 2_000
    /// Share of the limit from which on nothing larger is looked for.
    private static let wantedUse = 0.96
    /// Quality ceiling of pixels without history.
    private static let pixelCeiling = 95
    /// Decoded sides over the output's, at least: the block transform's own shrinking costs detail near the limit.
    private static let decodingMargin = 1.4

    private let fit: JPEGFit
    private var context: FitContext { fit.context }
    private var policy: FitPolicy { context.policy }
    private var plan: FitPlan { context.plan }
    private var limit: Int { context.byteLimit }

    init(_ fit: JPEGFit) { self.fit = fit }

    /// - Parameters:
    ///   - pixels: Decodes the image at so many eighths of its size.
    ///   - share: Of the planned side, to begin with; less than 1 where the full size is known to be too much.
    func fit(_ pixels: (Int) throws -> PixelSupply, share first: Double) throws -> Encoded {
        var share = SizeChoice.snapped(first)
        var search = SizeSearch(
            target: Double(limit), hasCeiling: policy.qualityCeiling != nil, fullSizeIsTooLarge: first < 1)
        var supply: (eighths: Int, pixels: PixelSupply)?
        var smallest = (bytes: Int.max, width: plan.width, height: plan.height)
        var encodes = 0
        var best: Encoded?
        sizes: for attempt in 1...(3 * Self.mostSizes) {
            let eighths = try eighths(for: share)
            if supply.map({ $0.eighths < eighths }) ?? true { supply = (eighths, try pixels(eighths)) }
            guard let base = supply?.pixels else { break }
            let candidate = try candidate(base, share: share)
            let shape = candidate.pixels.shape
            let isLast = policy.keepsSize || shape.width * shape.height <= 1
            if !isLast, let other = try next(&search, after: share, candidate.work, attempt: attempt) {
                share = other
                continue
            }
            switch try candidate.work.encode() {
            case .done(let output, let count):
                encodes += count
                let encoded = fit.encoded(
                    output, width: shape.width, height: shape.height, encodes: encodes,
                    report: base.report.totalRows > 0 ? base.report : candidate.pixels.report)
                // At its ceiling with bytes to spare: as near as it gets to the sizes that are too large.
                let isUnderused =
                    candidate.work.choice.isFinest
                    && Double(output.bytes.count) < Double(limit) * Self.wantedUse
                guard isUnderused, !isLast, let larger = search.larger(than: share) else { return encoded }
                best = encoded
                share = larger
            case .tooLarge(let bytes, let count):
                encodes += count
                if bytes < smallest.bytes { smallest = (bytes, shape.width, shape.height) }
                let between = search.smaller(than: share)
                if isLast || best != nil && between == nil { break sizes }
                share = between ?? share * min((Double(limit) / Double(bytes)).squareRoot(), 1) * 0.9
            }
        }
        if let best { return best }
        throw fit.outOfReach(smallest: smallest.bytes, width: smallest.width, height: smallest.height)
    }

    /// A JPEG that is only turned or converted gains nothing from finer steps than its own.
    private func ceiling(at share: Double) -> Int {
        let header = context.header
        let isFullSize = share == 1 && plan.width == header.uprightWidth && plan.height == header.uprightHeight
        return (isFullSize ? header.estimatedQuality : nil).map { min($0, Self.pixelCeiling) } ?? Self.pixelCeiling
    }

    /// One size on its way to a file.
    private struct Candidate {
        var pixels: PixelSupply
        var work: Requantisation
    }

    private func candidate(_ base: PixelSupply, share: Double) throws -> Candidate {
        let pixels = try prepare(base, share: share)
        guard let source = PixelSource(pixels) else {
            throw ImageError(.codecFailed, "its planes cannot become a JPEG; please report this file")
        }
        let work = try fit.requantisation(
            source, shape: share < 1 ? .reduced : .fullSize,
            ceiling: policy.qualityCeiling ?? ceiling(at: share))
        return Candidate(pixels: pixels, work: work)
    }

    /// The share to try instead of one; `nil` when it is good, or as good as looking on is worth.
    private func next(
        _ search: inout SizeSearch, after share: Double, _ work: Requantisation, attempt: Int
    ) throws -> Double? {
        if attempt < Self.mostSizes {
            return try search.next(
                after: share, result: work.choice, looksBest: { try work.looksBestAtItsSize() },
                bytes: { try work.bytes(scale: $0) })
        }
        return attempt == Self.mostSizes && work.choice.isFinest ? search.fallback : nil
    }

    /// Eighths of the full size to decode a JPEG at; exact fractions need no other resampling, but for three eighths: halved
    /// from six, 12 of 15 small photos came out 0.5 to 5.5 points of SSIMULACRA2 better, two a point worse.
    private func eighths(for share: Double) throws -> Int {
        guard context.header.format == .jpeg else { return 8 }
        let width = Double(plan.width) * share / Double(max(context.header.uprightWidth, 1))
        let height = Double(plan.height) * share / Double(max(context.header.uprightHeight, 1))
        let side = max(width, height)
        let isFullPlan =
            plan.width == context.header.uprightWidth && plan.height == context.header.uprightHeight
        if isFullPlan && SizeChoice.isFraction(share), try !isOfLines() {
            return share == 0.375 ? 6 : Int((share * 8).rounded())
        }
        return [1, 2, 4].first { Double($0) / 8 >= side * Self.decodingMargin } ?? 8
    }

    /// True for text and lines, which the transform of each block for itself would make uneven: resampled, 43 of 43 halved ones
    /// came out 3 to 27 points of SSIMULACRA2 better at their own size, though most score less when they are scaled up again.
    private func isOfLines() throws -> Bool {
        try context.content.isOfLines {
            guard let source = try ChromaDemand(context).source(), let steps = source.steps else { return false }
            return LumaLoss(try source.sample(blocks: Self.blocks), steps: steps.first).isOfLines
        }
    }

    /// The pixels at a share of the planned size, upright, with the chroma resolution chosen.
    private func prepare(_ supply: PixelSupply, share: Double) throws -> PixelSupply {
        let upright = context.header.orientation.swapsAxes ? supply.shape.transposed : supply.shape
        var width = max(1, Int((Double(plan.width) * share).rounded()))
        var height = max(1, Int((Double(plan.height) * share).rounded()))
        // An exact fraction is what the decoder made of it, rounding included.
        if abs(upright.width - width) <= 1 && abs(upright.height - height) <= 1 && share < 1 {
            (width, height) = (upright.width, upright.height)
        }
        let isGray = supply.shape.model == .gray
        func shape(subsamples: Bool) -> RasterShape {
            .planar(width: width, height: height, isGray: isGray, subsamplesChroma: subsamples)
        }
        let coarse = shape(subsamples: true)
        if isGray || policy.chroma == .s420 {
            return try supply.prepared(coarse, orientation: context.header.orientation)
        }
        let fine = shape(subsamples: false)
        if policy.chroma == .s444 {
            return try supply.prepared(fine, orientation: context.header.orientation)
        }
        let hasFine =
            supply.shape.planes.count == 3 && upright.planes[1].width >= width
            && upright.planes[1].height >= height
        guard hasFine, context.mode.holdsPixels else {
            return try supply.prepared(coarse, orientation: context.header.orientation)
        }
        let full = try supply.prepared(fine, orientation: context.header.orientation)
        if let raster = full.heldRaster, ChromaDetail.isWorthFullResolution(raster) { return full }
        return try supply.prepared(coarse, orientation: context.header.orientation)
    }
}
