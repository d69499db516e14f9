// SPDX-License-Identifier: Apache-2.0

/// Where the body of an answer goes.
public enum ResponseSink: Sendable {
    /// Into memory, at most so many bytes; more fail the request.
    case collect(maximum: Int)
    /// The body of a success into a file from `offset` on, at most `maximum` bytes of this answer.
    ///
    /// An answer of another status is collected (64 KiB at most), so that an error page never looks like the file. With
    /// an offset above 0 the request has to carry the `Range`; when the server sends the whole all the same (200), the
    /// file is begun anew.
    case file(ResponseFile, offset: Int = 0, maximum: Int)

    /// Bytes of an error's body that are kept.
    static let errorBodyLimit = 64 * 1024
}

/// An answer's body, handed on as fast as its reader takes it.
public struct HTTPResponseStream: AsyncSequence, Sendable {
    /// Some bytes, never none.
    public typealias Element = [UInt8]

    let pipe: ResponsePipe

    /// Begins to read. There is one stream of bytes: two iterators would share it.
    public func makeAsyncIterator() -> Iterator { Iterator(pipe: pipe) }

    /// Takes the pieces one after the other.
    public struct Iterator: AsyncIteratorProtocol {
        let pipe: ResponsePipe

        /// The next bytes, `nil` at the end.
        /// - Throws: `HTTPError` when the transfer ends before the body does.
        public mutating func next() async throws -> [UInt8]? { try await pipe.next() }
    }
}
