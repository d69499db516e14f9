// SPDX-License-Identifier: Apache-2.0

/// Makes a JPEG by the documented stepped method: ``SteppedSearch`` decides, this encodes.
struct SteppedFit {
    let context: FitContext
    let segments: [MetadataSegment]

    init(_ context: FitContext, segments: [MetadataSegment]) {
        self.context = context
        self.segments = segments
    }

    /// - Parameter supply: Gray or YCbCr pixels as stored.
    func fit(_ supply: PixelSupply) throws -> Encoded {
        let plan = context.plan
        var search = SteppedSearch(
            width: plan.width, height: plan.height, inputBytes: context.source.byteCount, limit: context.byteLimit,
            policy: context.policy)
        var action = search.start
        var prepared: (shape: RasterShape, pixels: PixelSupply)?
        var encodes = 0
        var last: (width: Int, height: Int) = (plan.width, plan.height)
        // Measured: an encode that is broken off has no size.
        var smallest: Int?
        while true {
            switch action {
            case .finish: throw ImageError(.codecFailed, "the search ended without a result; please report this file")
            case .giveUp:
                throw context.cannotFit(
                    smallest: smallest, width: last.width, height: last.height,
                    metadata: MetadataSegments.byteCount(segments),
                    remedies: [.byteLimit, .qualityFloor] + (context.policy.keepsSize ? [.keepsSize] : []))
            case .encode(let width, let height, let quality):
                last = (width, height)
                let shape = RasterShape.planar(
                    width: width, height: height, isGray: supply.shape.model == .gray,
                    subsamplesChroma: supply.shape.model == .ycbcr && context.policy.chroma != .s444)
                let pixels: PixelSupply
                if let prepared, prepared.shape == shape {
                    pixels = prepared.pixels
                } else {
                    pixels = try supply.prepared(shape, orientation: context.header.orientation)
                    prepared = (shape, pixels)
                }
                encodes += 1
                let sink = try encode(pixels, shape: shape, quality: quality)
                if let sink, sink.byteCount <= context.byteLimit {
                    return Encoded(
                        bytes: sink.bytes(), format: .jpeg, width: width, height: height, quality: Double(quality),
                        encodes: encodes, report: pixels.report)
                }
                if let sink { smallest = min(smallest ?? .max, sink.byteCount) }
                action = search.encoded(bytes: sink?.byteCount ?? Self.cap(context.byteLimit))
            }
        }
    }

    /// Sizes over the limit are measured up to this one.
    private static func cap(_ limit: Int) -> Int { limit.multipliedReportingOverflow(by: 4).partialValue }

    private func encode(_ pixels: PixelSupply, shape: RasterShape, quality: Int) throws -> JPEGEncodingSink? {
        var coding = JPEGEncoder.Coding.optimized
        if !context.mode.holdsCoefficients, let tables = try tables(for: pixels, quality: quality) {
            coding = .sequential(tables)
        }
        let sink = try JPEGEncodingSink(
            JPEGEncoder.Settings(
                width: shape.width, height: shape.height, isGray: shape.model == .gray,
                subsamplesChroma: shape.model == .ycbcr && !shape.hasFullChroma, quality: Double(quality),
                coding: coding, byteLimit: Self.cap(context.byteLimit)),
            segments: segments, cancellation: context.cancellation)
        try pixels.send(to: sink)
        return try sink.finish() ? sink : nil
    }

    /// Without memory for all coefficients, tables from a sample.
    private func tables(for pixels: PixelSupply, quality: Int) throws -> HuffmanTables? {
        let sampler = TileSampler(pixels.shape)
        try pixels.send(to: sampler)
        return try SampledTables.tables(
            of: sampler.sheet, quality: Double(quality), cancellation: context.cancellation)
    }
}
