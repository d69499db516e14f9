// SPDX-License-Identifier: Apache-2.0

extension ImageProbe {
    /// The metadata of an image: the first EXIF and XMP, at most `limits.maximumMetadataBytes` long, and all texts.
    /// - Parameter page: The page of a TIFF file, from 1.
    static func embeddedMetadata(
        of source: ImageSource, header: ImageHeader, limits: DecodingLimits = DecodingLimits(), page: Int = 1
    ) throws(ImageError) -> EmbeddedMetadata {
        switch header.format {
        case .jpeg: try jpegMetadata(of: source)
        case .png: try pngMetadata(of: source, limits: limits)
        case .heif where header.format.isDecodable, .avif where header.format.isDecodable:
            try isoMetadata(of: source, limits: limits)
        case .tiff: try tiffMetadata(of: source, limits: limits, page: page)
        case .gif: try gifMetadata(of: source, limits: limits)
        case .webp: try webPMetadata(of: source, limits: limits)
        default: EmbeddedMetadata()
        }
    }

    private static func webPMetadata(
        of source: ImageSource, limits: DecodingLimits
    ) throws(ImageError) -> EmbeddedMetadata {
        var metadata = EmbeddedMetadata()
        var chunks = try WebPChunkReader(source, acceptsTruncation: true)
        while let chunk = try chunks.next() {
            guard chunk.data.count <= limits.maximumMetadataBytes else { continue }
            switch chunk.type {
            case "EXIF" where metadata.exif == nil:
                metadata.exif = EXIFBlock.bare(
                    try chunks.data(chunk, count: chunk.data.count).bytes)
            case "XMP " where metadata.xmp == nil:
                metadata.xmp = try chunks.data(chunk, count: chunk.data.count).bytes
            default: break
            }
        }
        return metadata
    }

    private static func jpegMetadata(of source: ImageSource) throws(ImageError) -> EmbeddedMetadata {
        var metadata = EmbeddedMetadata()
        var segments = JPEGSegmentReader(source)
        while let segment = try segments.next(), segment.marker != JPEGMarker.startOfScan {
            switch try segments.kind(of: segment) {
            case .exif where metadata.exif == nil:
                let block = Array(try segments.payload(segment).bytes.dropFirst(6))
                if EXIFBlock(block) != nil { metadata.exif = block }
            case .xmp where metadata.xmp == nil:
                metadata.xmp = Array(try segments.payload(segment).bytes.dropFirst(29))
            case .comment: metadata.texts.append(MetadataText(comment: try segments.payload(segment).bytes))
            case .photoshop:
                guard let own = PhotoshopResources.resources(ofProfile: try segments.payload(segment).bytes) else {
                    break
                }
                metadata.resources = (metadata.resources ?? []) + own
            default: break
            }
        }
        return metadata
    }

    private static func gifMetadata(
        of source: ImageSource, limits: DecodingLimits
    ) throws(ImageError) -> EmbeddedMetadata {
        var metadata = EmbeddedMetadata()
        var walk = try GIFWalk(source, limits: limits, acceptsTruncation: true)
        while let block = try walk.next() {
            guard case .comment(let range) = block, range.count <= limits.maximumMetadataBytes else { continue }
            let comment = try walk.blockData(from: range.lowerBound + 2, to: range.upperBound, limit: range.count)
            metadata.texts.append(MetadataText(comment: comment))
        }
        return metadata
    }

    private static func pngMetadata(
        of source: ImageSource, limits: DecodingLimits
    ) throws(ImageError) -> EmbeddedMetadata {
        var metadata = EmbeddedMetadata()
        var textEXIF: [UInt8]?
        var chunks = PNGChunkReader(source)
        var textBytes = 0
        while let chunk = try chunks.next(), chunk.type != "IEND" {
            guard chunk.range.upperBound <= source.byteCount else { break }
            guard chunk.data.count <= limits.maximumMetadataBytes else { continue }
            let kind = try PNGChunkKind(chunk, in: &chunks)
            guard [.exif, .xmp, .iptc, .text].contains(kind) else { continue }
            let data = try chunks.data(chunk, count: chunk.data.count).bytes
            switch kind {
            case .exif where chunk.type == "eXIf": metadata.exif = metadata.exif ?? data
            case .exif where textEXIF == nil: textEXIF = PNGTextProfile.exif(type: chunk.type, data: data)
            case .xmp where metadata.xmp == nil: metadata.xmp = packet(type: chunk.type, data: data)
            case .iptc where metadata.resources == nil:
                metadata.resources = PNGTextProfile.bytes(type: chunk.type, data: data).flatMap {
                    PhotoshopResources.resources(ofProfile: $0)
                }
            // Little compressed text inflates to much.
            case .text where textBytes < limits.maximumMetadataBytes:
                guard let text = PNGText(type: chunk.type, data: data) else { continue }
                textBytes += text.bytes.count
                metadata.texts.append(text.text)
            default: break
            }
        }
        metadata.exif = metadata.exif ?? textEXIF
        return metadata
    }

    /// An XMP packet in a chunk: as text, or as digits.
    private static func packet(type: String, data: [UInt8]) -> [UInt8]? {
        guard type == "iTXt" else { return PNGTextProfile.bytes(type: type, data: data) }
        return PNGText(type: type, data: data).flatMap { $0.bytes.isEmpty ? nil : $0.bytes }
    }
}
