// SPDX-License-Identifier: Apache-2.0

/// Iterates over chunks of a WebP file, without reading their data.
struct WebPChunkReader {
    var reader: SourceReader
    /// The offset of the next chunk.
    private(set) var position: Int
    /// The end of the stretch that the chunks are in.
    let end: Int
    /// Takes a chunk that the file ends in as far as it goes.
    let acceptsTruncation: Bool

    /// The chunks of a file: those up to the length that its RIFF header announces.
    /// - Throws: `truncated_input`, `corrupt_input`, `io_failed`.
    init(_ source: ImageSource, acceptsTruncation: Bool = false, windowSize: Int = 4096) throws(ImageError) {
        self.acceptsTruncation = acceptsTruncation
        reader = SourceReader(source, windowSize: windowSize)
        var head = try reader.view(at: 0, count: 12)
        head.order = .littleEndian
        guard let length = head.u32(at: 4), head.count == 12 else {
            throw InputFault.truncated("WebP ends inside its RIFF header", at: head.count)
        }
        guard head.has("RIFF"), head.has("WEBP", at: 8), length >= 12 else {
            throw InputFault.corrupt("WebP has a RIFF header with the impossible length \(length)", at: 4)
        }
        position = 12
        end = 8 + length
    }

    /// The chunks inside another chunk, from `start` on.
    init(inside chunk: WebPChunk, from start: Int, of source: ImageSource, acceptsTruncation: Bool) {
        self.acceptsTruncation = acceptsTruncation
        reader = SourceReader(source)
        position = start
        end = chunk.data.upperBound
    }

    /// The next chunk, `nil` at the end.
    /// - Throws: `truncated_input` when the file ends inside the chunk, `corrupt_input`, `io_failed`.
    mutating func next() throws(ImageError) -> WebPChunk? {
        guard position < end else { return nil }
        var head = try reader.view(at: position, count: 8)
        head.order = .littleEndian
        guard let length = head.u32(at: 4), head.count == 8 else {
            throw InputFault.truncated("WebP chunk header is cut off", at: position)
        }
        let letters = head.bytes.prefix(4)
        guard letters.allSatisfy({ 0x20...0x7E ~= $0 }) else {
            throw InputFault.corrupt("WebP chunk type is not made of letters", at: position)
        }
        let type = String(decoding: letters, as: UTF8.self)
        let chunk = WebPChunk(type: type, offset: position, data: position + 8..<position + 8 + length)
        guard chunk.data.upperBound <= end else {
            throw InputFault.corrupt("WebP chunk \(type) says \(length) bytes, more than its file has", at: position)
        }
        guard chunk.data.upperBound <= reader.byteCount else {
            if acceptsTruncation, chunk.data.lowerBound <= reader.byteCount {
                position = end
                return WebPChunk(type: type, offset: chunk.offset, data: chunk.data.lowerBound..<reader.byteCount)
            }
            let left = max(0, reader.byteCount - chunk.data.lowerBound)
            throw InputFault.truncated("WebP chunk \(type) says \(length) bytes and \(left) are left", at: position)
        }
        position = chunk.range.upperBound
        return chunk
    }

    /// Up to `count` bytes of a chunk's data, in the file's byte order.
    mutating func data(_ chunk: WebPChunk, count: Int) throws(ImageError) -> ByteView {
        var view = try reader.view(at: chunk.data.lowerBound, count: min(count, chunk.data.count))
        view.order = .littleEndian
        return view
    }
}
