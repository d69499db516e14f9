// SPDX-License-Identifier: Apache-2.0

/// Bytes of metadata by kind, segment and chunk headers included.
public struct MetadataSizes: Sendable, Hashable {
    /// EXIF, the thumbnail inside it included.
    public var exif = 0
    /// XMP packets.
    public var xmp = 0
    /// ICC profiles, compressed where the format does so.
    public var icc = 0
    /// IPTC and Photoshop resources.
    public var iptc = 0
    /// JPEG comments and PNG text.
    public var comments = 0
    /// Everything else that is no image data.
    public var other = 0

    /// Creates an empty tally.
    public init() {}

    /// All kinds together.
    public var total: Int { exif + xmp + icc + iptc + comments + other }
}
