// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

/// An image to start from.
public enum ImageInput: Sendable, Hashable {
    /// A file of this machine: fitted to what the provider takes and delivered the way it takes it.
    case file(FilePath)
    /// Bytes in memory.
    case bytes([UInt8], name: String)
    /// An address that the provider fetches itself.
    case url(String)
}

/// An image as it is delivered: within the provider's limits.
public struct FittedInput: Sendable, Hashable {
    /// The encoded image.
    public var bytes: [UInt8]
    /// `image/jpeg`, `image/png` or `image/webp`.
    public var mediaType: String
    /// A file name that goes with it.
    public var name: String
    /// Pixels; `nil` when they are not known.
    public var size: ImageSize?

    /// Describes an image that fits.
    public init(bytes: [UInt8], mediaType: String, name: String, size: ImageSize? = nil) {
        self.bytes = bytes
        self.mediaType = mediaType
        self.name = name
        self.size = size
    }
}

/// The limits of input images.
public struct InputLimits: Sendable, Hashable {
    /// Most bytes of one encoded image, counted raw.
    public var byteLimit: Int
    /// Longest side in pixels; `nil` for no limit.
    public var maximumSide: Int?
    /// Media types taken, the preferred first.
    public var mediaTypes: [String]
    /// Most images in one request.
    public var maximumCount: Int
    /// Most bytes of the whole request, where that is limited too.
    public var requestByteLimit: Int?

    /// Sets the limits.
    public init(
        byteLimit: Int = 10_000_000, maximumSide: Int? = nil,
        mediaTypes: [String] = ["image/jpeg", "image/png", "image/webp"], maximumCount: Int = 1,
        requestByteLimit: Int? = nil
    ) {
        self.byteLimit = byteLimit
        self.maximumSide = maximumSide
        self.mediaTypes = mediaTypes
        self.maximumCount = maximumCount
        self.requestByteLimit = requestByteLimit
    }

    /// Most bytes of each image when so many share one request with a prompt.
    func byteLimit(sharedBy count: Int, prompt: String) -> Int {
        guard let requestByteLimit else { return byteLimit }
        let rest = requestByteLimit - RequestOverhead.bytes(prompt: prompt, images: count)
        return max(1, min(byteLimit, rest / max(1, count)))
    }
}

/// Makes an image fit. Handed in, so that this module knows no codecs; called again with a smaller limit after 413.
public typealias Refitter = @Sendable (ImageInput, InputLimits) async throws -> FittedInput

/// Puts an image where a provider can fetch it, and returns the address.
///
/// The address may be readable by anyone who knows it: the user has to agree to a host.
public protocol ImageHost: Sendable {
    /// Equal bytes may be hosted once only, however often this is called.
    func host(_ image: FittedInput) async throws -> String
}

/// Looks whether bytes are a whole image. Handed in, so that this module knows no codecs.
///
/// Called with the path of a downloaded file; returns its media type and size, throws when it is none or is damaged.
public typealias ImageChecker = @Sendable (FilePath) async throws -> ImageFacts

/// Converts an image to the format that a file name extension stands for. Handed in, so that this module knows no codecs.
///
/// Called with the path of a checked file and the extension, as it was given; throws when that cannot be done.
public typealias ImageConverter = @Sendable (FilePath, String) async throws -> ConvertedImage

/// An image in another format than it came.
public struct ConvertedImage: Sendable, Hashable {
    /// The file's bytes.
    public var bytes: [UInt8]
    /// Its media type and size.
    public var facts: ImageFacts

    /// Names an image.
    public init(bytes: [UInt8], facts: ImageFacts) {
        self.bytes = bytes
        self.facts = facts
    }
}

/// The facts of a checked image.
public struct ImageFacts: Sendable, Hashable {
    /// For example `image/png`, by content.
    public var mediaType: String
    /// Pixels.
    public var size: ImageSize

    /// Describes an image that was looked at.
    public init(mediaType: String, size: ImageSize) {
        self.mediaType = mediaType
        self.size = size
    }
}
