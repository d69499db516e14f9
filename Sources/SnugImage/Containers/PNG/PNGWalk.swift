// SPDX-License-Identifier: Apache-2.0

/// Walks through a PNG up to its IEND and checks order and every checksum.
struct PNGWalk {
    private let limits: DecodingLimits
    private var chunks: PNGChunkReader
    private var chunkCount = 0
    private var previousType = ""
    private var hasPalette = false
    private var isAtEnd = false
    /// IDAT chunks so far.
    private(set) var dataChunkCount = 0

    init(_ source: ImageSource, limits: DecodingLimits) {
        self.limits = limits
        chunks = PNGChunkReader(source, windowSize: StructureWalk.windowSize)
    }

    /// The offset of the next chunk; after the last one, the end of the image.
    var position: Int { chunks.position }

    /// The purpose of a chunk.
    mutating func kind(of chunk: PNGChunk) throws(ImageError) -> PNGChunkKind { try PNGChunkKind(chunk, in: &chunks) }

    /// The next chunk, `nil` after IEND.
    mutating func next() throws(ImageError) -> PNGChunk? {
        if isAtEnd { return nil }
        guard let chunk = try chunks.next() else {
            throw InputFault.truncated("PNG ends without IEND", at: chunks.reader.byteCount)
        }
        try chunks.checkExtent(chunk)
        guard try chunks.isIntact(chunk) else {
            throw InputFault.corrupt("PNG chunk \(chunk.type) has a wrong checksum", at: chunk.offset)
        }
        try checkOrder(of: chunk)
        if chunk.type != "IDAT" && chunk.type != "fdAT" { chunkCount += 1 }
        try InputFault.checkChunks(count: chunkCount, limits: limits)
        previousType = chunk.type
        isAtEnd = chunk.type == "IEND"
        return chunk
    }

    /// PNG specification §5.6.
    private mutating func checkOrder(of chunk: PNGChunk) throws(ImageError) {
        var isInOrder = (chunk.type == "IHDR") == previousType.isEmpty
        switch chunk.type {
        case "IHDR": isInOrder = isInOrder && chunk.data.count == 13
        case "PLTE":
            isInOrder = isInOrder && !hasPalette && dataChunkCount == 0
            hasPalette = true
        case "IDAT":
            if dataChunkCount == 0 { try checkStream(chunk) }
            isInOrder = isInOrder && (dataChunkCount == 0 || previousType == "IDAT")
            dataChunkCount += 1
        case "IEND": isInOrder = isInOrder && dataChunkCount > 0 && chunk.data.isEmpty
        default:
            if chunk.isCritical {
                throw InputFault.corrupt("PNG chunk \(chunk.type) is critical and unknown", at: chunk.offset)
            }
        }
        if !isInOrder { throw InputFault.corrupt("PNG chunk \(chunk.type) is out of place", at: chunk.offset) }
    }

    /// The two bytes that begin a zlib stream (RFC 1950 §2.2), when they are in the first chunk.
    private mutating func checkStream(_ chunk: PNGChunk) throws(ImageError) {
        guard let head = try chunks.data(chunk, count: 2).u16(at: 0) else { return }
        guard head >> 8 & 15 == 8, head % 31 == 0, head & 0x20 == 0 else {
            throw InputFault.corrupt("PNG image data is not compressed as it should be", at: chunk.data.lowerBound)
        }
    }
}
