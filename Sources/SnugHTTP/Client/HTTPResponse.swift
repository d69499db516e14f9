// SPDX-License-Identifier: Apache-2.0

/// Status line and header fields.
public struct HTTPResponseHead: Sendable, Hashable {
    /// 100–599.
    public var status: Int
    /// The fields.
    public var headers: HTTPHeaders

    /// Makes a head.
    public init(status: Int, headers: HTTPHeaders = [:]) {
        self.status = status
        self.headers = headers
    }
}

/// A complete answer.
public struct HTTPResponse: Sendable, Hashable {
    /// Status and fields of the final answer.
    public var head: HTTPResponseHead
    /// Interim answers (1xx) in order of arrival.
    public var interim: [HTTPResponseHead]
    /// The body, empty when it went into a file or a stream.
    public var body: [UInt8]
    /// Where the answer came from: another address than the request's only after a redirect.
    public var url: HTTPURL
    /// `1.1` or `2`.
    public var httpVersion: String
    /// Facts of the attempt that brought it and, from ``HTTPClient/perform(_:policy:repeatRule:into:)``, of those before.
    public var attempts: [Attempt]

    /// The final status.
    public var status: Int { head.status }
    /// The final answer's fields.
    public var headers: HTTPHeaders { head.headers }
    /// Whether the status is 200–299.
    public var isSuccess: Bool { (200...299).contains(status) }
    /// The server's name for the request, for its support.
    public var requestID: String? { Self.requestID(in: headers) }

    package static func requestID(in headers: HTTPHeaders) -> String? {
        headers["x-request-id"] ?? headers["request-id"] ?? headers["x-amz-request-id"]
    }

    /// Makes an answer.
    public init(
        head: HTTPResponseHead, interim: [HTTPResponseHead] = [], body: [UInt8] = [], url: HTTPURL,
        httpVersion: String = "1.1", attempts: [Attempt] = []
    ) {
        self.head = head
        self.interim = interim
        self.body = body
        self.url = url
        self.httpVersion = httpVersion
        self.attempts = attempts
    }
}
