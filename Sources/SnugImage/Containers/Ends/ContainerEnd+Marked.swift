// SPDX-License-Identifier: Apache-2.0

/// Formats with an end marker.
extension ContainerEnd {
    /// A scan header, and EOI somewhere after it.
    static func jpegEnd(_ source: ImageSource) throws(ImageError) -> ContainerEnd {
        var segments = JPEGSegmentReader(source)
        var hasScan = false
        while !hasScan, let segment = try segments.next() { hasScan = segment.marker == JPEGMarker.startOfScan }
        guard hasScan else { throw InputFault.truncated("JPEG ends before its image data", at: source.byteCount) }
        if try source.bytes(at: source.byteCount - 2, count: 2) == [0xFF, JPEGMarker.endOfImage] { return .reached }
        // Previews, gain maps and makers' data may follow the image: only a walk finds its end then.
        var walk = JPEGWalk(source, limits: DecodingLimits())
        while try walk.next() != nil {}
        return .reached
    }

    /// IEND, at the end of a chain of chunks that are all there.
    static func pngEnd(_ source: ImageSource) throws(ImageError) -> ContainerEnd {
        var chunks = PNGChunkReader(source)
        while let chunk = try chunks.next() {
            try chunks.checkExtent(chunk)
            if chunk.type == "IEND" {
                // Not all of it is there while its checksum is not.
                guard try chunks.isIntact(chunk) else {
                    throw InputFault.corrupt("PNG chunk IEND has a wrong checksum", at: chunk.offset)
                }
                return .reached
            }
        }
        throw InputFault.truncated("PNG ends without IEND", at: source.byteCount)
    }

    /// The trailer (GIF89a §27), behind blocks that are all there.
    static func gifEnd(_ source: ImageSource) throws(ImageError) -> ContainerEnd {
        var reader = SourceReader(source, windowSize: StructureWalk.windowSize)
        var position = 13
        let flags = try gifByte(at: 10, of: &reader)
        if flags & 0x80 != 0 { position += 3 << (Int(flags & 7) + 1) }
        while true {
            switch try gifByte(at: position, of: &reader) {
            case 0x3B: return .reached
            case 0x2C:
                let flags = try gifByte(at: position + 9, of: &reader)
                if flags & 0x80 != 0 { position += 3 << (Int(flags & 7) + 1) }
                // The descriptor, and the code size before the data.
                position = try endOfSubBlocks(from: position + 11, in: &reader)
            case 0x21: position = try endOfSubBlocks(from: position + 2, in: &reader)
            default: throw InputFault.corrupt("GIF has a block of no known kind", at: position)
            }
        }
    }

    private static func endOfSubBlocks(from start: Int, in reader: inout SourceReader) throws(ImageError) -> Int {
        var position = start
        while true {
            let length = Int(try gifByte(at: position, of: &reader))
            position += 1 + length
            if length == 0 { return position }
        }
    }

    private static func gifByte(at offset: Int, of reader: inout SourceReader) throws(ImageError) -> UInt8 {
        guard let byte = try reader.byte(at: offset) else {
            throw InputFault.truncated("GIF ends without a trailer", at: reader.byteCount)
        }
        return byte
    }
}
