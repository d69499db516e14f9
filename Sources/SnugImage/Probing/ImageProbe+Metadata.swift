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
}
