// SPDX-License-Identifier: Apache-2.0

/// What an API accepts of one image.
public struct Limits: Sendable, Hashable {
    /// How an API counts the bytes of an image.
    public enum ByteCounting: String, Sendable, Hashable, CaseIterable {
        /// The file's own bytes.
        case raw
        /// The length of the base64 text: 4 × ⌈n / 3⌉.
        case base64
    }

    /// Most bytes of the image, counted as ``counting`` says.
    ///
    /// Default 10,000,000: "10 MB" read in the way that is safe under both readings.
    public var byteLimit: Int
    /// How ``byteLimit`` is counted.
    ///
    /// Default raw.
    public var counting: ByteCounting
    /// Most pixels along the longer side; `nil` for any.
    public var maximumSide: Int?
    /// Least pixels along the shorter side; `nil` for any. Snug never enlarges: a smaller input is an error.
    public var minimumSide: Int?
    /// Most pixels; `nil` for any.
    public var maximumPixelCount: Int?
    /// Formats that are accepted.
    ///
    /// Default JPEG and PNG.
    public var formats: Set<ImageFormat>
    /// Images that one request may carry; `nil` when the API does not say. Informative: a fit is of one image.
    public var maximumImagesPerRequest: Int?

    /// Makes limits with the defaults that each field states.
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

    /// Most bytes of the file itself, whatever the API counts: 3 × ⌊limit / 4⌋ for base64.
    public var fileByteLimit: Int {
        switch counting {
        case .raw: byteLimit
        case .base64: byteLimit / 4 * 3
        }
    }
}
