// SPDX-License-Identifier: Apache-2.0

extension ImageReader {
    /// The image in the file, for a worker.
    /// - Throws: `truncated_input` for a file that lacks some of its image, `unsupported_feature`, and what probing throws.
    func workerSubject() throws(ImageError) -> WorkerSubject {
        let limits = policy.decodingLimits
        switch header.format {
        case .heif, .avif:
            let image = try ISOImage(source, limits: limits)
            if let obstacle = image.obstacle { throw ImageError(.unsupportedFeature, obstacle) }
            guard image.dataEnd <= source.byteCount else {
                throw ImageError(
                    .truncatedInput,
                    "the file ends before its image does: \(InputFault.grouped(source.byteCount)) of "
                        + "\(InputFault.grouped(image.dataEnd)) bytes are there; get it again",
                    details: ["bytes": .integer(source.byteCount), "needed_bytes": .integer(image.dataEnd)])
            }
            return WorkerSubject(
                width: image.width, height: image.height, cropX: image.crop?.x ?? 0, cropY: image.crop?.y ?? 0,
                profile: image.profile,
                // libavif puts tiles in the order of their numbers, not in that of the grid.
                codec: image.hasUnorderedTiles ? ImageFormat.heif.workerCodec : nil)
        case .tiff:
            let start = ByteView(try source.bytes(at: 0, count: 16))
            let page = (policy.page ?? 1) - 1
            let image = try TIFFImage(source, start: start, page: page)
            var subject = WorkerSubject(width: image.width, height: image.height, page: page)
            if let profile = image.profile, profile.count <= limits.maximumProfileBytes {
                subject.profile = try source.bytes(at: profile.lowerBound, count: profile.count)
            }
            return subject
        default: return WorkerSubject(width: header.width, height: header.height)
        }
    }
}
