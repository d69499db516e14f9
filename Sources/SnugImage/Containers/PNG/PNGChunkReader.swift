// SPDX-License-Identifier: Apache-2.0

/// Iterates over a PNG's chunks, without reading their data.
struct PNGChunkReader {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    var reader: SourceReader
    /// The offset of the next chunk.
    var position = 8

    /// Begins after the signature.
    init(_ source: ImageSource, windowSize: Int = 4096) { reader = SourceReader(source, windowSize: windowSize) }

    /// The next chunk, `nil` at the end of the file.
    ///
    /// The chunk need not be all there: ``checkExtent(_:)`` says whether it is.
    /// - Throws: `corrupt_input`, `truncated_input`, `io_failed`.
    mutating func next() throws(ImageError) -> PNGChunk? {
        guard position < reader.byteCount else { return nil }
        let head = try reader.view(at: position, count: 8)
        guard let length = head.u32(at: 0), head.count == 8 else {
            throw InputFault.truncated("PNG chunk header is cut off", at: position)
        }
        let letters = head.bytes[4...]
        guard letters.allSatisfy({ 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0 }) else {
            throw InputFault.corrupt("PNG chunk type is not made of letters", at: position + 4)
        }
        let type = String(decoding: letters, as: UTF8.self)
        guard length <= 0x7FFF_FFFF else {
            throw InputFault.corrupt("PNG chunk \(type) has the impossible length \(length)", at: position)
        }
        let chunk = PNGChunk(type: type, offset: position, data: position + 8..<position + 8 + length)
        position = chunk.range.upperBound
        return chunk
    }

    /// Throws `truncated_input` when the file ends inside the chunk.
    func checkExtent(_ chunk: PNGChunk) throws(ImageError) {
        if chunk.range.upperBound > reader.byteCount {
            let left = max(0, reader.byteCount - chunk.data.lowerBound)
            throw InputFault.truncated(
                "PNG chunk \(chunk.type) says \(chunk.data.count) bytes and \(left) are left", at: chunk.offset)
        }
    }

    /// Up to `count` bytes of a chunk's data.
    mutating func data(_ chunk: PNGChunk, count: Int) throws(ImageError) -> ByteView {
        try reader.view(at: chunk.data.lowerBound, count: min(count, chunk.data.count))
    }

    /// True when the chunk is complete and its checksum is right.
    mutating func isIntact(_ chunk: PNGChunk) throws(ImageError) -> Bool {
        var crc = CRC32()
        guard try reader.checksum(chunk.offset + 4..<chunk.data.upperBound, into: &crc),
            let stored = try reader.view(at: chunk.data.upperBound, count: 4).u32(at: 0)
        else { return false }
        return UInt32(truncatingIfNeeded: stored) == crc.value
    }
}
