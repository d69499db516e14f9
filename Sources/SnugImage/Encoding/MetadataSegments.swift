// SPDX-License-Identifier: Apache-2.0

/// The metadata that an output carries, as JPEG segments.
enum MetadataSegments {
    static let exifHeader = Array("Exif".utf8) + [0, 0]
    static let xmpHeader = Array("http://ns.adobe.com/xap/1.0/".utf8) + [0]
    private static let profileHeader = Array("ICC_PROFILE".utf8) + [0]
    /// The largest payload of a segment in bytes.
    static let maximumPayload = 65_533

    /// For re-encoded pixels: nothing by default, else the kinds that are kept, which then describe upright pixels of the
    /// output's size, and the profile.
    /// - Parameter size: Of the output; `nil` leaves the sizes in EXIF and XMP as they are.
    static func encoded(
        _ source: ImageSource, header: ImageHeader, policy: FitPolicy, profile: [UInt8]?,
        size: (width: Int, height: Int)? = nil
    ) throws(ImageError) -> [MetadataSegment] {
        guard policy.metadata != .strip else { return [] }
        let metadata = try kept(source, header: header, policy: policy, size: size).namingRightsInEXIF()
        let records = try header.format == .jpeg ? copied(source, policy.metadata) : made(metadata)
        return segments(metadata) + records + (profile.map(profileSegments) ?? [])
    }

    /// Texts and IPTC records of a format other than JPEG.
    private static func made(_ metadata: EmbeddedMetadata) -> [MetadataSegment] {
        let records = metadata.resources.map(PhotoshopResources.payload)
        return metadata.texts.flatMap(\.segments)
            + (records.map {
                $0.count <= maximumPayload ? [MetadataSegment(marker: PhotoshopResources.marker, payload: $0)] : []
            } ?? [])
    }

    /// The metadata of re-encoded pixels.
    static func kept(
        _ source: ImageSource, header: ImageHeader, policy: FitPolicy, size: (width: Int, height: Int)?
    ) throws(ImageError) -> EmbeddedMetadata {
        let metadata = try ImageProbe.embeddedMetadata(
            of: source, header: header, limits: policy.decodingLimits, page: policy.page ?? 1
        ).selected(policy.metadata)
        guard let size else { return metadata.upright() }
        return metadata.describing(width: size.width, height: size.height, isConverted: !policy.keepsProfile)
    }

    /// For unchanged coefficients: the orientation and the profile, which affect the look, and the kinds that are kept.
    static func unchanged(
        _ source: ImageSource, header: ImageHeader, policy: FitPolicy
    ) throws(ImageError) -> [MetadataSegment] {
        let limits = policy.decodingLimits
        var metadata = EmbeddedMetadata()
        if policy.metadata != .strip {
            metadata = try ImageProbe.embeddedMetadata(of: source, header: header, limits: limits)
        }
        metadata = metadata.selected(
            policy.metadata, orientation: EmbeddedMetadata.orientation(of: header, without: policy.metadata))
        let records = try copied(source, policy.metadata)
        let profile = try ImageProbe.iccProfile(of: source, header: header, limits: limits)
        return segments(metadata) + records + (profile.map(profileSegments) ?? [])
    }

    /// Bytes of the segments in a file.
    static func byteCount(_ segments: [MetadataSegment]) -> Int { segments.reduce(0) { $0 + $1.payload.count + 4 } }

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
