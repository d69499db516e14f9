// SPDX-License-Identifier: Apache-2.0

/// The treatment of one image, decided from its header alone.
public struct FitPlan: Sendable, Hashable {
    /// The first step; a copy or strip of an unsound file becomes an encode.
    public enum Action: String, Sendable, Hashable, CaseIterable {
        /// The file complies: check it and pass it on.
        case copy
        /// Removing metadata may be enough.
        case strip
        /// Decode, resize where needed, encode.
        case encode
    }

    /// The first thing to try.
    public var action: Action
    /// The output's format; `nil` when the pixels decide.
    public var format: ImageFormat?
    /// Pixels in a row of the upright size after the limits on side and pixels, before bytes are considered.
    public var width: Int
    /// Rows of it.
    public var height: Int
    /// The reason, in words for people.
    public var reason: String
    /// The outcomes that only decoding can tell, in words for people; `nil` where there is none.
    public var uncertainty: String?
    /// The fault that the structure of the file shows, in words for people; `nil` where there is none.
    ///
    /// Decoding shows how much of the image is there.
    public internal(set) var fault: String?
    /// Lossless recompression may reach the limit.
    var mayRecode = false
    /// A WebP is one of the outputs to choose from.
    var mayBecomeWebP = false
    /// The treatment of the file depends on its structure and metadata.
    var mayPassOn: Bool { action != .encode || mayRecode }

    /// Decides what to do with a file, which is read without decoding it.
    ///
    /// A fit carries this plan out.
    /// - Throws: The codes of ``make(header:byteCount:limits:policy:)``, `io_failed`, `input_changed`.
    public static func make(
        source: ImageSource, header: ImageHeader, limits: Limits, policy: FitPolicy
    ) throws -> FitPlan {
        let policy = policy.under(limits)
        let limits = limits.resolved(inputBytes: source.byteCount)
        let source = try RawPreview(of: source, limits: policy.decodingLimits)?.source ?? source
        let survey = try SourceSurvey.take(source, header: header, limits: limits, policy: policy)
        var plan = try make(survey, limits: limits, policy: policy)
        if let fault = try survey.structuralFault(in: source, limits: policy.decodingLimits) { plan.note(fault) }
        return plan
    }

    /// Decides what to do with an image by its header alone.
    ///
    /// Pure: the same arguments always give the same plan.
    /// - Parameters:
    ///   - header: The probe's result.
    ///   - byteCount: Bytes of the source.
    ///   - limits: The limits of the output.
    ///   - policy: The choices of the fit.
    /// - Throws: `unsupported_format`, `unsupported_feature`, `cannot_fit`, `invalid_argument`.
    public static func make(
        header: ImageHeader, byteCount: Int, limits: Limits, policy: FitPolicy
    ) throws(ImageError) -> FitPlan {
        try make(
            SourceSurvey(header: header, byteCount: byteCount), limits: limits.resolved(inputBytes: byteCount),
            policy: policy.under(limits))
    }

    /// The reasons to re-encode that do not depend on the byte limit.
    static func reasonsToEncode(
        _ header: ImageHeader, size: (width: Int, height: Int), limits: Limits, policy: FitPolicy
    ) -> [String] {
        var reasons: [String] = []
        if let frame = policy.frame {
            if size != (header.uprightWidth, header.uprightHeight) {
                reasons.append("it gets exactly \(frame.width)×\(frame.height)")
            }
        } else if size != (header.uprightWidth, header.uprightHeight) {
            reasons.append(
                policy.maximumScale != nil && limits.hasNoGeometry
                    ? "it is scaled"
                    : "\(header.uprightWidth)×\(header.uprightHeight) is over the limit on pixels or sides")
        }
        if !limits.formats.contains(header.format) {
            reasons.append("\(header.format) is not accepted")
        } else if let asked = policy.format.imageFormat, header.format != asked {
            reasons.append("another format was asked for")
        }
        if header.format.workerCodec != nil { reasons.append("\(header.format) files are not passed on as they are") }
        if let page = policy.page, header.isAnimated { reasons.append("frame \(page) alone is asked for") }
        if policy.isBaseline && !policy.isLossless && header.needsBaseline {
            reasons.append("it is a \(header.jpegProcess?.words ?? "") JPEG, and a baseline one was asked for")
        }
        if header.format == .png, !policy.isLossless {
            switch (policy.palette, header.colourModel == .palette) {
            case (.always, false): reasons.append("a palette was asked for")
            case (.never, true): reasons.append("it has a palette, and none was asked for")
            default: break
            }
        }
        if policy.background != nil && header.hasAlpha { reasons.append("its transparency is to be filled") }
        if !policy.passesCompliantUnchanged && !policy.isLossless && header.orientation != .upright {
            reasons.append("it is turned upright (orientation \(header.orientation.rawValue))")
        }
        return reasons
    }

    static func checkArguments(limits: Limits, policy: FitPolicy) throws(ImageError) {
        guard limits.byteLimit > 0 else {
            throw ImageError(.invalidArgument, "the byte limit is \(limits.byteLimit); it has to be positive")
        }
        let ceiling = policy.qualityCeiling ?? 100
        guard (1...100).contains(policy.qualityFloor), (1...100).contains(ceiling), policy.qualityFloor <= ceiling
        else {
            throw ImageError(
                .invalidArgument,
                "quality floor \(policy.qualityFloor) and ceiling \(ceiling) have to be 1 to 100, floor first"
            )
        }
        for (name, value) in [
            ("side", limits.maximumSide), ("side", limits.minimumSide), ("pixel count", limits.maximumPixelCount),
            ("width", limits.maximumWidth), ("height", limits.maximumHeight), ("side", limits.maximumShortSide),
        ] where value.map({ $0 < 1 }) ?? false {
            throw ImageError(.invalidArgument, "a limit on the \(name) has to be positive")
        }
        if let least = limits.minimumBytes, least > limits.fileByteLimit {
            throw ImageError(
                .invalidArgument, "the minimum of \(least) bytes is over the limit of \(limits.fileByteLimit)")
        }
        if let least = limits.minimumBytes, least > Limits.largestMinimum {
            throw ImageError(
                .invalidArgument,
                "the minimum of \(least) bytes is more than padding is made for; ask for \(Limits.largestMinimum) at most"
            )
        }
        if let frame = policy.frame, frame.width < 1 || frame.height < 1 {
            throw ImageError(.invalidArgument, "the size \(frame.width)×\(frame.height) has to be positive")
        }
        try policy.frame?.check(limits)
        if let scale = policy.maximumScale, !(scale > 0 && scale <= 1) {
            throw ImageError(.invalidArgument, "the scale \(scale) has to be above 0 and at most 1")
        }
    }

    /// The error for a format that is not decoded here.
    static func notRead(_ format: ImageFormat) -> ImageError {
        if let trait = format.missingTrait {
            return ImageError(
                .unsupportedFormat,
                "is \(format), which this build does not read; build it with the package trait \(trait), or convert the "
                    + "file to JPEG or PNG", details: ["trait": .text(trait)])
        }
        return ImageError(
            .unsupportedFormat, "is \(format), which is recognised but not read; convert it to JPEG or PNG first")
    }

    static func checkDecodable(_ header: ImageHeader) throws(ImageError) {
        if header.format == .jpeg, let most = header.format.maximumSide, max(header.width, header.height) > most {
            throw ImageError(
                .unsupportedFeature,
                "is a JPEG with a side of \(InputFault.grouped(max(header.width, header.height))) pixels; those of up to "
                    + "\(InputFault.grouped(most)) are read",
                details: ["side": .integer(max(header.width, header.height)), "limit": .integer(most)])
        }
        guard header.format.isDecodable else {
            throw notRead(header.format)
        }
        switch header.jpegProcess {
        case .lossless, .hierarchical:
            throw ImageError(
                .unsupportedFeature,
                "is a \(header.jpegProcess?.rawValue ?? "") JPEG, which is not supported; convert it to a baseline JPEG or PNG"
            )
        default: break
        }
        if header.format == .jpeg && header.bitsPerSample != 8 {
            throw ImageError(
                .unsupportedFeature,
                "is a JPEG of \(header.bitsPerSample) bits a sample, only 8 are supported; convert it to a PNG")
        }
    }
}
