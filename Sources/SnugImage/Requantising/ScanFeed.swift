// SPDX-License-Identifier: Apache-2.0
import CJPEGKernels

/// Hands a scan's bytes to its decoder, chunk by chunk.
struct ScanFeed {
    let source: ImageSource
    let end: Int
    private(set) var offset: Int
    private var chunk = [UInt8](repeating: 0, count: 1 << 15)
    /// Of the chunk: where it lies in the file, and how much of it is there.
    private var chunkStart = 0
    private var filled = 0

    init(source: ImageSource, range: Range<Int>) {
        self.source = source
        offset = range.lowerBound
        end = range.upperBound
    }

    var isAtEnd: Bool { offset >= end }

    private static func read(
        _ source: ImageSource, at offset: Int, into chunk: inout [UInt8]
    ) throws(ImageError) -> Int {
        var span = chunk.mutableSpan
        return try source.read(at: offset, into: &span)
    }

    /// Feeds once.
    mutating func next(_ stream: OpaquePointer) throws(ImageError) {
        if offset >= end {
            unsafe snug_stream_end_input(stream)
            return
        }
        if offset >= chunkStart + filled {
            chunkStart = offset
            filled = min(try Self.read(source, at: offset, into: &chunk), end - offset)
            if filled == 0 {
                offset = end
                return
            }
        }
        let start = offset - chunkStart
        let count = filled - start
        let taken = unsafe chunk.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return 0 }
            return unsafe snug_stream_feed(stream, base + start, count)
        }
        offset += taken
        // A decoder that wants more and takes nothing would ask for ever.
        if taken == 0 { unsafe snug_stream_end_input(stream) }
    }

    /// The bytes behind the last block, after it was decoded.
    ///
    /// A stream that goes on there was damaged somewhere before: codes came out too short.
    mutating func bytesLeft(behind stream: OpaquePointer) throws(ImageError) -> Int {
        while !isAtEnd {
            let before = offset
            try unsafe next(stream)
            if unsafe snug_stream_leftover(stream) > 0 || offset == before { break }
        }
        return unsafe max(Int(snug_stream_leftover(stream)), 0) + end - offset
    }
}
