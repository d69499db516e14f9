// SPDX-License-Identifier: Apache-2.0
public import HTTPTypes

/// A complete response.
public struct ClientResponse: Sendable, Hashable {
    /// Status and fields of the final response.
    public var head: HTTPResponse
    /// Interim responses (1xx) in order of arrival.
    public var interim: [HTTPResponse]
    /// The body, empty when it went into a file or a stream.
    public var body: [UInt8]
    /// The address that sent the response: another than the request's only after a redirect.
    public var url: HTTPURL
    /// `1.1` or `2`.
    public var httpVersion: String
    /// Facts of the attempt that brought it and, from ``HTTPClient/perform(_:policy:repeatRule:into:)``, of those
    /// before.
    public var attempts: [Attempt]

    /// The final status.
    public var status: HTTPResponse.Status { head.status }
    /// The fields of the final response.
    public var headerFields: HTTPFields { head.headerFields }
    /// True for 200–299.
    public var isSuccess: Bool { status.kind == .successful }
    /// The name that the server gave the request, for its support.
    public var requestID: String? { headerFields.requestID }

    /// Makes a response.
    public init(
        head: HTTPResponse, interim: [HTTPResponse] = [], body: [UInt8] = [], url: HTTPURL,
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

extension ClientResponse: CustomReflectable {
    /// Status and address only: fields and bodies may hold session tokens.
    public var customMirror: Mirror { Mirror(self, children: ["status": status.code, "url": url.description]) }
}
