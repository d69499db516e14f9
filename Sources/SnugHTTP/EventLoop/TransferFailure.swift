// SPDX-License-Identifier: Apache-2.0
internal import CCurl
internal import HTTPTypes

extension Transfer {
    /// The end of a transfer in our terms.
    func ending(_ result: CURLcode) -> TransferReport.Ending {
        if let ownFailure { return .failed(ownFailure) }
        if result == CURLE_OK {
            // Without a final head libcurl gave up after an interim or an empty response.
            guard parser.head != nil else {
                return .failed(HTTPError(.connectionLost, "the connection ended without a final response"))
            }
            return .complete
        }
        wasRewound = result == CURLE_SEND_FAIL_REWIND
        readLeftover()
        let words = unsafe String(cString: snug_curl_easy_strerror(result))
        if isResponseWhole { return .complete }
        if parser.head != nil {
            return .failed(
                HTTPError(
                    .responseCut, "the connection ended within the response (\(words), libcurl \(result.rawValue))")
            )
        }
        let code = Self.code(result, isPublicOnly: request.addressPolicy == .publicOnly)
        return .failed(HTTPError(code, "\(Self.advice(code, request.url)) (\(words), libcurl \(result.rawValue))"))
    }

    /// Reads the response that libcurl left in the socket when sending failed.
    ///
    /// A server that refuses a body responds and closes the connection. The reset that follows makes the next write
    /// fail, sometimes before the response was read. Under TLS the bytes are encrypted, so there it stays a lost
    /// connection.
    private func readLeftover() {
        guard parser.head == nil, request.url.scheme == "http", socket >= 0,
            let sockets = unsafe sockets
        else { return }
        var bytes = [CChar](repeating: 0, count: 16 * 1024)
        let count = unsafe snug_sockets_leftover(sockets, socket, &bytes, bytes.count)
        guard count > 4, String(decoding: bytes[..<5].map(UInt8.init(bitPattern:)), as: UTF8.self) == "HTTP/" else {
            return
        }
        var rest = bytes[..<count].map(UInt8.init(bitPattern:))[...]
        while parser.head == nil, let end = rest.firstIndex(of: 10) {
            guard parser.take(rest[...end]) != .refused else { return }
            rest = rest[(end + 1)...]
        }
        guard let head = parser.head else { return }
        let length = head.headerFields.integer(.contentLength)
        let left = Array(rest.prefix(min(length ?? 0, ResponseSink.errorBodyLimit)))
        isResponseWhole = length.map { rest.count >= $0 } ?? false
        switch sink {
        case .response: body = left
        case .pipe(let pipe):
            // Nothing of the response came before, so the pipe has room for what fits a socket.
            pipe.deliver(head)
            if !left.isEmpty { _ = unsafe left.withUnsafeBytes { unsafe pipe.offer($0) } }
            bytesReceived += left.count
        }
    }

    private static func code(_ result: CURLcode, isPublicOnly: Bool) -> HTTPError.Code {
        switch result {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .cannotResolve
        case CURLE_COULDNT_CONNECT: isPublicOnly ? .addressRefused : .cannotConnect
        case CURLE_OPERATION_TIMEDOUT: .connectTimedOut
        case CURLE_SSL_CONNECT_ERROR: .tlsFailed
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR:
            .certificateRefused
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_HTTP2,
            CURLE_HTTP2_STREAM, CURLE_SEND_FAIL_REWIND:
            .connectionLost
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL: .malformedResponse
        case CURLE_URL_MALFORMAT: .invalidURL
        case CURLE_OUT_OF_MEMORY: .outOfMemory
        default: .transportFailed
        }
    }

    private static func advice(_ code: HTTPError.Code, _ url: HTTPURL) -> String {
        switch code {
        case .cannotResolve: "the name \(url.host) has no address; check its spelling and the network"
        case .cannotConnect: "cannot connect to \(url.authority); check that the server runs"
        case .addressRefused:
            "\(url.host) is unreachable or has an internal address, which is not allowed for URLs from outside"
        case .connectTimedOut: "no connection to \(url.authority) in time; check the network"
        case .tlsFailed: "no TLS connection to \(url.authority); check the scheme and the port"
        case .certificateRefused: "the certificate of \(url.host) is not trusted; add its authority if it is your own"
        case .malformedResponse: "\(url.authority) sent no HTTP response; check the scheme and the port"
        case .outOfMemory: "no memory is left for the request to \(url.authority), or its response is too long"
        case .connectionLost: "the connection to \(url.authority) was lost"
        default: "the request to \(url.authority) failed"
        }
    }
}
