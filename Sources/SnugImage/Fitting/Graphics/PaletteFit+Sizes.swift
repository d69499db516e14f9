// SPDX-License-Identifier: Apache-2.0
import RealModule

extension PaletteFit {
    /// Sizes whose bytes are estimated, and of which files are made where nothing fits before.
    private static let (maximumEstimates, maximumSizes) = (6, 9)
    /// An estimate this near to the bytes aimed at will do.
    private static let estimateError = 0.015
    /// Shares of a share that are tried in its place.
    private static let steps = [0.994, 1.006, 0.988, 1.012]

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
        var last: (share: Double, bytes: Double)?
        var power = 2.0
        for _ in 1...Self.maximumEstimates {
            let estimate = try work.estimatedBytes(settings)
            if let last, last.share != share, last.bytes != estimate {
                power = min(max(Double.log(estimate / last.bytes) / Double.log(share / last.share), 1), 2.2)
            }
            last = (share, estimate)
            guard abs(estimate / target - 1) > Self.estimateError, work.plane.width * work.plane.height > 1,
                let next = search.next(after: share, bytes: estimate, fits: estimate <= target)
            else { break }
            share = next
            work = try self.work(on: pixels(at: share, prepare), like: work)
        }
        return Draft(settings: settings, share: share, work: work, power: power, prepare: prepare)
    }

    /// The file of a draft, made smaller until it fits, and larger while it leaves much of the limit.
    func file(of draft: Draft) throws -> Encoded? {
        var best: (encoded: Encoded, work: PalettePlane)?
        var search = PaletteSizeSearch(target: target, power: draft.power)
        var (share, work) = (draft.share, draft.work)
        let measured = limit.multipliedReportingOverflow(by: PaletteSizeSearch.measured).partialValue
        var encodes = 0
        for attempt in 1...Self.maximumSizes {
            let output = try work.encode(draft.settings, byteLimit: measured)
            let count = output?.count ?? measured
            encodes = attempt
            if let output, count <= limit, count > best?.encoded.bytes.count ?? 0 {
                best = (encoded(output, work.plane, encodes: attempt), work)
                if isFull(count) { break }
            }
            if work.plane.width * work.plane.height <= 1 || best != nil && attempt > Self.maximumEncodes { break }
            guard let next = search.next(after: share, bytes: Double(max(count, 1)), fits: count <= limit) else {
                break
            }
            (share, work) = try bestSize(near: next, but: work, draft)
        }
        guard var best else { return nil }
        if !isFull(best.encoded.bytes.count) {
            var settings = draft.settings
            settings.colours = try best.work.mostColours(
                settings.colours...min(settings.colours * 2, 256), dithers: settings.dithers, within: target)
            if settings.colours > draft.settings.colours {
                encodes += 1
                if let bytes = try best.work.encode(settings, byteLimit: limit) {
                    best.encoded = encoded(bytes, best.work.plane, encodes: encodes)
                }
            }
        }
        best.encoded.encodes = encodes
        return best.encoded
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
