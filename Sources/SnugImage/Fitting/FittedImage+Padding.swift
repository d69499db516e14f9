// SPDX-License-Identifier: Apache-2.0

extension FittedImage {
    /// Largest payload of a JPEG comment.
    private static let commentBytes = 65_533

    /// The image with as much padding as the minimum asks for: comments of a JPEG or GIF, a text chunk of a PNG, a chunk of
    /// a WebP that readers skip.
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
        let bytes: [UInt8]
        switch format {
        case .jpeg: bytes = Self.inserting(Self.comments(byteCount: missing), at: 2, of: whole)
        case .png:
            // After IHDR, which is always 25 bytes.
            bytes = Self.inserting(Self.text(byteCount: missing), at: PNGChunkReader.signature.count + 25, of: whole)
        case .webp: bytes = try WebPContainer.padded(whole, by: missing)
        case .gif: bytes = try Self.gif(whole, by: missing)
        default:
            throw ImageError(
                .cannotFit, "has \(byteCount) bytes as \(format), and at least \(minimum) are required",
                details: ["bytes": .integer(byteCount), "minimum_bytes": .integer(minimum)])
        }
        var image = self
        image.content = .bytes(bytes)
        image.byteCount = bytes.count
        if status == .copied { image.status = .stripped }
        guard image.byteCount <= limits.fileByteLimit else {
            throw ImageError(
                .cannotFit,
                "between \(minimum) and \(limits.fileByteLimit) bytes there is no room for padding; "
                    + "\(ImageError.Setting.byteLimit.remedy)",
                details: ["minimum_bytes": .integer(minimum), "limit_bytes": .integer(limits.fileByteLimit)],
                settings: [.byteLimit])
        }
        image.warnings.append("\(bytes.count - byteCount) bytes of padding were added to reach \(minimum) bytes")
        return image
    }

    private static func inserting(_ padding: [UInt8], at position: Int, of whole: [UInt8]) -> [UInt8] {
        whole[..<position] + padding + whole[position...]
    }

    /// A text chunk of so many bytes in all, or of the twenty that it takes at least.
    private static func text(byteCount: Int) -> [UInt8] {
        let keyword = Array("Comment".utf8) + [0]
        let filler = max(byteCount - 12 - keyword.count, 0)
        return PNGChunk.bytes(type: "tEXt", data: keyword + [UInt8](repeating: 0x20, count: filler))
    }

    /// A GIF with a comment before its trailer.
    private static func gif(_ whole: [UInt8], by byteCount: Int) throws(ImageError) -> [UInt8] {
        var walk = try GIFWalk(ImageSource(bytes: whole), limits: DecodingLimits())
        while let block = try walk.next(), block != .trailer {}
        var bytes = inserting(comment(byteCount: byteCount), at: walk.position - 1, of: whole)
        // Comments came with version 89a.
        bytes.replaceSubrange(3..<6, with: Array("89a".utf8))
        return bytes
    }

    /// A comment of a GIF of so many bytes in all, or one more where the last block would be empty; at least three.
    private static func comment(byteCount: Int) -> [UInt8] {
        var comment: [UInt8] = [0x21, 0xFE]
        var rest = max(byteCount - 3, 0)
        while rest > 0 {
            var length = min(max(rest - 1, 1), 255)
            if rest - 1 - length == 1 { length -= 1 }
            comment.append(UInt8(truncatingIfNeeded: length))
            comment += [UInt8](repeating: 0x20, count: length)
            rest -= 1 + length
        }
        return comment + [0]
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
