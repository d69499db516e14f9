// SPDX-License-Identifier: Apache-2.0

/// The limits of an API on one image.
public struct Limits: Sendable, Hashable {
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

    /// The limit on the file's own bytes, however the API counts: 3 × ⌊limit / 4⌋ for base64.
    public var fileByteLimit: Int {
        switch counting {
        case .raw: byteLimit
        case .base64: byteLimit / 4 * 3
        }
    }
}
