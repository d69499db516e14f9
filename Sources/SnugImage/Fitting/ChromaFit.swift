// SPDX-License-Identifier: Apache-2.0

/// Makes a JPEG by the `best` strategy at the chroma resolution that looks better, where the policy leaves it open.
///
/// Detail in the chroma decides at full size. Where full resolution costs pixels, or coarse steps, both are made and
/// compared with the image.
struct ChromaFit {
    /// Pixels up to which both are made.
    static let mostPixels = 12_000_000
    /// Bytes for each of those pixels: the image itself, and the coefficients of an output while it is compared.
    static let bytesPerPixel = 9
    /// Quality at full size under which half the resolution may look better.
    private static let fineQuality = 80.0

    private let context: FitContext
    private let segments: [MetadataSegment]

    init(_ context: FitContext, segments: [MetadataSegment]) {
        self.context = context
        self.segments = segments
    }

    /// True for images that may come out at either resolution.
    static func isOpen(_ header: ImageHeader, _ policy: FitPolicy) -> Bool {
        guard policy.strategy == .best, policy.chroma == .automatic, header.pixelCount <= mostPixels else {
            return false
        }
        return header.format == .jpeg ? header.chromaSubsampling == .s444 : header.colourModel != .gray
    }

    /// - Parameter pixels: As for ``JPEGFit/fit(_:)``.
    func fit(_ pixels: (Int) throws -> PixelSupply) throws -> Encoded {
        guard Self.isOpen(context.header, context.policy), context.mode.holdsPixels else {
            return try JPEGFit(context, segments: segments).fit(pixels)
        }
        var own: Encoded?
        var failure: ImageError?
        do {
            own = try JPEGFit(context, segments: segments).fit(pixels)
        } catch let error as ImageError where error.code == .cannotFit {
            failure = error
        }
        if let own, try !isDoubtful(own) { return own }
        var half = context
        half.policy.chroma = .s420
        do {
            var other = try JPEGFit(half, segments: segments).fit(pixels)
            other.encodes += own?.encodes ?? 0
            return try own.map { try better($0, other) } ?? other
        } catch let error as ImageError where error.code == .cannotFit {
            if let own { return own }
            throw failure ?? error
        }
    }

    /// True for an output at full resolution that may have cost too much.
    private func isDoubtful(_ encoded: Encoded) throws -> Bool {
        guard let quality = encoded.quality else { return false }
        let isReduced = encoded.width < context.plan.width
        guard isReduced || quality < Self.fineQuality else { return false }
        let header = try ImageProbe.header(of: ImageSource(bytes: encoded.bytes), limits: context.policy.decodingLimits)
        return header.chromaSubsampling == .s444
    }

    private func better(_ own: Encoded, _ other: Encoded) throws -> Encoded {
        let supply = try context.supply(PixelDemand(isPlanar: false, background: context.policy.background))
        let channels = supply.shape.planes.first?.channels ?? 3
        let upright = try supply.prepared(
            .interleaved(width: context.plan.width, height: context.plan.height, channels: channels),
            orientation: context.header.orientation)
        guard let plane = upright.heldRaster?.planes.first else { return own }
        let looks = Looks(plane, context: context)
        var chosen = try looks.difference(other) < looks.difference(own) ? other : own
        chosen.encodes = other.encodes
        return chosen
    }
}
