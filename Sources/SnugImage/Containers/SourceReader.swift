// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Reads an ``ImageSource`` through a window that moves to the requested offset.
///
/// Headers are scattered over a file between things that nobody needs: the window follows them, so a probe costs a few
/// reads however large the file is, and memory stays at one window.
struct SourceReader {
    let source: ImageSource
    private(set) var window: [UInt8]
    private var start = 0
    private var filled = 0

    /// - Parameter windowSize: Bytes read at once: few to skip from header to header, many to read everything.
    init(_ source: ImageSource, windowSize: Int = 4096) {
        self.source = source
        window = [UInt8](repeating: 0, count: max(min(windowSize, source.byteCount), 16))
    }

    var byteCount: Int { source.byteCount }

    /// The byte at `offset`, `nil` past the end.
    mutating func byte(at offset: Int) throws(ImageError) -> UInt8? {
        if offset < start || offset - start >= filled {
            guard try load(offset) else { return nil }
        }
        return window[offset - start]
    }

    /// Up to `count` bytes from `offset` on; fewer only at the end.
    mutating func view(at offset: Int, count: Int) throws(ImageError) -> ByteView {
        guard offset >= 0, count > 0, offset < byteCount else { return ByteView([]) }
        let wanted = min(count, byteCount - offset)
        if wanted > window.count { return ByteView(try source.bytes(at: offset, count: wanted)) }
        if offset < start || offset - start > filled - wanted {
            guard try load(offset) else { return ByteView([]) }
        }
        let first = offset - start
        return ByteView(Array(window[first..<min(first + wanted, filled)]))
    }

    /// The first 0xFF at or after `offset`, `nil` when there is none up to the end.
    mutating func nextFF(from offset: Int) throws(ImageError) -> Int? {
        var position = offset
        while position < byteCount {
            if position < start || position - start >= filled {
                guard try load(position) else { return nil }
            }
            let first = position - start
            let found = unsafe window.withUnsafeBytes { bytes -> Int? in
                guard let base = bytes.baseAddress else { return nil }
                return unsafe memchr(base + first, 0xFF, filled - first).map { unsafe UnsafeRawPointer($0) - base }
            }
            if let found { return start + found }
            position = start + filled
        }
        return nil
    }

    /// Adds a stretch of the source to a checksum.
    /// - Returns: True when all of it was there.
    mutating func checksum(_ range: Range<Int>, into crc: inout CRC32) throws(ImageError) -> Bool {
        var position = range.lowerBound
        while position < range.upperBound {
            let loaded = try load(position..<range.upperBound)
            if loaded.isEmpty { return false }
            crc.update(window.span.extracting(loaded))
            position += loaded.count
        }
        return true
    }

    /// Makes the window hold the first bytes of a stretch of the source.
    /// - Returns: Their place in ``window``; empty at the end of the source.
    mutating func load(_ range: Range<Int>) throws(ImageError) -> Range<Int> {
        if range.lowerBound < start || range.lowerBound - start >= filled {
            guard try load(range.lowerBound) else { return 0..<0 }
        }
        let first = range.lowerBound - start
        return first..<min(filled, first + range.count)
    }

    private mutating func load(_ offset: Int) throws(ImageError) -> Bool {
        guard offset >= 0, offset < byteCount else { return false }
        let source = source
        var span = window.mutableSpan
        let count = try source.read(at: offset, into: &span)
        filled = count
        start = offset
        return filled > 0
    }
}
