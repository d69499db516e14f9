// SPDX-License-Identifier: Apache-2.0

extension ImageProbe {
    /// The ICC profile of a JPEG, put together from its segments, of a WebP, GIF or BMP.
    ///
    /// A PNG's is compressed and comes from the PNG codec.
    /// - Returns: `nil` when there is none, pieces are missing, it is over the limit, or it does not suit the image.
    static func iccProfile(
        of source: ImageSource, header: ImageHeader, limits: DecodingLimits = DecodingLimits()
    ) throws(ImageError) -> [UInt8]? {
        switch header.format {
        case .jpeg: return try jpegProfile(of: source, header: header, limits: limits)
        // The probe declares a profile only where it suits the image and is within its limit.
        case .webp, .gif, .bmp:
            guard case .icc = header.colourSpace else { return nil }
            return try plainProfile(of: source, format: header.format, limits: limits)
        default: return nil
        }
    }

    private static func jpegProfile(
        of source: ImageSource, header: ImageHeader, limits: DecodingLimits
    ) throws(ImageError) -> [UInt8]? {
        var segments = JPEGSegmentReader(source)
        var icc = ICCSegments()
        while let segment = try segments.next(), segment.marker != JPEGMarker.startOfScan {
            guard try segments.kind(of: segment) == .icc else { continue }
            icc.add(segment, start: try segments.payload(segment, count: 14))
        }
        let profile = try icc.assemble(from: &segments.reader, limit: limits.maximumProfileBytes)
        guard let profile, ICCProfile(profile).defect(for: header.colourModel.profileSpace) == nil else { return nil }
        return profile
    }

    /// The profile of a format that stores it in one stretch, uncompressed.
    private static func plainProfile(
        of source: ImageSource, format: ImageFormat, limits: DecodingLimits
    ) throws(ImageError) -> [UInt8]? {
        switch format {
        case .webp:
            var chunks = try WebPChunkReader(source, acceptsTruncation: true)
            while let chunk = try chunks.next() {
                if chunk.type == "ICCP" { return try chunks.data(chunk, count: chunk.data.count).bytes }
            }
        case .gif:
            var walk = try GIFWalk(source, limits: limits, acceptsTruncation: true)
            while let block = try walk.next() {
                if case .profile(let range) = block {
                    return try walk.applicationData(range, limit: limits.maximumProfileBytes)
                }
            }
        default:
            if let place = try BMPHeader(source).profile {
                return try source.bytes(at: place.lowerBound, count: place.count)
            }
        }
        return nil
    }

    /// EXIF and XMP of a JPEG, PNG or WebP: the first of each, at most `limits.maximumMetadataBytes` long.
    static func embeddedMetadata(
        of source: ImageSource, header: ImageHeader, limits: DecodingLimits = DecodingLimits()
    ) throws(ImageError) -> EmbeddedMetadata {
        switch header.format {
        case .jpeg: try jpegMetadata(of: source)
        case .png: try pngMetadata(of: source, limits: limits)
        case .heif where header.format.isDecodable, .avif where header.format.isDecodable:
            try isoMetadata(of: source, limits: limits)
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
            default: break
            }
        }
        return metadata
    }

    private static func pngMetadata(
        of source: ImageSource, limits: DecodingLimits
    ) throws(ImageError) -> EmbeddedMetadata {
        var metadata = EmbeddedMetadata()
        var textEXIF: [UInt8]?
        var chunks = PNGChunkReader(source)
        while let chunk = try chunks.next(), chunk.type != "IEND" {
            guard chunk.range.upperBound <= source.byteCount else { break }
            guard chunk.data.count <= limits.maximumMetadataBytes else { continue }
            switch try PNGChunkKind(chunk, in: &chunks) {
            case .exif where chunk.type == "eXIf" && metadata.exif == nil:
                metadata.exif = try chunks.data(chunk, count: chunk.data.count).bytes
            case .exif where textEXIF == nil:
                textEXIF = PNGTextProfile.exif(
                    type: chunk.type, data: try chunks.data(chunk, count: chunk.data.count).bytes)
            case .xmp where chunk.type == "iTXt" && metadata.xmp == nil:
                metadata.xmp = internationalText(try chunks.data(chunk, count: chunk.data.count).bytes)
            default: break
            }
        }
        metadata.exif = metadata.exif ?? textEXIF
        return metadata
    }

    /// The text of an uncompressed iTXt chunk: what follows keyword, two flags, language and translated keyword.
    private static func internationalText(_ data: [UInt8]) -> [UInt8]? {
        guard let keywordEnd = data.firstIndex(of: 0), data.count > keywordEnd + 3, data[keywordEnd + 1] == 0,
            let languageEnd = data[(keywordEnd + 3)...].firstIndex(of: 0),
            let translationEnd = data[(languageEnd + 1)...].firstIndex(of: 0)
        else { return nil }
        return Array(data[(translationEnd + 1)...])
    }
}
