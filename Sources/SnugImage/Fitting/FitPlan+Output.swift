// SPDX-License-Identifier: Apache-2.0

extension FitPlan {
    /// The upright size within the limits on side and pixels; never larger than the input.
    static func outputSize(
        _ header: ImageHeader, format: ImageFormat?, limits: Limits, policy: FitPolicy
    ) throws(ImageError) -> (width: Int, height: Int) {
        let width = header.uprightWidth
        let height = header.uprightHeight
        if let frame = policy.frame {
            if (width, height) != (frame.width, frame.height) { _ = try frame.scaledSize(width: width, height: height) }
            return (frame.width, frame.height)
        }
        var scale = 1.0
        if let side = limits.maximumSide { scale = min(scale, Double(side) / Double(max(width, height))) }
        if let format, let side = format.maximumSide, side < max(width, height) {
            guard !policy.keepsSize else { throw tooLarge(for: format, side: side, width: width, height: height) }
            scale = min(scale, Double(side) / Double(max(width, height)))
        }
        if let most = limits.maximumWidth { scale = min(scale, Double(most) / Double(width)) }
        if let most = limits.maximumHeight { scale = min(scale, Double(most) / Double(height)) }
        if let most = limits.maximumShortSide { scale = min(scale, Double(most) / Double(min(width, height))) }
        if let most = policy.maximumScale { scale = min(scale, most) }
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
                // A side that cannot be less than a pixel leaves the rest to the other one.
                if size.width < size.height {
                    size.height = max(1, min(size.height, pixels / size.width))
                } else {
                    size.width = max(1, min(size.width, pixels / size.height))
                }
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

    /// Bits for each pixel of the output under which a WebP is tried for a photo.
    ///
    /// Measured: with more it gains at most 1.2 points of SSIMULACRA2 for 3 to 30 times the CPU.
    private static let fewBits = 0.2

    /// True when a photo has so few bits for each pixel that a WebP may look better than a JPEG.
    static func isShortOfBits(_ header: ImageHeader, limits: Limits, policy: FitPolicy) -> Bool {
        guard let size = try? outputSize(header, format: nil, limits: limits, policy: policy),
            mayBecomeWebP(size, limits: limits, policy: policy)
        else { return false }
        return Double(limits.fileByteLimit) * 8 < Double(size.width) * Double(size.height) * fewBits
    }

    /// True when a WebP of a size is accepted beside other formats.
    static func mayBecomeWebP(_ size: (width: Int, height: Int), limits: Limits, policy: FitPolicy) -> Bool {
        policy.format == .automatic && policy.strategy == .best && limits.minimumBytes == nil
            && limits.formats.contains(.webp) && ImageFormat.webp.isDecodable
            && max(size.width, size.height) <= ImageFormat.webp.maximumSide ?? 0
    }

    private static func tooLarge(for format: ImageFormat, side: Int, width: Int, height: Int) -> ImageError {
        ImageError(
            .cannotFit,
            "is \(width)×\(height), and a \(format) has sides of at most \(InputFault.grouped(side)); "
                + "\(ImageError.Setting.keepsSize.remedy), or choose another format",
            details: ["width": .integer(width), "height": .integer(height), "limit": .integer(side)],
            settings: [.keepsSize])
    }

    /// The format of a re-encoded output, `nil` when the pixels decide.
    static func outputFormat(
        _ header: ImageHeader, limits: Limits, policy: FitPolicy
    ) throws(ImageError) -> ImageFormat? {
        let accepted = limits.formats.intersection(ImageFormat.writable)
        func require(_ format: ImageFormat) throws(ImageError) -> ImageFormat {
            guard policy.palette != .always || format == .png else {
                throw ImageError(
                    .invalidArgument,
                    "a palette was asked for, and a \(format) has none; choose PNG, or leave the palette out")
            }
            if accepted.contains(format) { return format }
            let names = limits.formats.map(\.description).sorted().joined(separator: ", ")
            throw ImageError(.invalidArgument, "\(format) was asked for, but only \(names) is accepted there")
        }
        switch policy.format {
        case .jpeg: return try require(.jpeg)
        case .png: return try require(.png)
        case .webp:
            if let trait = ImageFormat.webp.missingTrait {
                throw ImageError(
                    .invalidArgument,
                    "this build writes no WebP; build it with the package trait \(trait), or choose another format")
            }
            return try require(.webp)
        case .keep:
            guard ImageFormat.writable.contains(header.format) else {
                throw ImageError(
                    .invalidArgument,
                    "is \(header.format), which can be read and not written; choose another format than that of the input"
                )
            }
            return try require(header.format)
        case .automatic:
            guard let only = accepted.first else {
                throw ImageError(
                    .invalidArgument,
                    "none of the accepted formats can be written here: JPEG, PNG and WebP can")
            }
            if accepted.count == 1 { return only }
            guard accepted.contains(.jpeg), accepted.contains(.png) else {
                return accepted.contains(.jpeg) && header.format == .jpeg ? .jpeg : .webp
            }
            if header.format == .jpeg { return isShortOfBits(header, limits: limits, policy: policy) ? nil : .jpeg }
            // Sides that a JPEG cannot have leave one format, where the size is not reduced anyway.
            let side = limits.maximumSide ?? .max
            let longest = min(max(header.width, header.height), side)
            if let most = ImageFormat.jpeg.maximumSide, longest > most { return .png }
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
