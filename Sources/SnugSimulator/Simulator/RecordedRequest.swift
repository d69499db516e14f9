// SPDX-License-Identifier: Apache-2.0

/// A request as it arrived, and what became of it.
public struct RecordedRequest: Sendable, Hashable, Codable {
    /// 1 for the first request that the simulator saw.
    public var number: Int
    /// The number of its connection; 1 for the first.
    public var connection: Int
    /// Its place on that connection; more than 1 means that the connection was reused.
    public var positionOnConnection: Int
    /// The service asked.
    public var service: ServiceName
    /// The method.
    public var method: String
    /// The path as sent, percent-encoded, without the query.
    public var path: String
    /// The query as sent, without the question mark; empty when there is none.
    public var query: String
    /// Every header field as sent.
    public var headers: Headers
    /// Body bytes that were read.
    public var bodyBytes: Int
    /// True when the whole body was read.
    public var isBodyComplete: Bool
    /// SHA-256 of the body that was read, in hexadecimal.
    public var bodyDigest: String
    /// The body, when it is complete and not longer than ``Simulator/Configuration/keptBodyBytes``.
    public var body: [UInt8]?
    /// The status answered, or `nil` when nothing was.
    public var status: Int?
    /// True when a fault applied.
    public var metFault: Bool
    /// True when the exchange is over as far as the simulator knows; a client may learn of it a moment earlier.
    public var isFinished: Bool
    /// True when the connection ended without the response being sent in full.
    public var wasCut: Bool
    /// Seconds since 1970 on the simulator's clock, at the end of the headers.
    public var time: Double

    /// The request without credentials, for printing.
    public var redacted: RecordedRequest {
        var copy = self
        for name in ["Authorization", "Proxy-Authorization", "Cookie", "x-api-key"] where copy.headers[name] != nil {
            copy.headers[name] = "***"
        }
        copy.query = copy.query.split(separator: "&", omittingEmptySubsequences: false)
            .map { $0.hasPrefix("key=") ? "key=***" : String($0) }.joined(separator: "&")
        copy.body = nil
        return copy
    }
}
