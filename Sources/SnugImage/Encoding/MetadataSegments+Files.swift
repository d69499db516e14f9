// SPDX-License-Identifier: Apache-2.0

extension MetadataSegments {
    /// Extended XMP, comments and IPTC records of a JPEG, those that are kept.
    static func copied(
        _ source: ImageSource, _ selection: FitPolicy.Metadata
    ) throws(ImageError) -> [MetadataSegment] {
        let keepsExtension = selection.keeps(.xmp) && selection.keeps(.gps)
        guard selection.keeps(.comment) || selection.keeps(.iptc) || keepsExtension else { return [] }
        var copied: [MetadataSegment] = []
        var reader = JPEGSegmentReader(source)
        while let segment = try reader.next(), segment.marker != JPEGMarker.startOfScan {
            switch try reader.kind(of: segment) {
            case .extendedXMP where keepsExtension:
                copied.append(MetadataSegment(marker: segment.marker, payload: try reader.payload(segment).bytes))
            case .comment where selection.keeps(.comment):
                copied.append(
                    MetadataSegment(marker: JPEGMarker.comment, payload: try reader.payload(segment).bytes))
            case .photoshop where selection.keeps(.iptc):
                if let records = PhotoshopResources.iptcAlone(try reader.payload(segment).bytes) {
                    copied.append(MetadataSegment(marker: PhotoshopResources.marker, payload: records))
                }
            default: break
            }
        }
        return copied
    }

    /// A finished JPEG whose EXIF and XMP tell its real size: the search for bytes may have made it smaller than planned.
    ///
    /// Never longer than before, as the size has no more digits.
    static func described(_ file: [UInt8], width: Int, height: Int) throws(ImageError) -> [UInt8] {
        var reader = JPEGSegmentReader(ImageSource(bytes: file))
        var result = Array(file.prefix(2))
        var end = 2
        while let segment = try reader.next(), JPEGMarker.isApplication(segment.marker) {
            let kind = try reader.kind(of: segment)
            let payload = try reader.payload(segment).bytes
            end = segment.range.upperBound
            switch kind {
            case .exif:
                var editor = EXIFEditor(Array(payload.dropFirst(exifHeader.count)))
                editor?.describe(width: width, height: height)
                result += editor.map { bytes(segment.marker, exifHeader + $0.bytes) } ?? Array(file[segment.range])
            case .xmp:
                let packet = XMPPacket(Array(payload.dropFirst(xmpHeader.count))).describing(
                    width: width, height: height)
                result += bytes(segment.marker, xmpHeader + packet.bytes)
            default: result += file[segment.range]
            }
        }
        return result + file[end...]
    }

    private static func bytes(_ marker: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let length = payload.count + 2
        return [0xFF, marker, UInt8(truncatingIfNeeded: length >> 8), UInt8(truncatingIfNeeded: length)] + payload
    }
}
