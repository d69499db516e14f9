// SPDX-License-Identifier: Apache-2.0

extension FittedImage {
    /// Largest payload of a JPEG comment.
    private static let commentBytes = 65_533

    /// The image with as much padding as the minimum asks for: comments of a JPEG, a text chunk of a PNG.
    ///
    /// Pixels and everything else stay. The minimum is met exactly where the padding can be that small.
    /// - Throws: `cannot_fit` where the smallest padding passes the limit.
    func padded(within limits: Limits, source: ImageSource) throws(ImageError) -> FittedImage {
        guard let minimum = limits.minimumBytes, byteCount < minimum else { return self }
        let whole =
            switch content {
            case .bytes(let bytes): bytes
            case .source: try source.bytes(at: 0, count: source.byteCount)
            }
        let missing = minimum - byteCount
        let padding: [UInt8]
        let position: Int
        switch format {
        case .jpeg:
            position = 2
            padding = Self.comments(byteCount: missing)
        case .png:
            // After IHDR, which is always 25 bytes.
            position = PNGChunkReader.signature.count + 25
            let keyword = Array("Comment".utf8) + [0]
            let filler = max(missing - 12 - keyword.count, 0)
            padding = PNGChunk.bytes(type: "tEXt", data: keyword + [UInt8](repeating: 0x20, count: filler))
        default:
            throw ImageError(
                .cannotFit, "has \(byteCount) bytes as \(format), and at least \(minimum) are required",
                details: ["bytes": .integer(byteCount), "minimum_bytes": .integer(minimum)])
        }
        var image = self
        image.content = .bytes(whole[..<position] + padding + whole[position...])
        image.byteCount = byteCount + padding.count
        if status == .copied { image.status = .stripped }
        guard image.byteCount <= limits.fileByteLimit else {
            throw ImageError(
                .cannotFit,
                "between \(minimum) and \(limits.fileByteLimit) bytes there is no room for padding; "
                    + "\(ImageError.Setting.byteLimit.remedy)",
                details: ["minimum_bytes": .integer(minimum), "limit_bytes": .integer(limits.fileByteLimit)],
                settings: [.byteLimit])
        }
        image.warnings.append("\(padding.count) bytes of padding were added to reach \(minimum) bytes")
        return image
    }

    /// Comment segments of so many bytes in all, or of the four that one takes at least.
    private static func comments(byteCount: Int) -> [UInt8] {
        var comments: [UInt8] = []
        var rest = max(byteCount, 4)
        while rest > 0 {
            var payload = min(rest - 4, commentBytes)
            // No rest may be smaller than a segment.
            if rest - 4 - payload > 0, rest - 4 - payload < 4 { payload -= 4 }
            let length = payload + 2
            comments += [
                0xFF, JPEGMarker.comment, UInt8(truncatingIfNeeded: length >> 8), UInt8(truncatingIfNeeded: length),
            ]
            comments += [UInt8](repeating: 0x20, count: payload)
            rest -= payload + 4
        }
        return comments
    }
}
