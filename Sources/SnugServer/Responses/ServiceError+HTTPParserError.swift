// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import NIOHTTP1

extension ServiceError {
    /// The response to what is no request that can be read. The connection ends after it.
    init(_ error: HTTPParserError) {
        switch error {
        case .headerOverflow:
            self.init(
                .requestHeaderFieldsTooLarge, "header_too_large",
                "the address or the header fields of the request are longer than this server reads; shorten them, and send "
                    + "long parameters as fields of a form")
        case .invalidVersion:
            self.init(
                .httpVersionNotSupported, "bad_request", "this server speaks HTTP/1.1; send the request in that version"
            )
        case .invalidChunkSize:
            self.init(
                .badRequest, "bad_request",
                "the body's chunks cannot be read; send each as its size in hexadecimal, its bytes and a line end, or "
                    + "send Content-Length")
        case .invalidContentLength, .unexpectedContentLength:
            self.init(
                .badRequest, "bad_request",
                "the length of the body is unclear; send one Content-Length in digits, or Transfer-Encoding: chunked")
        case .unknown, .paused, .invalidInternalState, .strictModeAssertion:
            self.init(.badRequest, "bad_request", "what came is no request of HTTP/1.1; check what sends it")
        default:
            self.init(
                .badRequest, "bad_request", "what came is no request of HTTP/1.1 (\(error)); check what sends it")
        }
        closesConnection = true
    }
}
