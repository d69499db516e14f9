// SPDX-License-Identifier: Apache-2.0

/// The limits of an API on one image.
public struct Limits: Sendable, Hashable, Codable {
    /// The ways in which APIs count the bytes of an image.
    public enum ByteCounting: String, Sendable, Hashable, CaseIterable, Codable {
        /// The file's own bytes.
        case raw
        /// The length of the base64 text: 4 × ⌈n / 3⌉.
        case base64
    }

    /// The limit on the image's bytes, counted as ``counting`` says.
    ///
    /// Default 10,000,000: "10 MB" read in the way that is safe under both readings.
    public var byteLimit: Int
    /// The counting of ``byteLimit``.
    ///
    /// Default raw.
    public var counting: ByteCounting
    /// The limit on the longer side in pixels; `nil` for any.
    public var maximumSide: Int?
    /// The minimum of the shorter side in pixels; `nil` for any. A smaller input is an error: Snug never enlarges.
    public var minimumSide: Int?
    /// The limit on pixels; `nil` for any.
    public var maximumPixelCount: Int?
    /// The accepted formats.
    ///
    /// Default JPEG and PNG.
    public var formats: Set<ImageFormat>
    /// Images that one request may carry; `nil` when the API does not say. Informative: a fit is of one image.
    public var maximumImagesPerRequest: Int?
    /// The limit on pixels in a row of the upright image; `nil` for any.
    public var maximumWidth: Int?
    /// The limit on rows of the upright image; `nil` for any.
    public var maximumHeight: Int?
    /// The limit on the shorter side in pixels; `nil` for any.
    public var maximumShortSide: Int?
    /// The minimum of the file's bytes, ``largestMinimum`` at most; `nil` for any.
    ///
    /// A smaller result gets padding that no decoder shows.
    public var minimumBytes: Int?
    /// The largest ``minimumBytes``, 64 MiB: padding is made in memory.
    public static let largestMinimum = 64 << 20
    /// The limit as a share of the input's bytes, in addition to ``byteLimit``; `nil` for none.
    public var inputShare: Double?
    /// The API takes samples for sRGB, whatever a file declares. Default false.
    public var requiresSRGB = false

    /// Creates limits with the default of each field.
    public init(
        byteLimit: Int = 10_000_000,
        counting: ByteCounting = .raw,
        maximumSide: Int? = nil,
        minimumSide: Int? = nil,
        maximumPixelCount: Int? = nil,
        formats: Set<ImageFormat> = [.jpeg, .png],
        maximumImagesPerRequest: Int? = nil
    ) {
        self.byteLimit = byteLimit
        self.counting = counting
        self.maximumSide = maximumSide
        self.minimumSide = minimumSide
        self.maximumPixelCount = maximumPixelCount
        self.formats = formats
        self.maximumImagesPerRequest = maximumImagesPerRequest
    }

    /// The limits where no target is known that would object to the format that is asked for.
    public func accepting(_ format: FitPolicy.OutputFormat) -> Limits {
        var limits = self
        switch format {
        case .automatic: break
        case .keep: limits.formats.formUnion(ImageFormat.deliverable)
        case .jpeg, .png, .webp: limits.formats.formUnion(format.imageFormat.map { [$0] } ?? [])
        }
        return limits
    }

    /// The limits for an input of so many bytes.
    public func resolved(inputBytes: Int) -> Limits {
        guard let inputShare else { return self }
        var limits = self
        limits.inputShare = nil
        let share = Int(Double(inputBytes) * inputShare)
        if share < fileByteLimit {
            limits.byteLimit = max(share, 1)
            limits.counting = .raw
        }
        return limits
    }

    /// The limit on the file's own bytes, however the API counts: 3 × ⌊limit / 4⌋ for base64.
    public var fileByteLimit: Int {
        switch counting {
        case .raw: byteLimit
        case .base64: byteLimit / 4 * 3
        }
    }

    /// True where only bytes and formats are limited.
    var hasNoGeometry: Bool {
        maximumSide == nil && maximumPixelCount == nil && maximumWidth == nil && maximumHeight == nil
            && maximumShortSide == nil
    }
}
