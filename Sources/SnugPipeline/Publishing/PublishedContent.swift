// SPDX-License-Identifier: Apache-2.0
package import SnugImage

/// The bytes of a file to be published.
package struct PublishedContent {
    /// Hands out the bytes from 0 on, in chunks.
    package let forEachChunk: (_ body: (ArraySlice<UInt8>) throws -> Void) throws -> Void
    /// Throws when the source of the bytes changed while it was read.
    package let verify: () throws -> Void

    /// A fitted image, taken from its source where that complies.
    package init(_ image: FittedImage, source: ImageSource) {
        verify = { try source.checkUnchanged() }
        switch image.content {
        case .bytes(let bytes): forEachChunk = { body in try body(bytes[...]) }
        case .source: forEachChunk = { body in try Self.forEachChunk(of: source, body) }
        }
    }

    /// A file as it is.
    package init(_ source: ImageSource) {
        forEachChunk = { body in try Self.forEachChunk(of: source, body) }
        verify = { try source.checkUnchanged() }
    }

    /// Bytes that nothing can change.
    package init(bytes: [UInt8]) {
        forEachChunk = { body in try body(bytes[...]) }
        verify = {}
    }

    private static let chunkBytes = 1 << 20

    private static func forEachChunk(of source: ImageSource, _ body: (ArraySlice<UInt8>) throws -> Void) throws {
        var offset = 0
        while offset < source.byteCount {
            let chunk = try source.bytes(at: offset, count: chunkBytes)
            guard !chunk.isEmpty else {
                throw ImageError(.inputChanged, "became shorter while it was copied; try again once it is complete")
            }
            try body(chunk[...])
            offset += chunk.count
        }
    }
}
