// SPDX-License-Identifier: Apache-2.0

/// A response before it is sent.
struct Reply: Sendable {
    enum Body: Sendable {
        case bytes([UInt8])
        /// Written one after the other in chunks of their own; `isCut` leaves out the end and closes.
        case pieces([[UInt8]], isCut: Bool)
    }

    var status: Int
    var headers: Headers
    var body: Body

    init(_ status: Int, _ headers: Headers = [:], body: Body) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    init(_ status: Int, _ headers: Headers = [:], json: JSON) {
        self.init(status, headers, body: .bytes(json.bytes))
        if self.headers["Content-Type"] == nil { self.headers["Content-Type"] = "application/json" }
    }

    init(_ status: Int, _ headers: Headers = [:], text: String, contentType: String) {
        self.init(status, headers, body: .bytes(Array(text.utf8)))
        self.headers["Content-Type"] = contentType
    }

    /// All bytes of the body.
    var bytes: [UInt8] {
        switch body {
        case .bytes(let bytes): bytes
        case .pieces(let pieces, _): Array(pieces.joined())
        }
    }

    func adding(_ headers: Headers) -> Reply {
        var copy = self
        copy.headers.merge(headers)
        return copy
    }

    /// A page such as a proxy before the provider writes.
    static func gateway(_ status: Int) -> Reply {
        let title = "\(status) \(reason(status))"
        let maker = (520...527).contains(status) ? "cloudflare" : "nginx"
        let page =
            "<html>\r\n<head><title>\(title)</title></head>\r\n<body>\r\n<center><h1>\(title)</h1></center>\r\n"
            + "<hr><center>\(maker)</center>\r\n</body>\r\n</html>\r\n"
        return Reply(status, ["Server": maker], text: page, contentType: "text/html")
    }

    static func reason(_ status: Int) -> String {
        let known = [
            200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 206: "Partial Content",
            301: "Moved Permanently",
            302: "Found", 303: "See Other", 307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request",
            401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
            408: "Request Timeout", 409: "Conflict", 412: "Precondition Failed", 413: "Payload Too Large",
            414: "URI Too Long", 415: "Unsupported Media Type", 416: "Range Not Satisfiable", 417: "Expectation Failed",
            422: "Unprocessable Entity", 429: "Too Many Requests", 499: "Client Closed Request",
            500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
            504: "Gateway Timeout", 505: "HTTP Version Not Supported", 520: "Web server is returning an unknown error",
            521: "Web server is down", 522: "Connection timed out", 523: "Origin is unreachable",
            524: "A timeout occurred", 525: "SSL handshake failed", 526: "Invalid SSL certificate", 529: "Overloaded",
        ]
        return known[status] ?? "Status \(status)"
    }
}
