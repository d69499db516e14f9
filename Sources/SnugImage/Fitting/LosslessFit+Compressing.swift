// SPDX-License-Identifier: Apache-2.0

extension LosslessFit {
    /// Makes a file as small as it gets without changing a pixel.
    /// - Throws: `cannot_fit` where that is over the limit; the fault of a file that is not sound.
    func compress() throws -> Outcome {
        guard case .success(let stripper)? = survey.stripped else {
            if case .failure(let fault)? = survey.stripped { throw fault }
            return .notEnough
        }
        let notes = try checkPixels()
        let stripped = try stripper.bytes(byteLimit: .max) ?? []
        // A file that may not be passed on as it is becomes another one, even a larger one.
        let isForced = context.policy.isBaseline && header.needsBaseline
        let recoded = try isForced ? baseline() : recoded(below: stripped.count)
        let smallest = recoded ?? stripped
        try source.checkUnchanged()
        let saving = 1 - Double(smallest.count) / Double(max(source.byteCount, 1))
        let complies = source.byteCount <= context.byteLimit
        if complies && !isForced && (saving <= 0 || saving < context.policy.minimumSaving) {
            // What tells too much goes, however little it saves.
            if !context.policy.passesCompliantUnchanged, !stripped.isEmpty, stripped.count < source.byteCount {
                return try .done(
                    image(
                        .stripped, content: .bytes(stripped), byteCount: stripped.count,
                        notes: notes + extensionNotes(), encodes: 0))
            }
            return .done(image(.copied, content: .source, byteCount: source.byteCount, notes: notes, encodes: 0))
        }
        guard smallest.count <= context.byteLimit else {
            throw context.cannotFit(
                smallest: smallest.count, width: header.uprightWidth, height: header.uprightHeight,
                remedies: [.byteLimit], advice: ", or allow losses")
        }
        let status: FittedImage.Status = recoded != nil ? .fitted : .stripped
        return try .done(
            image(
                status, content: .bytes(smallest), byteCount: smallest.count,
                notes: notes + (recoded != nil ? [FittedImage.losslessRemark] : []) + extensionNotes(),
                encodes: recoded != nil ? 1 : 0))
    }

    /// The file as a baseline one, of any size.
    private func baseline() throws -> [UInt8] {
        let largest = max(context.byteLimit, 2 * source.byteCount + (1 << 16))
        guard context.mode.holdsPixels, let bytes = try recompressed(byteLimit: largest) else {
            throw ImageError(
                .memoryExceeded,
                "all coefficients have to be held at once for a baseline JPEG; \(ImageError.Setting.memory.remedy)",
                settings: [.memory])
        }
        return bytes
    }

    /// The file recompressed; `nil` when it is no smaller than that.
    private func recoded(below byteCount: Int) throws -> [UInt8]? {
        guard context.mode.holdsPixels, byteCount > 1 else { return nil }
        if header.format == .jpeg { return try recompressed(byteLimit: byteCount - 1) }
        // Only what decoding keeps exactly: 8 bits at most, in sRGB, one frame, upright as stored.
        let isPlain = header.colourSpace == .undeclared || header.colourSpace == .sRGB
        guard header.format == .png, header.bitsPerSample <= 8, isPlain, !header.isAnimated,
            header.orientation == .upright, context.policy.metadata == .strip
        else { return nil }
        let supply = try context.supply(PixelDemand(isPlanar: false))
        return try PNGFit(context, limit: byteCount - 1).lossless(supply).encoded?.bytes
    }
}
