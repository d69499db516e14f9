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
        /// The image data are damaged, and what is there is to be recovered.
        case damaged
    }

    let context: FitContext
    let survey: SourceSurvey
    var source: ImageSource { context.source }
    var header: ImageHeader { context.header }

    init(_ context: FitContext, survey: SourceSurvey) {
        self.context = context
        self.survey = survey
    }

    func run() throws -> Outcome {
        do {
            if context.policy.isLossless { return try compress() }
            switch context.plan.action {
            case .copy: return try copy()
            case .strip: return try strip()
            case .encode: return try recode()
            }
        } catch let error as ImageError
            where context.policy.recoversPartialImages && [.truncatedInput, .corruptInput].contains(error.code)
        {
            return .damaged
        }
    }

    private func copy() throws -> Outcome {
        let notes = try checkPixels()
        try source.checkUnchanged()
        return .done(image(.copied, content: .source, byteCount: source.byteCount, notes: notes, encodes: 0))
    }

    private func strip() throws -> Outcome {
        guard case .success(let stripper) = survey.stripped,
            let bytes = try stripper.bytes(byteLimit: context.byteLimit)
        else { return .notEnough }
        let notes = try checkPixels() + extensionNotes()
        try source.checkUnchanged()
        return .done(image(.stripped, content: .bytes(bytes), byteCount: bytes.count, notes: notes, encodes: 0))
    }

    /// Recompresses the coefficients with optimal Huffman tables.
    private func recode() throws -> Outcome {
        // Where coefficients are quantised again, keeping all of them is one of the choices.
        guard context.mode.holdsCoefficients, try !CoefficientSources.areDecodedHere(context) else { return .notEnough }
        guard let bytes = try recompressed(byteLimit: context.byteLimit) else { return .notEnough }
        try source.checkUnchanged()
        return try .done(
            image(
                .fitted, content: .bytes(bytes), byteCount: bytes.count,
                notes: [FittedImage.losslessRemark] + extensionNotes(), encodes: 1))
    }

    /// A JPEG's coefficients as a progressive file, or a baseline one where that is asked for; `nil` over the limit.
    func recompressed(byteLimit: Int) throws -> [UInt8]? {
        let segments = try MetadataSegments.unchanged(source, header: header, policy: context.policy)
        // The library holds all coefficients, those of a baseline file too, which decoding does without.
        let memory = max(context.codecMemory, MemoryEstimate.passingOn(header, limit: context.byteLimit))
        return try JPEGRecoder.recode(
            source, segments: segments, isSequential: context.policy.isBaseline, byteLimit: byteLimit,
            limits: context.policy.decodingLimits, memory: memory, cancellation: context.cancellation)
    }

    func extensionNotes() throws -> [String] {
        try MetadataSegments.notes(onExtendedXMPOf: source, header: header, policy: context.policy)
    }

    /// Decodes the image to find damage that its structure does not show.
    /// - Returns: Warnings for people.
    func checkPixels() throws -> [String] {
        guard context.mode.holdsPixels else {
            return ["only its structure was checked: decoding it needs more memory than the limit allows"]
        }
        if header.format == .png {
            let found = try PNGDecoder.verify(source, limits: context.policy.decodingLimits)
            if !found.hasEnd { throw ImageError(.truncatedInput, "the end marker is missing") }
            return found.warnings
        }
        if !header.format.decodesToPlanes {
            let supply = try PixelSupply.streaming(context.reader, demand: PixelDemand(isPlanar: false))
            try supply.send(to: DiscardingSink())
            if let error = supply.report.error { throw error }
            return supply.report.notes
        }
        let report = try ownReport() ?? libraryReport()
        if let error = report.error { throw error }
        if report.endedEarly { throw ImageError(.truncatedInput, "the end marker is missing") }
        return report.notes
    }

    /// The findings of the decoders that see every bit, and that fits go by; `nil` for the kinds of JPEG that they do not
    /// read.
    private func ownReport() throws -> DecodeReport? {
        if let report = try SequentialSource.verify(source, cancellation: context.cancellation) { return report }
        return try context.coefficients.source(
            of: source, limits: context.policy.decodingLimits, cancellation: context.cancellation)?.report
    }

    private func libraryReport() throws -> DecodeReport {
        try JPEGDecoder.check(
            source, limits: context.policy.decodingLimits, memory: context.codecMemory,
            cancellation: context.cancellation)
    }

    func image(
        _ status: FittedImage.Status, content: FittedImage.Content, byteCount: Int, notes: [String], encodes: Int
    ) -> FittedImage {
        FittedImage(
            status: status, content: content, byteCount: byteCount, format: header.format, width: header.uprightWidth,
            height: header.uprightHeight, quality: nil, scale: 1, encodes: encodes, warnings: header.warnings + notes,
            header: header)
    }
}
