// SPDX-License-Identifier: Apache-2.0

extension MetadataStripper {
    /// The parts of a JPEG that stay.
    static func jpeg(
        _ source: ImageSource, _ header: ImageHeader, _ metadata: FitPolicy.Metadata, _ limits: DecodingLimits
    ) throws(ImageError) -> (pieces: [Piece], end: Int, scanCount: Int) {
        var walk = JPEGWalk(source, limits: limits)
        // JFIF has to come first, and EXIF right after it.
        var jfif: [Piece] = []
        var rest: [Piece] = []
        let keepsProfile = declaresProfile(header)
        while let piece = try walk.next() {
            switch piece {
            case .scanData(let range), .end(let range): append(.source(range), to: &rest)
            case .segment(let segment):
                switch try walk.kind(of: segment) {
                case .image, .adobe: append(.source(segment.range), to: &rest)
                case .jfif:
                    if jfif.isEmpty { jfif = try jfifWithoutThumbnail(segment, source) }
                case .icc where keepsProfile: append(.source(segment.range), to: &rest)
                case .comment where metadata.keeps(.comment), .photoshop where metadata == .keep,
                    .extendedXMP where metadata.keeps(.xmp) && metadata.keeps(.gps):
                    append(.source(segment.range), to: &rest)
                case .photoshop where metadata.keeps(.iptc):
                    let payload = try source.bytes(at: segment.payload.lowerBound, count: segment.payload.count)
                    // The other resources hold thumbnails, and EXIF and XMP once more.
                    guard let kept = PhotoshopResources.iptcAlone(payload) else { continue }
                    append(
                        kept == payload ? .source(segment.range) : made(marker: PhotoshopResources.marker, kept),
                        to: &rest)
                case .exif, .xmp:
                    if let kept = try described(segment, source, metadata) { append(kept, to: &rest) }
                case .icc, .extendedXMP, .multiImage, .photoshop, .comment, .otherApplication: break
                }
            }
        }
        if let block = try reducedEXIF(source, header, metadata, limits) {
            jfif.append(made(marker: 0xE1, Array("Exif\0\0".utf8) + block))
        }
        return ([.source(0..<2)] + jfif + rest, walk.position, walk.scanCount)
    }

    /// The part of an EXIF or XMP segment that is kept.
    private static func described(
        _ segment: JPEGSegment, _ source: ImageSource, _ metadata: FitPolicy.Metadata
    ) throws(ImageError) -> Piece? {
        if metadata == .strip { return nil }
        let payload = try source.bytes(at: segment.payload.lowerBound, count: segment.payload.count)
        let isEXIF = payload.starts(with: Array("Exif".utf8))
        if isEXIF && !metadata.keeps(.exif) { return nil }
        let headerCount = isEXIF ? 6 : 29
        let content = Array(payload.dropFirst(headerCount))
        let whole = isEXIF ? EmbeddedMetadata(exif: content) : EmbeddedMetadata(xmp: content)
        let kept = whole.selected(metadata)
        if kept == whole { return .source(segment.range) }
        guard let bytes = isEXIF ? kept.exif : kept.xmp, headerCount + bytes.count <= 65_533 else { return nil }
        return made(marker: segment.marker, payload.prefix(headerCount) + bytes)
    }

    /// A whole segment around a payload of at most 65,533 bytes.
    private static func made(marker: UInt8, _ payload: [UInt8]) -> Piece {
        let length = payload.count + 2
        return .made(
            [0xFF, marker, UInt8(truncatingIfNeeded: length >> 8), UInt8(truncatingIfNeeded: length)] + payload)
    }

    /// A JFIF header is 16 bytes without the thumbnail that may follow it (JFIF 1.02 p. 5).
    private static func jfifWithoutThumbnail(
        _ segment: JPEGSegment, _ source: ImageSource
    ) throws(ImageError) -> [Piece] {
        if segment.payload.count == 14 { return [.source(segment.range)] }
        let kept = try source.bytes(at: segment.payload.lowerBound, count: 12)
        return [.made([0xFF, 0xE0, 0, 16] + kept + [0, 0])]
    }
}
