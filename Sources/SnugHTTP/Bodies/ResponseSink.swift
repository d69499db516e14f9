// SPDX-License-Identifier: Apache-2.0

/// The destination of a response's body.
public enum ResponseSink: Sendable {
    /// Memory, up to a maximum: a longer body fails the request.
    case collect(maximum: Int)
    /// A file from `offset` on, for the body of a success, up to `maximum` bytes of this response.
    ///
    /// The body of another status is collected in memory (up to 64 KiB), so that an error page never looks like the
    /// file. With an offset above 0 the request has to carry the `Range`. If the server sends the whole file
    /// nevertheless (200), it starts over at offset 0.
    case file(ResponseFile, offset: Int = 0, maximum: Int)

    /// Bytes of an error's body that are kept.
    static let errorBodyLimit = 64 * 1024
}

/// The body of a response, delivered as fast as its reader takes it.
public struct HTTPResponseStream: AsyncSequence, Sendable {
    /// Some bytes, never none.
    public typealias Element = [UInt8]

    let pipe: ResponsePipe

    /// Starts reading. There is one stream of bytes: two iterators would share it.
    public func makeAsyncIterator() -> Iterator { Iterator(pipe: pipe) }

    /// Takes the pieces one after the other.
    public struct Iterator: AsyncIteratorProtocol {
        let pipe: ResponsePipe

        /// The next bytes, `nil` at the end.
        /// - Throws: `HTTPError` when the transfer ends before the body does.
        public mutating func next() async throws -> [UInt8]? { try await pipe.next() }
    }
}
