// SPDX-License-Identifier: Apache-2.0

/// The metadata that an output carries, as JPEG segments.
enum MetadataSegments {
    private static let exifHeader = Array("Exif".utf8) + [0, 0]
    private static let xmpHeader = Array("http://ns.adobe.com/xap/1.0/".utf8) + [0]
    private static let profileHeader = Array("ICC_PROFILE".utf8) + [0]
    /// The largest payload of a segment in bytes.
    private static let maximumPayload = 65_533

    /// For re-encoded pixels: nothing by default, else EXIF with the orientation reset, XMP and the profile.
    static func encoded(
        _ source: ImageSource, header: ImageHeader, policy: FitPolicy, profile: [UInt8]?
    ) throws(ImageError) -> [MetadataSegment] {
        guard policy.metadata == .keep else { return [] }
        let metadata = try ImageProbe.embeddedMetadata(
            of: source, header: header, limits: policy.decodingLimits
        ).upright()
        return segments(metadata) + (profile.map(profileSegments) ?? [])
    }

    /// For unchanged coefficients: the orientation and the profile, which affect the look, and with
    /// `keep` all of EXIF and XMP.
    static func unchanged(
        _ source: ImageSource, header: ImageHeader, policy: FitPolicy
    ) throws(ImageError) -> [MetadataSegment] {
        let limits = policy.decodingLimits
        var metadata = EmbeddedMetadata()
        if policy.metadata == .keep {
            metadata = try ImageProbe.embeddedMetadata(of: source, header: header, limits: limits)
        } else if header.orientation != .upright {
            metadata.exif = EXIFBlock.minimal(header.orientation)
        }
        let profile = try ImageProbe.iccProfile(of: source, header: header, limits: limits)
        return segments(metadata) + (profile.map(profileSegments) ?? [])
    }

    private static func segments(_ metadata: EmbeddedMetadata) -> [MetadataSegment] {
        var segments: [MetadataSegment] = []
        for (header, payload) in [(exifHeader, metadata.exif), (xmpHeader, metadata.xmp)] {
            guard let payload, header.count + payload.count <= maximumPayload else { continue }
            segments.append(MetadataSegment(marker: 0xE1, payload: header + payload))
        }
        return segments
    }

    /// A profile in numbered pieces (ICC.1:2022 annex B.4).
    private static func profileSegments(_ profile: [UInt8]) -> [MetadataSegment] {
        let size = maximumPayload - profileHeader.count - 2
        let count = (profile.count + size - 1) / size
        guard (1...255).contains(count) else { return [] }
        return (0..<count).map { index in
            let piece = profile[index * size..<min((index + 1) * size, profile.count)]
            return MetadataSegment(marker: 0xE2, payload: profileHeader + [UInt8(index + 1), UInt8(count)] + piece)
        }
    }
}
