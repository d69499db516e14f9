// SPDX-License-Identifier: Apache-2.0

/// One request: a value that can be sent any number of times.
public struct HTTPRequest: Sendable {
    /// Which connections a request may go out on.
    public enum ConnectionUse: Sendable, Hashable {
        /// A fresh one for POST, an idle one for the rest.
        ///
        /// libcurl sends a request again by itself when a reused connection turns out dead, so whatever must not arrive
        /// twice goes on a connection that cannot have died idle.
        case automatic
        /// Always a new connection.
        case fresh
        /// An idle connection if there is one.
        case reused
    }

    /// Whether to follow redirects.
    public enum Redirects: Sendable, Hashable {
        /// Hand a redirect to the caller as the answer it is.
        case none
        /// Follow at most so many, never from https to http, and to another origin only without body, credentials and
        /// any header that is not known to be harmless.
        case follow(maximum: Int)
    }

    /// Which addresses a request may connect to.
    public enum AddressPolicy: Sendable, Hashable {
        /// Any.
        case any
        /// Public ones only, checked after the name was resolved: for addresses that came from outside.
        case publicOnly
    }

    /// The three clocks. Each runs only where it is set.
    public struct Clocks: Sendable, Hashable {
        /// When the whole operation has to be over, retries and waits included.
        public var deadline: ContinuousClock.Instant?
        /// The longest that one attempt may take.
        public var attemptTimeout: Duration?
        /// The longest that no byte may move while sending or receiving.
        ///
        /// It does not run while the server thinks after the last byte has reached it, as long as its machine answers
        /// the system's probes, nor while our own side is what holds the bytes back. Default 20 s.
        public var stallTimeout: Duration?
        /// The longest that connecting may take. Default 10 s.
        public var connectTimeout: Duration

        /// Sets the clocks.
        public init(
            deadline: ContinuousClock.Instant? = nil, attemptTimeout: Duration? = nil,
            stallTimeout: Duration? = .seconds(20), connectTimeout: Duration = .seconds(10)
        ) {
            self.deadline = deadline
            self.attemptTimeout = attemptTimeout
            self.stallTimeout = stallTimeout
            self.connectTimeout = connectTimeout
        }
    }

    /// `GET`, `HEAD`, `POST`, `PUT`, `PATCH`, `DELETE`, `OPTIONS` or another token.
    public var method: String
    /// Where it goes.
    public var url: HTTPURL
    /// The header fields; length, host and `Expect` are added when sending.
    public var headers: HTTPHeaders
    /// The body; `nil` sends none.
    public var body: HTTPBody?
    /// The clocks.
    public var clocks: Clocks
    /// Which connections it may use.
    public var connectionUse = ConnectionUse.automatic
    /// Whether redirects are followed.
    public var redirects = Redirects.none
    /// Which addresses it may connect to.
    public var addressPolicy = AddressPolicy.any
    /// Whether to ask for `100 Continue` before sending the body; `nil` asks for bodies from 1 MiB on when this client has
    /// not had a success from that origin yet.
    public var expectsContinue: Bool?
    /// Shared by all requests that together must stay under one rate.
    public var bandwidthLimiter: BandwidthLimiter?
    /// Called with each interim answer (1xx) on the network thread, so it has to be quick.
    public var onInterim: (@Sendable (HTTPResponseHead) -> Void)?
    /// Called on the network thread as bytes move, at most ten times a second and once at the end.
    public var onProgress: (@Sendable (TransferProgress) -> Void)?

    /// Makes a request.
    public init(
        _ method: String, _ url: HTTPURL, headers: HTTPHeaders = [:], body: HTTPBody? = nil, clocks: Clocks = Clocks()
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.clocks = clocks
    }

    /// Whether it goes out on a connection that no other request has used.
    var usesFreshConnection: Bool {
        switch connectionUse {
        case .automatic: method == "POST"
        case .fresh: true
        case .reused: false
        }
    }

    func validate() throws(HTTPError) {
        guard !method.isEmpty, method.utf8.allSatisfy({ (65...90).contains($0) || $0 == 45 }) else {
            throw HTTPError(.invalidRequest, "\"\(method)\" is no method; use capital letters")
        }
        if let name = headers.firstMalformedName {
            throw HTTPError(
                .invalidRequest, "the header \"\(name)\" has characters that cannot be sent; remove line breaks")
        }
        if body != nil, method == "HEAD" || method == "GET" {
            throw HTTPError(.invalidRequest, "\(method) takes no body")
        }
    }
}

/// Bytes moved so far, both ways.
public struct TransferProgress: Sendable, Hashable {
    /// Body bytes that left this machine.
    public var bytesSent: Int
    /// Body bytes to send in all, when known.
    public var bytesToSend: Int?
    /// Body bytes received.
    public var bytesReceived: Int
    /// Body bytes to receive in all, when the server said.
    public var bytesToReceive: Int?
}
