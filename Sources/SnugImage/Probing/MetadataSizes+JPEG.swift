// SPDX-License-Identifier: Apache-2.0

extension MetadataSizes {
    /// Counts a JPEG segment; JFIF and Adobe headers say how to decode and count only for a thumbnail in them.
    mutating func add(_ segment: JPEGSegment, kind: JPEGSegmentKind) {
        switch kind {
        case .exif: exif += segment.range.count
        case .xmp, .extendedXMP: xmp += segment.range.count
        case .icc: icc += segment.range.count
        case .photoshop: iptc += segment.range.count
        case .comment: comments += segment.range.count
        case .multiImage, .otherApplication: other += segment.range.count
        case .jfif: other += max(0, segment.payload.count - 14)
        case .adobe, .image: break
        }
    }
}
