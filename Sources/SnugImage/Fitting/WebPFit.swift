// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// Makes a WebP that fits: without loss, nearly so, or at the quality and size that the limit allows.
struct WebPFit {
    /// libwebp's quality under which fewer pixels look better.
    private static let coarsestQuality = 22.0
    private static let maximumSizes = 8
    /// Quality of alpha in lossy images, the best first: 50 costs up to 33 points of SSIMULACRA2 on hard edges.
    private static let alphaQualities = [100, 80, 60]
    /// Quality of colour from which on alpha gives nothing up for it.
    private static let fineQuality = 75.0
    /// A lossless WebP takes half to three quarters of a PNG's bytes, a nearly lossless one a little less.
    private static let mostPNGShare = 2.2

    private let context: FitContext
    private let isOpaque: Bool
    private let isGraphic: Bool
    private var limit: Int { context.byteLimit }
    private var plan: FitPlan { context.plan }
    private var isFast: Bool { context.policy.effort == .fast }

    init(_ context: FitContext, isOpaque: Bool, isGraphic: Bool) {
        self.context = context
        self.isOpaque = isOpaque
        self.isGraphic = isGraphic
    }

    /// True when a lossless WebP has a chance, by the bytes that a PNG takes.
    static func mayHoldWithoutLoss(pngBytes: Int, limit: Int) -> Bool {
        Double(pngBytes) < Double(limit) * mostPNGShare
    }

    /// The image at its planned size without loss, or with what hardly shows.
    /// - Parameter supply: Interleaved pixels as stored.
    /// - Returns: `nil` where that does not fit.
    func lossless(_ supply: PixelSupply) throws -> Encoded? {
        let (plane, report) = try pixels(supply, width: plan.width, height: plan.height)
        for (index, level) in [100, 60].enumerated() {
            let bytes = try encode(plane, .lossless(nearLossless: level), byteLimit: limit)
            if let bytes { return encoded(bytes, plane, report, quality: nil, encodes: index + 1) }
        }
        return nil
    }

    /// The image at the quality and size that use the limit best.
    /// - Throws: `cannot_fit`, `memory_exceeded`, `CancellationError`.
    func lossy(_ supply: PixelSupply) throws -> Encoded {
        var share = 1.0
        var best: Encoded?
        var encodes = 0
        var smallest = (bytes: Int.max, width: plan.width, height: plan.height)
        for _ in 1...Self.maximumSizes {
            let width = max(1, Int((Double(plan.width) * share).rounded()))
            let height = max(1, Int((Double(plan.height) * share).rounded()))
            let (plane, report) = try pixels(supply, width: width, height: height)
            let search = try search(plane, &encodes)
            if search.smallestBytes < smallest.bytes { smallest = (search.smallestBytes, width, height) }
            let isFine = search.bytes != nil && search.quality >= Self.coarsestQuality
            if let bytes = search.bytes, best == nil || isFine {
                best = encoded(bytes, plane, report, quality: search.quality, encodes: encodes)
            }
            if isFine || context.policy.keepsSize || width * height == 1 { break }
            share *= min(0.9, (Double(limit) / Double(max(search.landingBytes, 1))).squareRoot())
        }
        if var best {
            best.encodes = encodes
            return best
        }
        throw context.cannotFit(
            smallest: smallest.bytes, width: smallest.width, height: smallest.height,
            metadata: try overhead(width: smallest.width, height: smallest.height),
            remedies: context.policy.keepsSize ? [.byteLimit, .keepsSize] : [.byteLimit])
    }

    /// The best quality of one size, alpha's with it.
    private func search(_ plane: Plane, _ encodes: inout Int) throws -> WebPQualitySearch {
        var best: (search: WebPQualitySearch, difference: Double)?
        let looks = Looks(plane, context: context)
        for alphaQuality in isOpaque ? [100] : Self.alphaQualities {
            var search = WebPQualitySearch(
                limit: limit, ceiling: Double(context.policy.qualityCeiling ?? WebPQualitySearch.pixelCeiling))
            while let quality = search.next {
                encodes += 1
                let mode = WebPEncoder.Mode.lossy(
                    quality: quality, alphaQuality: alphaQuality, hasSharpChroma: isGraphic && !isFast)
                search.note(quality: quality, try encode(plane, mode, byteLimit: .max))
            }
            if isOpaque || search.quality >= Self.fineQuality && best == nil { return search }
            let difference = try search.bytes.map {
                try looks.difference(encoded($0, plane, DecodeReport(), quality: nil, encodes: 0))
            }
            if best == nil || difference ?? .infinity < best?.difference ?? .infinity {
                best = (search, difference ?? .infinity)
            }
        }
        return best?.search ?? WebPQualitySearch(limit: limit, ceiling: 0)
    }

    private func pixels(_ supply: PixelSupply, width: Int, height: Int) throws -> (plane: Plane, report: DecodeReport) {
        let channels = supply.shape.planes.first?.channels ?? 1
        let prepared = try supply.prepared(
            .interleaved(width: width, height: height, channels: channels), orientation: context.header.orientation)
        guard let plane = prepared.heldRaster?.planes.first else {
            throw ImageError(
                .memoryExceeded,
                "all pixels of a WebP have to be held at once; \(ImageError.Setting.memory.remedy)", settings: [.memory]
            )
        }
        return (plane, prepared.report)
    }

    private func encode(_ plane: Plane, _ mode: WebPEncoder.Mode, byteLimit: Int) throws -> [UInt8]? {
        let bytes = try WebPEncoder.encode(
            plane, mode: mode, method: isFast ? 2 : 4, byteLimit: byteLimit, cancellation: context.cancellation)
        guard let bytes else { return nil }
        let (metadata, profile) = try metadata(width: plane.width, height: plane.height)
        let file = try WebPContainer.adding(
            metadata, profile: profile, to: bytes, width: plane.width, height: plane.height, hasAlpha: !isOpaque)
        return file.count <= byteLimit ? file : nil
    }

    private func metadata(width: Int, height: Int) throws -> (embedded: EmbeddedMetadata, profile: [UInt8]?) {
        let policy = context.policy
        guard policy.metadata != .strip else { return (EmbeddedMetadata(), nil) }
        let kept = try MetadataSegments.kept(
            context.source, header: context.header, policy: policy, size: (width, height))
        return (kept, policy.keepsProfile ? try context.reader.keptProfile() : nil)
    }

    /// Bytes of the metadata in an output.
    private func overhead(width: Int, height: Int) throws -> Int {
        let (metadata, profile) = try metadata(width: width, height: height)
        return (metadata.exif?.count ?? 0) + (metadata.xmp?.count ?? 0) + (profile?.count ?? 0)
    }

    private func encoded(
        _ bytes: [UInt8], _ plane: Plane, _ report: DecodeReport, quality: Double?, encodes: Int
    ) -> Encoded {
        Encoded(
            bytes: bytes, format: .webp, width: plane.width, height: plane.height, quality: quality, encodes: encodes,
            report: report)
    }
}
