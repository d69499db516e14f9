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

    /// Decides what to do with an image.
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
        try checkArguments(limits: limits, policy: policy)
        try checkDecodable(header)
        let size = try outputSize(header, limits: limits)
        let format = try outputFormat(header, limits: limits, policy: policy)
        let reasons = reasonsToEncode(header, size: size, limits: limits, policy: policy)
        let action: Action
        let reason: String
        if !reasons.isEmpty {
            action = .encode
            reason = reasons.joined(separator: ", ")
        } else if byteCount <= limits.fileByteLimit {
            action = .copy
            reason = "complies already"
        } else {
            action = .strip
            reason = "\(byteCount) bytes are over the limit of \(limits.fileByteLimit)"
        }
        return FitPlan(action: action, format: format, width: size.width, height: size.height, reason: reason)
    }

    /// The reasons to re-encode that do not depend on the byte limit.
    private static func reasonsToEncode(
        _ header: ImageHeader, size: (width: Int, height: Int), limits: Limits, policy: FitPolicy
    ) -> [String] {
        var reasons: [String] = []
        if size != (header.uprightWidth, header.uprightHeight) {
            reasons.append("\(header.uprightWidth)×\(header.uprightHeight) is over the limit on pixels or sides")
        }
        if !limits.formats.contains(header.format) {
            reasons.append("\(header.format) is not accepted")
        } else if policy.format == .jpeg && header.format != .jpeg || policy.format == .png && header.format != .png {
            reasons.append("another format was asked for")
        }
        if policy.background != nil && header.hasAlpha { reasons.append("its transparency is to be filled") }
        return reasons
    }

    private static func checkArguments(limits: Limits, policy: FitPolicy) throws(ImageError) {
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
        ] where value.map({ $0 < 1 }) ?? false {
            throw ImageError(.invalidArgument, "a limit on the \(name) has to be positive")
        }
    }

    private static func checkDecodable(_ header: ImageHeader) throws(ImageError) {
        guard header.format.isDecodable else {
            throw ImageError(
                .unsupportedFormat,
                "is \(header.format), which is recognised but not read; convert it to JPEG or PNG first")
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

    /// The upright size within the limits on side and pixels; never larger than the input.
    private static func outputSize(
        _ header: ImageHeader, limits: Limits
    ) throws(ImageError) -> (width: Int, height: Int) {
        let width = header.uprightWidth
        let height = header.uprightHeight
        var scale = 1.0
        if let side = limits.maximumSide { scale = min(scale, Double(side) / Double(max(width, height))) }
        if let pixels = limits.maximumPixelCount {
            scale = min(scale, (Double(pixels) / (Double(width) * Double(height))).squareRoot())
        }
        var size = (width: width, height: height)
        if scale < 1 {
            size.width = max(1, Int((Double(width) * scale).rounded()))
            size.height = max(1, Int((Double(height) * scale).rounded()))
            // Rounding up may pass the pixel limit by a row.
            if let pixels = limits.maximumPixelCount, size.width * size.height > pixels {
                size.width = max(1, Int(Double(width) * scale))
                size.height = max(1, Int(Double(height) * scale))
            }
        }
        if let least = limits.minimumSide, min(size.width, size.height) < least {
            let because = scale < 1 ? " once its other limits are met" : "; images are never enlarged"
            throw ImageError(
                .cannotFit, "is \(size.width)×\(size.height)\(because), and sides of at least \(least) are required",
                details: ["width": .integer(size.width), "height": .integer(size.height)])
        }
        return size
    }

    /// The format of a re-encoded output, `nil` when the pixels decide.
    private static func outputFormat(
        _ header: ImageHeader, limits: Limits, policy: FitPolicy
    ) throws(ImageError) -> ImageFormat? {
        let accepted = limits.formats.intersection([.jpeg, .png])
        func require(_ format: ImageFormat) throws(ImageError) -> ImageFormat {
            if accepted.contains(format) { return format }
            let names = limits.formats.map(\.description).sorted().joined(separator: ", ")
            throw ImageError(.invalidArgument, "\(format) was asked for, but only \(names) is accepted there")
        }
        switch policy.format {
        case .jpeg: return try require(.jpeg)
        case .png: return try require(.png)
        case .keep: return try require(header.format)
        case .automatic:
            guard let only = accepted.first else {
                throw ImageError(.invalidArgument, "none of the accepted formats can be written here: JPEG and PNG can")
            }
            if accepted.count == 1 { return only }
            if header.format == .jpeg { return .jpeg }
            return nil
        }
    }

    /// Eighths of the full size to decode a JPEG at: the fewest that leave the resampler 1.4 times the output's
    /// sides, where the block transform's own shrinking costs no visible detail.
    ///
    /// Only 1, 2, 4 and 8: the library has vector code for those.
    func eighths(for header: ImageHeader) -> Int {
        guard header.format == .jpeg else { return 8 }
        let share = max(
            Double(width) / Double(max(header.uprightWidth, 1)), Double(height) / Double(max(header.uprightHeight, 1)))
        return [1, 2, 4].first { Double($0) / 8 >= share * 1.4 } ?? 8
    }
}
