// SPDX-License-Identifier: Apache-2.0

/// Walks through a WebP file up to the end that its header announces, and checks the order and extent of its chunks.
struct WebPWalk {
    private let source: ImageSource
    private let limits: DecodingLimits
    private var chunks: WebPChunkReader
    private var chunkCount = 0
    private(set) var canvas: WebPCanvas?
    /// The image, or the frames of an animation, so far.
    private(set) var frames: [WebPFrame] = []

    /// - Parameter acceptsTruncation: An image that the file ends in is taken as far as it goes.
    init(_ source: ImageSource, limits: DecodingLimits, acceptsTruncation: Bool = false) throws(ImageError) {
        self.source = source
        self.limits = limits
        chunks = try WebPChunkReader(source, acceptsTruncation: acceptsTruncation)
    }

    /// The end that the RIFF header announces.
    var end: Int { chunks.end }

    /// The next chunk, `nil` after the last.
    /// - Throws: `corrupt_input`, `truncated_input`, `limit_exceeded`, `io_failed`.
    mutating func next() throws(ImageError) -> WebPChunk? {
        guard let chunk = try chunks.next() else {
            guard !frames.isEmpty else { throw InputFault.corrupt("WebP has no image data", at: chunks.end) }
            return nil
        }
        chunkCount += 1
        try InputFault.checkChunks(count: chunkCount, limits: limits)
        switch chunk.type {
        case "VP8X": try noteCanvas(chunk)
        case "ANMF": try noteFrame(chunk)
        case "ALPH":
            // The image follows it at once, and is noted with it.
            break
        case "VP8 ", "VP8L": try noteImage(chunk)
        default: break
        }
        return chunk
    }

    /// The data of a chunk, at most `count` bytes.
    mutating func data(_ chunk: WebPChunk, count: Int) throws(ImageError) -> ByteView {
        try chunks.data(chunk, count: count)
    }

    private mutating func noteCanvas(_ chunk: WebPChunk) throws(ImageError) {
        let data = try chunks.data(chunk, count: 10)
        guard chunkCount == 1, let flags = data.u8(at: 0), let width = data.u24(at: 4), let height = data.u24(at: 7)
        else { throw InputFault.corrupt("WebP chunk VP8X is out of place or too short", at: chunk.offset) }
        canvas = WebPCanvas(
            width: width + 1, height: height + 1, hasAlpha: flags & 0x10 != 0, isAnimated: flags & 0x02 != 0)
    }

    private mutating func noteImage(_ chunk: WebPChunk) throws(ImageError) {
        guard frames.isEmpty, canvas != nil || chunkCount == 1 else {
            throw InputFault.corrupt("WebP has a second image, or one out of place", at: chunk.offset)
        }
        // From the first ALPH on, so that the codec gets both.
        var again = try WebPChunkReader(source, acceptsTruncation: chunks.acceptsTruncation)
        guard let frame = try WebPFrame.read(&again) else { return }
        if let canvas, canvas.width != frame.width || canvas.height != frame.height {
            throw InputFault.corrupt(
                "WebP says \(canvas.width)×\(canvas.height) and its image \(frame.width)×\(frame.height)",
                at: chunk.offset)
        }
        frames = [frame]
    }

    /// RFC 9649 §2.7.3.
    private mutating func noteFrame(_ chunk: WebPChunk) throws(ImageError) {
        let data = try chunks.data(chunk, count: 16)
        guard let canvas, canvas.isAnimated, let left = data.u24(at: 0), let top = data.u24(at: 3),
            let width = data.u24(at: 6), let height = data.u24(at: 9), data.count == 16
        else { throw InputFault.corrupt("WebP frame is out of place or too short", at: chunk.offset) }
        var inside = WebPChunkReader(
            inside: chunk, from: chunk.data.lowerBound + 16, of: source, acceptsTruncation: chunks.acceptsTruncation)
        guard var frame = try WebPFrame.read(&inside) else {
            throw InputFault.corrupt("WebP frame has no image data", at: chunk.offset)
        }
        guard frame.width == width + 1, frame.height == height + 1, left * 2 + frame.width <= canvas.width,
            top * 2 + frame.height <= canvas.height
        else { throw InputFault.corrupt("WebP frame goes past its canvas or is not of its size", at: chunk.offset) }
        (frame.left, frame.top, frame.isOnCanvas) = (left * 2, top * 2, true)
        let flags = data.u8(at: 15) ?? 0
        (frame.isBlended, frame.isCleared) = (flags & 2 == 0, flags & 1 == 1)
        frames.append(frame)
    }
}
