// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// Makes a WebP that fits: without loss, nearly so, or at the quality and size that the limit allows.
struct WebPFit {
    /// libwebp's quality under which fewer pixels look better.
    private static let coarsestQuality = 22.0
    private static let maximumSizes = 8
    /// A lossless WebP takes half to three quarters of a PNG's bytes, a nearly lossless one a little less.
    private static let mostPNGShare = 2.2

    private let context: FitContext
    private let isOpaque: Bool
    private let search: WebPLossySearch
    private var limit: Int { context.byteLimit }
    private var plan: FitPlan { context.plan }

    init(_ context: FitContext, isOpaque: Bool, isGraphic: Bool) {
        self.context = context
        self.isOpaque = isOpaque
        search = WebPLossySearch(context, isOpaque: isOpaque, isGraphic: isGraphic)
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
            let bytes = try WebPEncoder.encode(
                plane, mode: .lossless(nearLossless: level), method: search.method(plane), byteLimit: limit,
                cancellation: context.cancellation)
            if let bytes = try bytes.flatMap({ try complete($0, plane) }) {
                return encoded(bytes, plane, report, quality: nil, encodes: index + 1)
            }
        }
        return nil
    }

    /// The image at the quality and size that use the limit best.
    /// - Throws: `cannot_fit`, `memory_exceeded`, `CancellationError`.
    func lossy(_ supply: PixelSupply) throws -> Encoded {
        let keepsSize = context.policy.keepsSize
        var share = 1.0
        var best: Encoded?
        var encodes = 0
        var smallest: (bytes: Int, width: Int, height: Int)?
        var size = (width: plan.width, height: plan.height)
        for attempt in 1...Self.maximumSizes {
            size = (
                max(1, Int((Double(plan.width) * share).rounded())),
                max(1, Int((Double(plan.height) * share).rounded()))
            )
            let isLast = keepsSize || attempt == Self.maximumSizes || size == (1, 1)
            let (plane, report) = try pixels(supply, width: size.width, height: size.height)
            let overhead = try overhead(width: size.width, height: size.height)
            let outcome = try search.best(
                plane, limit: limit - overhead, leastQuality: isLast ? 0 : Self.coarsestQuality)
            encodes += outcome.encodes
            if let bytes = outcome.smallestBytes, bytes < smallest?.bytes ?? .max {
                smallest = (bytes + overhead, size.width, size.height)
            }
            let isFine = outcome.bytes != nil && outcome.quality >= Self.coarsestQuality
            if let bytes = try outcome.bytes.flatMap({ try complete($0, plane) }), best == nil || isFine {
                best = encoded(bytes, plane, report, quality: outcome.quality, encodes: encodes)
            }
            if isFine || isLast { break }
            share *= min(0.9, (Double(limit) / max(outcome.landingBytes, 1)).squareRoot())
        }
        if var best {
            best.encodes = encodes
            return best
        }
        throw context.cannotFit(
            smallest: smallest?.bytes, width: smallest?.width ?? size.width, height: smallest?.height ?? size.height,
            metadata: try overhead(width: size.width, height: size.height),
            remedies: keepsSize ? [.byteLimit, .keepsSize] : [.byteLimit])
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

    /// The file with the metadata that are kept.
    /// - Returns: `nil` over the limit.
    private func complete(_ bytes: [UInt8], _ plane: Plane) throws -> [UInt8]? {
        let (metadata, profile) = try metadata(width: plane.width, height: plane.height)
        let file = try WebPContainer.adding(
            metadata, profile: profile, to: bytes, width: plane.width, height: plane.height, hasAlpha: !isOpaque)
        return file.count <= limit ? file : nil
    }

    private func metadata(width: Int, height: Int) throws -> (embedded: EmbeddedMetadata, profile: [UInt8]?) {
        let policy = context.policy
        guard policy.metadata != .strip else { return (EmbeddedMetadata(), nil) }
        let kept = try MetadataSegments.kept(
            context.source, header: context.header, policy: policy, size: (width, height)
        ).namingRightsInEXIF()
        return (kept, policy.keepsProfile ? try context.reader.keptProfile() : nil)
    }

    /// Bytes of the metadata in an output, with the headers of their chunks and the extended header.
    private func overhead(width: Int, height: Int) throws -> Int {
        let (metadata, profile) = try metadata(width: width, height: height)
        let parts = [metadata.exif?.count, metadata.xmp?.count, profile?.count].compactMap(\.self)
        return parts.isEmpty ? 0 : parts.reduce(18) { $0 + 8 + ($1 + 1) / 2 * 2 }
    }

    private func encoded(
        _ bytes: [UInt8], _ plane: Plane, _ report: DecodeReport, quality: Double?, encodes: Int
    ) -> Encoded {
        Encoded(
            bytes: bytes, format: .webp, width: plane.width, height: plane.height, quality: quality, encodes: encodes,
            report: report)
    }
}
