// SPDX-License-Identifier: Apache-2.0

/// An exact size that every output has.
public struct ExactFrame: Sendable, Hashable, Codable {
    /// The way in which an image of other proportions fills the frame.
    public enum Filling: String, Sendable, Hashable, CaseIterable, Codable {
        /// Its middle fills the frame; what reaches beyond is cut off.
        case crop
        /// All of it lies in the middle; the rest is background, or transparent where the image can be.
        case pad
    }

    /// Pixels that no memory holds: what is counted by them stays a number.
    private static let mostPixels = 1 << 40

    /// Pixels in a row.
    public var width: Int
    /// Rows.
    public var height: Int
    /// The way of filling it.
    public var filling: Filling

    /// Describes a frame.
    public init(width: Int, height: Int, filling: Filling) {
        self.width = width
        self.height = height
        self.filling = filling
    }

    /// Refuses a size that the limits do not allow: a smaller one would not be exact.
    /// - Throws: `invalid_argument`.
    func check(_ limits: Limits) throws(ImageError) {
        let (long, short) = (max(width, height), min(width, height))
        let pixels = width.multipliedReportingOverflow(by: height)
        guard !pixels.overflow, pixels.partialValue <= Self.mostPixels else {
            throw ImageError(
                .invalidArgument,
                "the exact size \(width)×\(height) is more than any image here has; give a smaller size")
        }
        let excesses = [
            (long, limits.maximumSide, "the longer side"), (short, limits.maximumShortSide, "the shorter side"),
            (width, limits.maximumWidth, "the width"), (height, limits.maximumHeight, "the height"),
            (pixels.partialValue, limits.maximumPixelCount, "the pixels"),
        ]
        for (value, limit, what) in excesses {
            guard let limit, value > limit else { continue }
            throw ImageError(
                .invalidArgument,
                "the exact size \(width)×\(height) is over the limit of \(InputFault.grouped(limit)) on \(what); give a smaller "
                    + "size, or a higher limit")
        }
        if let least = limits.minimumSide, short < least {
            throw ImageError(
                .invalidArgument,
                "the exact size \(width)×\(height) has a side of less than the \(InputFault.grouped(least)) that are required; "
                    + "give a larger size")
        }
    }

    /// The size of an image before it is cut or laid into the frame; never larger than it is.
    /// - Throws: `cannot_fit` for an image that is too small to fill the frame.
    func scaledSize(width: Int, height: Int) throws(ImageError) -> (width: Int, height: Int) {
        let (across, down) = (Double(self.width) / Double(width), Double(self.height) / Double(height))
        switch filling {
        case .crop:
            let scale = max(across, down)
            guard scale <= 1 else {
                throw ImageError(
                    .cannotFit,
                    "is \(width)×\(height), too small to fill \(self.width)×\(self.height), and images are never "
                        + "enlarged; pad it instead",
                    details: ["width": .integer(width), "height": .integer(height)])
            }
            return (
                max(Int((Double(width) * scale).rounded()), self.width),
                max(Int((Double(height) * scale).rounded()), self.height)
            )
        case .pad:
            let scale = min(across, down, 1)
            return (
                min(max(Int((Double(width) * scale).rounded()), 1), self.width),
                min(max(Int((Double(height) * scale).rounded()), 1), self.height)
            )
        }
    }
}
