// SPDX-License-Identifier: Apache-2.0

/// The embedded JPEG of full size that stands for a camera's raw file.
struct RawPreview: Sendable {
    /// The JPEG, which says how it is turned.
    let source: ImageSource
    /// A word for the report.
    let note: String

    /// - Returns: `nil` for files that are no raw files, and for those without such an image.
    /// - Throws: `limit_exceeded`, `io_failed`, `input_changed`.
    init?(of source: ImageSource, limits: DecodingLimits) throws(ImageError) {
        let found: RawFile?
        do throws(ImageError) {
            found = try RawFile(source)
        } catch {
            // Who reads it as a TIFF file names the fault.
            guard error.code == .truncatedInput else { throw error }
            return nil
        }
        guard let raw = found, let place = raw.image else { return nil }
        if place.count > limits.maximumMetadataBytes {
            throw InputFault.exceeds(
                "has an embedded image of \(InputFault.grouped(place.count)) bytes", place.count,
                limit: limits.maximumMetadataBytes, .inputMetadata)
        }
        var bytes = try source.bytes(at: place.lowerBound, count: place.count)
        let header = try ImageProbe.header(of: ImageSource(bytes: bytes), limits: limits)
        if header.orientation == .upright, raw.orientation != .upright {
            let block = MetadataSegments.exifHeader + EXIFBlock.minimal(raw.orientation)
            bytes.insert(contentsOf: [0xFF, 0xE1, 0, UInt8(block.count + 2)] + block, at: 2)
        }
        self.source = ImageSource(bytes: bytes)
        note =
            "is a camera's raw file (\(raw.kind)), whose embedded JPEG of \(header.width)×\(header.height) is used"
    }
}
