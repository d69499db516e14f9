// SPDX-License-Identifier: Apache-2.0
public import HTTPTypes

/// One request: a value that can be sent any number of times.
public struct ClientRequest: Sendable {
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

    /// The method.
    public var method: HTTPRequest.Method
    /// Where it goes.
    public var url: HTTPURL
    /// The header fields; length, host and `Expect` are added when sending.
    public var headerFields: HTTPFields
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
    public var onInterim: (@Sendable (HTTPResponse) -> Void)?
    /// Called on the network thread as bytes move, at most ten times a second and once at the end.
    public var onProgress: (@Sendable (TransferProgress) -> Void)?

    /// Makes a request.
    public init(
        _ method: HTTPRequest.Method, _ url: HTTPURL, headerFields: HTTPFields = [:], body: HTTPBody? = nil,
        clocks: Clocks = Clocks()
    ) {
        self.method = method
        self.url = url
        self.headerFields = headerFields
        self.body = body
        self.clocks = clocks
    }

    /// Whether it goes out on a connection that no other request has used.
    var usesFreshConnection: Bool {
        switch connectionUse {
        case .automatic: method == .post
        case .fresh: true
        case .reused: false
        }
    }

    func validate() throws(HTTPError) {
        if body != nil, method == .head || method == .get {
            throw HTTPError(.invalidRequest, "\(method) takes no body")
        }
    }
}

extension ClientRequest: CustomReflectable {
    /// Method, address and fields, without the values that may be secret.
    public var customMirror: Mirror {
        Mirror(
            self,
            children: [
                "method": method.rawValue, "url": url.description, "headerFields": headerFields.redactedDescription,
            ])
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
