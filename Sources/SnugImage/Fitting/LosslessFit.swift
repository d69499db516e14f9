// SPDX-License-Identifier: Apache-2.0

/// Reaches the limit without changing a pixel: passes a file on, removes its metadata, or recompresses its
/// coefficients losslessly.
///
/// Every output is checked: the structure is walked to its end and the image data are decoded once.
struct LosslessFit {
    enum Outcome: Sendable {
        case done(FittedImage)
        /// The file is over the limit even without metadata.
        case notEnough
        /// The file has a defect that re-encoding removes.
        case unsound(notes: [String])
    }

    /// Recompression saves 5 to 12 %: it is not tried on files further over the limit.
    private static let maximumRecodingGain = 1.12

    private let context: FitContext
    private var source: ImageSource { context.source }
    private var header: ImageHeader { context.header }

    init(_ context: FitContext) { self.context = context }

    func run() throws -> Outcome {
        do {
            return context.plan.action == .copy ? try copy() : try strip()
        } catch let error as ImageError where error.code == .truncatedInput || error.code == .corruptInput {
            // The decoder decides whether the image itself is complete.
            return .unsound(notes: ["was not passed on as it is: \(error.message)"])
        }
    }

    private func copy() throws -> Outcome {
        let report = try StructureWalk.report(of: source, header: header, limits: context.policy.decodingLimits)
        if report.trailer == .other { return try strip() }
        let notes = try checkPixels()
        try source.checkUnchanged()
        return .done(
            image(.copied, content: .source, byteCount: source.byteCount, notes: notes, encodes: 0))
    }

    private func strip() throws -> Outcome {
        let stripper = try MetadataStripper(
            source, header: header, metadata: context.policy.metadata, limits: context.policy.decodingLimits)
        let limit = context.byteLimit
        if let bytes = try stripper.bytes(byteLimit: limit) {
            let notes = try checkPixels()
            try source.checkUnchanged()
            let saved = source.byteCount - bytes.count
            return .done(
                image(
                    .stripped, content: .bytes(bytes), byteCount: bytes.count,
                    notes: notes + ["\(saved) bytes of metadata and trailing data were removed"], encodes: 0))
        }
        guard header.format == .jpeg, context.policy.strategy == .best, context.mode.holdsCoefficients,
            Double(stripper.byteCount) <= Double(limit) * Self.maximumRecodingGain,
            // Where coefficients are quantised again, keeping all of them is one of the choices.
            try !CoefficientSources.isSequential(context)
        else { return .notEnough }
        return try recode()
    }

    /// Recompresses the coefficients as a progressive file with optimal Huffman tables.
    private func recode() throws -> Outcome {
        let limits = context.policy.decodingLimits
        let segments = try MetadataSegments.unchanged(source, header: header, policy: context.policy)
        guard
            let bytes = try JPEGRecoder.recode(
                source, segments: segments, byteLimit: context.byteLimit, limits: limits, memory: context.codecMemory,
                cancellation: context.cancellation)
        else { return .notEnough }
        try source.checkUnchanged()
        return .done(
            image(
                .fitted, content: .bytes(bytes), byteCount: bytes.count,
                notes: ["losslessly recompressed: every pixel is the same"], encodes: 1))
    }

    /// Decodes the image to find damage that its structure does not show.
    /// - Returns: Warnings for people.
    private func checkPixels() throws -> [String] {
        guard context.mode.holdsPixels else {
            return ["only its structure was checked: decoding it needs more memory than the limit allows"]
        }
        if header.format == .png {
            let found = try PNGDecoder.verify(source, limits: context.policy.decodingLimits)
            if !found.hasEnd { throw ImageError(.truncatedInput, "the end marker is missing") }
            return found.warnings
        }
        if let report = try sequentialReport() {
            if report.endedEarly { throw ImageError(.truncatedInput, "the end marker is missing") }
            return report.notes
        }
        var decoder = try JPEGDecoder.open(
            source, limits: context.policy.decodingLimits, memory: context.codecMemory,
            cancellation: context.cancellation)
        // At an eighth of the size all entropy-coded data are read, and few pixels are computed.
        try decoder.start(output: .planar, eighths: 1)
        let bandRows = max(decoder.components.first?.bandRows ?? 1, 1)
        for _ in 0..<(decoder.outputHeight + bandRows - 1) / bandRows { try decoder.readBand() }
        let report = decoder.report
        if let error = report.error { throw error }
        if report.endedEarly { throw ImageError(.truncatedInput, "the end marker is missing") }
        return report.notes
    }

    /// The findings of the decoder that sees every bit; `nil` for the kinds of JPEG that it does not read.
    private func sequentialReport() throws -> DecodeReport? {
        guard let scan = try SequentialScan.read(source),
            let sequential = try SequentialSource(source, scan: scan, cancellation: context.cancellation)
        else { return nil }
        try sequential.readRows { _, _, _ in }
        return sequential.report
    }

    private func image(
        _ status: FittedImage.Status, content: FittedImage.Content, byteCount: Int, notes: [String], encodes: Int
    ) -> FittedImage {
        FittedImage(
            status: status, content: content, byteCount: byteCount, format: header.format, width: header.uprightWidth,
            height: header.uprightHeight, quality: nil, scale: 1, encodes: encodes, warnings: header.warnings + notes,
            header: header)
    }
}
