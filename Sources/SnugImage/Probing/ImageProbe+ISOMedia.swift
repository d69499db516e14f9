// SPDX-License-Identifier: Apache-2.0

extension ImageProbe {
    /// EXIF and XMP of a HEIF or AVIF file.
    static func isoMetadata(of source: ImageSource, limits: DecodingLimits) throws(ImageError) -> EmbeddedMetadata {
        let image = try ISOImage(source, limits: limits)
        var metadata = EmbeddedMetadata()
        if let item = try bytes(image.exif, of: source, limits: limits), let skipped = ByteView(item).u32(at: 0) {
            // The item begins with the distance of the TIFF header from here (ISO/IEC 23008-12 §A.2.1).
            let block = item.dropFirst(4).dropFirst(skipped)
            if EXIFBlock(Array(block)) != nil { metadata.exif = Array(block) }
        }
        metadata.xmp = try bytes(image.xmp, of: source, limits: limits)
        return metadata
    }

    /// The bytes of an item; `nil` when there are none, not all of them, or too many.
    private static func bytes(
        _ extents: [Range<Int>], of source: ImageSource, limits: DecodingLimits
    ) throws(ImageError) -> [UInt8]? {
        var bytes: [UInt8] = []
        for extent in extents {
            guard extent.count <= limits.maximumMetadataBytes - bytes.count, extent.upperBound <= source.byteCount
            else {
                return nil
            }
            bytes += try source.bytes(at: extent.lowerBound, count: extent.count)
        }
        return bytes.isEmpty ? nil : bytes
    }
}
