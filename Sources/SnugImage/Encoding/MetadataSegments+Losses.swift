// SPDX-License-Identifier: Apache-2.0

extension MetadataSegments {
    /// The kinds of metadata that were to be kept and are in no output of a format, in words for people.
    static func notes(
        onLossesOf source: ImageSource, header: ImageHeader, policy: FitPolicy, in format: ImageFormat
    ) throws(ImageError) -> [String] {
        let kept = try kept(source, header: header, policy: policy, size: nil).namingRightsInEXIF()
        let found = header.metadata
        var lost: [String] = []
        // A segment of a JPEG has 64 KiB.
        func fits(_ part: [UInt8]?, after header: [UInt8]) -> Bool {
            part.map { format != .jpeg || header.count + $0.count <= maximumPayload } ?? false
        }
        if policy.metadata.keeps(.exif), found.exif > 0 || kept.exif != nil, !fits(kept.exif, after: exifHeader) {
            lost.append("EXIF")
        }
        if policy.metadata.keeps(.xmp), found.xmp > 0 || kept.xmp != nil, !fits(kept.xmp, after: xmpHeader) {
            lost.append("XMP")
        }
        if try losesExtendedXMP(of: source, header: header, policy: policy, in: format) { lost.append("extended XMP") }
        let isJPEGCopy = header.format == .jpeg && format == .jpeg
        let hasPlace = format == .jpeg || format == .png
        let mayBeLost = !isJPEGCopy && !fits(kept.resources, after: PhotoshopResources.payload([]))
        if kept.resources != nil, !hasPlace || mayBeLost {
            lost.append("IPTC records")
        }
        if !kept.texts.isEmpty, !hasPlace { lost.append("text") }
        guard !lost.isEmpty else { return [] }
        return ["could not be kept in a \(format): \(lost.joined(separator: ", "))"]
    }

    /// The warning about extended XMP where a JPEG keeps its coefficients, which loses nothing else that is to be kept.
    static func notes(
        onExtendedXMPOf source: ImageSource, header: ImageHeader, policy: FitPolicy
    ) throws(ImageError) -> [String] {
        guard try losesExtendedXMP(of: source, header: header, policy: policy, in: header.format) else { return [] }
        return ["could not be kept in a \(header.format): extended XMP"]
    }

    /// True where extended XMP was to be kept: only a JPEG has it, and only whole, with any position that is in it.
    private static func losesExtendedXMP(
        of source: ImageSource, header: ImageHeader, policy: FitPolicy, in format: ImageFormat
    ) throws(ImageError) -> Bool {
        guard header.format == .jpeg, header.metadata.xmp > 0, policy.metadata.keeps(.xmp),
            format != .jpeg || !policy.metadata.keeps(.gps)
        else { return false }
        var reader = JPEGSegmentReader(source)
        while let segment = try reader.next(), segment.marker != JPEGMarker.startOfScan {
            if try reader.kind(of: segment) == .extendedXMP { return true }
        }
        return false
    }
}
