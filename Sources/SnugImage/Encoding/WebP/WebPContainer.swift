// SPDX-License-Identifier: Apache-2.0

/// Puts metadata around the image chunks of a WebP (RFC 9649 §2.7).
enum WebPContainer {
    /// Flags of VP8X.
    static let (profileFlag, alphaFlag, exifFlag, xmpFlag, animationFlag) = (0x20, 0x10, 0x08, 0x04, 0x02)

    /// The file header for chunks of `byteCount` bytes.
    static func header(byteCount: Int) -> [UInt8] {
        Array("RIFF".utf8) + WebPChunk.littleEndian(byteCount + 4, width: 4) + Array("WEBP".utf8)
    }

    /// An extended header.
    static func canvas(flags: Int, width: Int, height: Int) -> [UInt8] {
        WebPChunk.bytes(
            type: "VP8X",
            data: WebPChunk.littleEndian(flags, width: 4) + WebPChunk.littleEndian(width - 1, width: 3)
                + WebPChunk.littleEndian(height - 1, width: 3))
    }

    /// The image of one file with the alpha of another.
    /// - Returns: `colour` where `alpha` has none, since no pixel shows through.
    static func joined(colour: [UInt8], alpha: [UInt8], width: Int, height: Int) throws(ImageError) -> [UInt8] {
        var chunks = try WebPChunkReader(ImageSource(bytes: alpha))
        while let chunk = try chunks.next() {
            guard chunk.type == "ALPH" else { continue }
            let header = header(byteCount: 0).count
            let body =
                canvas(flags: alphaFlag, width: width, height: height) + alpha[chunk.range] + colour[header...]
            return Self.header(byteCount: body.count) + body
        }
        return colour
    }

    /// A file with metadata, of one that the encoder made.
    /// - Returns: `file` where there is no metadata.
    static func adding(
        _ metadata: EmbeddedMetadata, profile: [UInt8]?, to file: [UInt8], width: Int, height: Int, hasAlpha: Bool
    ) throws(ImageError) -> [UInt8] {
        if metadata.exif == nil && metadata.xmp == nil && profile == nil { return file }
        var chunks = try WebPChunkReader(ImageSource(bytes: file))
        var image: [UInt8] = []
        while let chunk = try chunks.next() {
            if chunk.type != "VP8X" { image += file[chunk.offset..<min(chunk.range.upperBound, file.count)] }
        }
        var flags = hasAlpha ? alphaFlag : 0
        var before: [UInt8] = []
        var after: [UInt8] = []
        if let profile {
            flags |= profileFlag
            before = WebPChunk.bytes(type: "ICCP", data: profile)
        }
        if let exif = metadata.exif {
            flags |= exifFlag
            after += WebPChunk.bytes(type: "EXIF", data: exif)
        }
        if let xmp = metadata.xmp {
            flags |= xmpFlag
            after += WebPChunk.bytes(type: "XMP ", data: xmp)
        }
        let body = canvas(flags: flags, width: width, height: height) + before + image + after
        return header(byteCount: body.count) + body
    }

    /// A still image or animation with at least so many more bytes, in a chunk that no reader knows.
    ///
    /// Unknown chunks are for files with an extended header (RFC 9649 §2.7), which is added where it is missing. Chunks have
    /// an even length.
    static func padded(_ file: [UInt8], by byteCount: Int) throws(ImageError) -> [UInt8] {
        var walk = try WebPWalk(ImageSource(bytes: file), limits: DecodingLimits())
        while try walk.next() != nil {}
        var body = Array(file[header(byteCount: 0).count..<min(walk.end, file.count)])
        if !body.count.isMultiple(of: 2) { body.append(0) }
        if walk.canvas == nil, let frame = walk.frames.first {
            let flags = frame.hasAlpha ? alphaFlag : 0
            body = canvas(flags: flags, width: frame.width, height: frame.height) + body
        }
        let missing = file.count + byteCount - header(byteCount: 0).count - body.count
        if missing > 0 {
            body += WebPChunk.bytes(type: "JUNK", data: [UInt8](repeating: 0, count: (max(missing - 8, 0) + 1) / 2 * 2))
        }
        return header(byteCount: body.count) + body
    }
}
