// SPDX-License-Identifier: Apache-2.0

/// Opens a JPEG as coefficients where an output can be made of those.
enum CoefficientSources {
    /// - Returns: `nil` where pixels are needed: for another size, colour space or chroma resolution, for what is to be
    ///   salvaged, for kinds of JPEG that a baseline output cannot stand for, and for turns of images whose sides end
    ///   inside an MCU.
    static func make(_ context: FitContext) throws -> (any CoefficientSource)? {
        guard try isPossible(context) else { return nil }
        let orientation = context.header.orientation
        guard orientation != .upright else { return try stored(context) }
        // Turning holds all coefficients.
        guard context.mode.holdsPixels, let base = try stored(context) else { return nil }
        return try TurnedSource(base, orientation: orientation)
    }

    /// The coefficients as they are stored.
    private static func stored(_ context: FitContext) throws -> (any CoefficientSource)? {
        let limits = context.policy.decodingLimits
        if let scan = try SequentialScan.read(context.source),
            let source = try SequentialSource(context.source, scan: scan, cancellation: context.cancellation)
        {
            return source
        }
        guard context.mode.holdsPixels else { return nil }
        if let source = try context.coefficients.source(
            of: context.source, limits: limits, cancellation: context.cancellation)
        {
            return source
        }
        guard let frame = try frame(of: context.source) else { return nil }
        return try LibrarySource(
            context.source, frame: frame, limits: limits, memory: context.codecMemory,
            cancellation: context.cancellation)
    }

    /// True where ``make(_:)`` gives coefficients that are decoded here.
    static func areDecodedHere(_ context: FitContext) throws -> Bool {
        guard try context.header.orientation == .upright && isPossible(context) else { return false }
        return try SequentialScan.read(context.source) != nil
            || context.mode.holdsPixels
                && ScanScript.read(context.source, limits: context.policy.decodingLimits) != nil
    }

    private static func isPossible(_ context: FitContext) throws -> Bool {
        let header = context.header
        return try header.format == .jpeg && !context.policy.recoversPartialImages
            && context.plan.width == header.uprightWidth && context.plan.height == header.uprightHeight
            && keepsChroma(header, policy: context.policy) && context.reader.keepsPlanarColours()
    }

    private static func keepsChroma(_ header: ImageHeader, policy: FitPolicy) -> Bool {
        guard let sampling = header.chromaSubsampling else { return true }
        return switch policy.chroma {
        case .automatic: sampling != .other
        case .s420: sampling == .s420
        case .s444: sampling == .s444
        }
    }

    private static func frame(of source: ImageSource) throws(ImageError) -> JPEGFrame? {
        var reader = JPEGSegmentReader(source)
        while let segment = try reader.next() {
            if JPEGMarker.isFrame(segment.marker) {
                return try JPEGFrame(segment, payload: try reader.payload(segment))
            }
            if segment.marker == JPEGMarker.startOfScan { return nil }
        }
        return nil
    }
}
