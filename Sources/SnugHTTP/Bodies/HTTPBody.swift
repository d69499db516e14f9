// SPDX-License-Identifier: Apache-2.0

/// Reads a request body from the offset at which its factory was told to start.
public protocol HTTPBodyReader: Sendable {
    /// The next bytes, at most `maximum`; none at the end.
    ///
    /// A slow network slows the reader down, because each call waits for the previous one. It has to return early when
    /// its task is cancelled.
    func read(atMost maximum: Int) async throws -> [UInt8]
}

/// The body of a request, which can be read again from any offset.
public struct HTTPBody: Sendable {
    enum Region: Sendable {
        case bytes([UInt8])
        case file(BodyFile, Range<Int>)

        var byteCount: Int {
            switch self {
            case .bytes(let bytes): bytes.count
            case .file(_, let range): range.count
            }
        }
    }

    enum Storage: Sendable {
        case regions([Region])
        case stream(@Sendable (_ offset: Int) async throws -> any HTTPBodyReader, from: Int)
    }

    /// Length in bytes; `nil` when it is unknown, which needs chunked encoding, and many servers refuse that.
    public let byteCount: Int?
    let storage: Storage

    /// A body of nothing, sent with `Content-Length: 0`.
    public static let empty = HTTPBody(bytes: [])

    /// Bytes in memory.
    public init(bytes: [UInt8]) {
        self.init(byteCount: bytes.count, storage: .regions([.bytes(bytes)]))
    }

    /// A piece of a file.
    ///
    /// - Parameters:
    ///   - file: The file, open.
    ///   - range: Offsets within the file as it was opened; what lies outside is left out.
    public init(file: BodyFile, range: Range<Int>? = nil) {
        let clamped = (range ?? 0..<file.byteCount).clamped(to: 0..<file.byteCount)
        self.init(byteCount: clamped.count, storage: .regions([.file(file, clamped)]))
    }

    /// Bytes that come as they are asked for.
    /// - Parameters:
    ///   - byteCount: Bytes in all, if known. A reader that ends earlier or later fails the request.
    ///   - makeReader: Begins to read at an offset; called for each attempt.
    public init(byteCount: Int?, makeReader: @escaping @Sendable (_ offset: Int) async throws -> any HTTPBodyReader) {
        self.init(byteCount: byteCount, storage: .stream(makeReader, from: 0))
    }

    /// Several bodies one after the other.
    ///
    /// - Throws: `invalid_request` when one of them is a stream: those cannot be joined.
    public init(joining bodies: [HTTPBody]) throws(HTTPError) {
        var all: [Region] = []
        for body in bodies {
            guard case .regions(let regions) = body.storage else {
                throw HTTPError(
                    .invalidRequest, "a streamed body cannot be joined with others; write it to a file first")
            }
            all += regions
        }
        self.init(byteCount: all.reduce(0) { $0 + $1.byteCount }, storage: .regions(all))
    }

    /// The body from an offset on.
    public func dropping(first count: Int) -> HTTPBody {
        let left = byteCount.map { max(0, $0 - count) }
        switch storage {
        case .stream(let makeReader, let from):
            return HTTPBody(byteCount: left, storage: .stream(makeReader, from: from + count))
        case .regions(let regions):
            var toDrop = max(0, count)
            var kept: [Region] = []
            for region in regions {
                let dropped = min(toDrop, region.byteCount)
                toDrop -= dropped
                guard dropped < region.byteCount else { continue }
                switch region {
                case .bytes(let bytes): kept.append(.bytes(Array(bytes[dropped...])))
                case .file(let file, let range): kept.append(.file(file, range.lowerBound + dropped..<range.upperBound))
                }
            }
            return HTTPBody(byteCount: left, storage: .regions(kept))
        }
    }

    /// Passes on all bytes in order, files in pieces.
    /// - Throws: `invalid_request` for a stream, `body_failed` when a file cannot be read.
    package func forEachPiece(_ take: ([UInt8]) -> Void) throws(HTTPError) {
        guard case .regions(let regions) = storage else {
            throw HTTPError(.invalidRequest, "a streamed body cannot be read before it is sent")
        }
        for region in regions {
            switch region {
            case .bytes(let bytes): take(bytes)
            case .file(let file, let range):
                for start in stride(from: range.lowerBound, to: range.upperBound, by: 256 * 1024) {
                    take(try file.bytes(at: start, count: min(256 * 1024, range.upperBound - start)))
                }
            }
        }
    }

    private init(byteCount: Int?, storage: Storage) {
        self.byteCount = byteCount
        self.storage = storage
    }
}
