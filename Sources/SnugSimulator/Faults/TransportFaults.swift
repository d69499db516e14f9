// SPDX-License-Identifier: Apache-2.0

/// Trouble while a request is read.
public enum RequestFault: Sendable, Hashable, Codable {
    /// Reads the headers, then nothing more, and never responds.
    case stallAfterHeaders
    /// Reads this much of the body, then nothing more, and never responds.
    case stallAfter(bytes: Int)
    /// Resets the connection after this much of the body.
    case resetAfter(bytes: Int)
    /// Reads the whole body, then closes without a byte.
    case closeAfterBody
    /// Reads the whole body, then resets the connection.
    case resetAfterBody
    /// Reads the whole body and never responds.
    case stallAfterBody
    /// Answers after this much of the body (0: right after the headers) and ends the connection.
    case answerEarly(after: Int, then: Ending)
    /// Sends no `100 Continue` and waits for the body.
    case ignoreExpect
    /// Answers `417 Expectation Failed` instead of `100 Continue`.
    case refuseExpect

    /// The end of a connection.
    public enum Ending: String, Sendable, Hashable, Codable {
        /// `close`, whatever of the request is still on its way.
        case close
        /// The sending side is closed, the rest of the request is read and dropped.
        case halfClose
        /// A TCP reset.
        case reset
    }

    /// True when the provider never gets to see a complete request, or the response never arrives.
    var hidesTheRequest: Bool {
        switch self {
        case .ignoreExpect: false
        default: true
        }
    }

    /// The bytes of the body after which it happens; `nil` for what does not come before the whole body.
    var bodyBytesBefore: Int? {
        switch self {
        case .stallAfterHeaders: 0
        case .stallAfter(let bytes), .resetAfter(let bytes), .answerEarly(after: let bytes, then: _): bytes
        default: nil
        }
    }
}

/// Trouble while a response is sent.
public enum DeliveryFault: Sendable, Hashable, Codable {
    /// Sends the status line and half the headers, then nothing; over HTTP/2 nothing at all.
    case stallInHeaders
    /// Sends this much of the body, then nothing.
    case stallAfter(bytes: Int)
    /// Sends this much of the body, then closes; over HTTP/2 it resets the stream.
    case closeAfter(bytes: Int)
    /// Sends this much of the body, then resets.
    case resetAfter(bytes: Int)
    /// Sends the body in chunks without the last one, then stays silent or closes.
    case chunkedWithoutEnd(thenClose: Bool)
    /// HTTP/1.1 only: a `Content-Length` that is wrong by this much; the connection is closed after the body.
    case contentLength(offBy: Int)
    /// HTTP/1.1 only: no length at all, so that the body ends with the connection.
    case untilClose
    /// A gzip body that unpacks to this many zero bytes.
    case gzipBomb(unpackedBytes: Int)
    /// A few bytes at a time.
    case drip(bytes: Int, milliseconds: Int)
    /// HTTP/2 only: `RST_STREAM` with `REFUSED_STREAM` instead of a response.
    case refuseStream
    /// HTTP/2 only: `GOAWAY` that names no stream as processed, then the connection closes.
    case goAway
}

/// Trouble with a connection as such, before any request.
public enum ConnectionFault: String, Sendable, Hashable, Codable {
    /// Accepts and never reads a byte.
    case neverRead
    /// Accepts and closes.
    case close
    /// Accepts and resets.
    case reset
}
