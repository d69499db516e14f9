// SPDX-License-Identifier: Apache-2.0
import RealModule

extension PaletteFit {
    /// Sizes whose bytes are estimated, and of which files are made where nothing fits before.
    private static let (maximumEstimates, maximumSizes) = (6, 9)
    /// An estimate this near to the bytes aimed at will do.
    private static let estimateError = 0.015
    /// Shares of a share that are tried in its place.
    private static let steps = [0.994, 1.006, 0.988, 1.012]
    /// Fewest colours of which some are alike.
    private static let fewestAlike = 5
    /// The squared distance over which fewer pixels look better than pixels made alike, and the bytes over those aimed at
    /// from which on it is not looked for.
    private static let (mostTolerance, mostSaved): (Float, Double) = (100, 1.3)

    /// A size with a number of colours whose file is likely to fill the limit.
    struct Draft {
        var settings: PalettePlane.Settings
        var share: Double
        var work: PalettePlane
        /// Bytes go about with the side to this power.
        var power: Double
        var prepare: (_ width: Int, _ height: Int) throws -> Plane

        /// The pixels of its file.
        func pixels() throws -> Plane { try work.pixels(settings) }
    }

    /// The most pixels with a number of colours.
    /// - Parameters:
    ///   - bytes: With about as many colours at the planned size.
    ///   - prepare: Gives the pixels at a size.
    /// - Returns: `nil` when even the smallest size is over the limit.
    func mostPixels(
        colours: Int, bytes: Int, prepare: @escaping (_ width: Int, _ height: Int) throws -> Plane
    ) throws -> Encoded? {
        try file(of: draft(colours: colours, bytes: bytes, prepare: prepare))
    }

    /// The size that the estimates lead to.
    func draft(
        colours: Int, bytes: Int, prepare: @escaping (_ width: Int, _ height: Int) throws -> Plane
    ) throws -> Draft {
        let settings = PalettePlane.Settings(colours: colours, dithers: alwaysDithers)
        var share = min(Double.sqrt(target / Double(max(bytes, 1))), PaletteSizeSearch.largest)
        var search = PaletteSizeSearch(target: target)
        var work = try work(on: pixels(at: share, prepare))
        var tried: [(draft: Draft, bytes: Double)] = []
        var power = 2.0
        for _ in 1...Self.maximumEstimates {
            let estimate = try work.estimatedBytes(settings)
            if let last = tried.last, last.draft.share != share, last.bytes != estimate {
                power = min(max(Double.log(estimate / last.bytes) / Double.log(share / last.draft.share), 1), 2.2)
            }
            tried.append(
                (Draft(settings: settings, share: share, work: work, power: power, prepare: prepare), estimate))
            guard abs(estimate / target - 1) > Self.estimateError, work.plane.width * work.plane.height > 1,
                let next = search.next(after: share, bytes: estimate, fits: estimate <= target)
            else { break }
            share = next
            work = try self.work(on: pixels(at: share, prepare), like: work)
        }
        let fitting = tried.filter { $0.bytes <= Double(limit) }.max { $0.bytes < $1.bytes }
        return (fitting ?? tried.min { $0.bytes < $1.bytes })?.draft
            ?? Draft(settings: settings, share: share, work: work, power: power, prepare: prepare)
    }

    /// The settings that fill the limit at a size: more colours where there is room, pixels made alike where there is too
    /// little.
    /// - Returns: `nil` where no settings near `settings` fit.
    private func filling(_ work: PalettePlane, _ settings: PalettePlane.Settings) throws -> PalettePlane.Settings? {
        var plain = settings
        plain.tolerance = 0
        let aimed = aimed(work)
        if try work.estimatedBytes(plain) <= aimed {
            let most = min(plain.colours * 2, 256)
            plain.colours = try work.mostColours(plain.colours...most, dithers: plain.dithers, within: aimed)
            if isFull(Int(try work.estimatedBytes(plain))) || plain.colours == most { return plain }
            var more = plain
            more.colours += 1
            return try alike(work, more, within: aimed) ?? plain
        }
        return try alike(work, plain, within: aimed)
    }

    private func alike(
        _ work: PalettePlane, _ plain: PalettePlane.Settings, within aimed: Double
    ) throws -> PalettePlane.Settings? {
        guard plain.colours >= Self.fewestAlike, try work.estimatedBytes(plain) <= aimed * Self.mostSaved,
            let settings = try work.leastTolerance(plain, within: aimed), settings.tolerance <= Self.mostTolerance
        else { return nil }
        return settings
    }

    /// The results of the sizes tried so far.
    private struct Attempts {
        var best: Encoded?
        /// Settings that fit and leave much of the limit: the fallback where nothing fills it better.
        var spare: (settings: PalettePlane.Settings, work: PalettePlane, bytes: Double)?
        var encodes = 0
    }

    /// The file of a draft, made smaller until it fits, and larger while it leaves much of the limit.
    func file(of draft: Draft) throws -> Encoded? {
        var attempts = Attempts()
        var search = PaletteSizeSearch(target: target, power: draft.power)
        var (share, work) = (draft.share, draft.work)
        for _ in 1...Self.maximumSizes {
            work.makeExact()
            if try attempt(draft.settings, on: work, &attempts) || work.plane.width * work.plane.height <= 1 { break }
            let bytes = try work.estimatedBytes(draft.settings)
            let next = search.next(after: share, bytes: max(bytes, 1), fits: bytes <= Double(limit))
            guard let next else { break }
            (share, work) = try bestSize(near: next, but: work, draft)
        }
        if let spare = attempts.spare, spare.bytes > Double(attempts.best?.bytes.count ?? 0) {
            attempts.encodes += 1
            if let bytes = try spare.work.encode(spare.settings, byteLimit: limit) {
                attempts.best = encoded(bytes, spare.work.plane, encodes: 0)
            }
        }
        attempts.best?.encodes = attempts.encodes
        return attempts.best
    }

    /// Makes the files of a size that promise to fill the limit.
    /// - Returns: True when no other size has to be tried.
    private func attempt(
        _ settings: PalettePlane.Settings, on work: PalettePlane, _ attempts: inout Attempts
    ) throws -> Bool {
        var last: PalettePlane.Settings?
        for _ in 1...Self.maximumEncodes {
            let filling = try filling(work, settings)
            let next = filling ?? settings
            let bytes = try work.estimatedBytes(next)
            if next == last { break }
            if work.isExact || attempts.encodes > 0, !isFull(Int(bytes)) || bytes > Double(limit) {
                if filling != nil, bytes > attempts.spare?.bytes ?? 0 { attempts.spare = (next, work, bytes) }
                break
            }
            last = next
            attempts.encodes += 1
            if let output = try work.encode(next, byteLimit: measured), output.count <= limit,
                output.count > attempts.best?.bytes.count ?? 0
            {
                attempts.best = encoded(output, work.plane, encodes: attempts.encodes)
                if isFull(output.count) { return true }
            }
            if attempts.best != nil, attempts.encodes >= Self.maximumEncodes { return true }
        }
        return false
    }

    /// Of a few sizes near a share the one whose estimate is nearest to what is aimed at: bytes are no smooth function of the size.
    private func bestSize(
        near share: Double, but tried: PalettePlane, _ draft: Draft
    ) throws -> (share: Double, work: PalettePlane) {
        var best = (share: share, work: try work(on: pixels(at: share, draft.prepare), like: tried))
        var least = abs(try best.work.estimatedBytes(draft.settings) / target - 1)
        for other in Self.steps.map({ share * $0 })
        where other <= PaletteSizeSearch.largest && least > Self.estimateError {
            let work = try self.work(on: pixels(at: other, draft.prepare), like: tried)
            let size = (work.plane.width, work.plane.height)
            guard size != (tried.plane.width, tried.plane.height) else { continue }
            let error = abs(try work.estimatedBytes(draft.settings) / target - 1)
            if error < least { (best, least) = ((other, work), error) }
        }
        return best
    }

    private func pixels(at share: Double, _ prepare: (_ width: Int, _ height: Int) throws -> Plane) throws -> Plane {
        try prepare(
            max(1, Int(Double(context.plan.width) * share)), max(1, Int(Double(context.plan.height) * share)))
    }
}
