// SPDX-License-Identifier: Apache-2.0

/// A still image in a WebP file, or a frame of an animation.
struct WebPFrame: Sendable, Hashable {
    /// Columns and rows of the canvas before the image.
    var left = 0
    var top = 0
    var width: Int
    var height: Int
    /// Pixels may be transparent.
    var hasAlpha: Bool
    /// The pixels are laid over those that are there, else they replace them.
    var isBlended = false
    /// The image is a frame of an animation, which has a place on the canvas.
    var isOnCanvas = false
    /// The frame's rectangle becomes transparent before the next frame.
    var isCleared = false
    /// The chunks that the codec takes: an optional ALPH, and VP8 or VP8L.
    var chunks: Range<Int>

    /// Reads the chunks of the next image.
    /// - Returns: `nil` when there is none.
    /// - Throws: `corrupt_input`, `truncated_input`, `io_failed`.
    static func read(_ chunks: inout WebPChunkReader) throws(ImageError) -> WebPFrame? {
        var start: Int?
        while let chunk = try chunks.next() {
            switch chunk.type {
            case "ALPH": start = start ?? chunk.offset
            case "VP8 ", "VP8L":
                guard var frame = try bitstream(chunk, in: &chunks) else {
                    throw InputFault.corrupt("WebP image data do not begin as they should", at: chunk.data.lowerBound)
                }
                frame.hasAlpha = frame.hasAlpha || start != nil
                frame.chunks = (start ?? chunk.offset)..<min(chunk.range.upperBound, chunks.reader.byteCount)
                return frame
            default: continue
            }
        }
        return nil
    }

    /// RFC 6386 §9.1 and RFC 9649 §3.4.
    private static func bitstream(
        _ chunk: WebPChunk, in chunks: inout WebPChunkReader
    ) throws(ImageError) -> WebPFrame? {
        let head = try chunks.data(chunk, count: 10)
        if chunk.type == "VP8L" {
            guard head.u8(at: 0) == 0x2F, let bits = head.u32(at: 1), bits >> 29 == 0 else { return nil }
            return WebPFrame(
                width: (bits & 0x3FFF) + 1, height: (bits >> 14 & 0x3FFF) + 1, hasAlpha: bits >> 28 & 1 == 1,
                chunks: chunk.range)
        }
        guard let tag = head.u24(at: 0), tag & 1 == 0, head.u24(at: 3) == 0x2A_01_9D, let width = head.u16(at: 6),
            let height = head.u16(at: 8), width & 0x3FFF > 0, height & 0x3FFF > 0
        else { return nil }
        return WebPFrame(width: width & 0x3FFF, height: height & 0x3FFF, hasAlpha: false, chunks: chunk.range)
    }
}
