// SPDX-License-Identifier: Apache-2.0
public import HTTPTypes

/// A request, which can be sent any number of times.
public struct ClientRequest: Sendable {
    /// The connections that a request may use.
    public enum ConnectionUse: Sendable, Hashable {
        /// A new one for POST, an idle one for other methods.
        ///
        /// libcurl repeats a request by itself when a reused connection turns out to be dead. A request that must not
        /// arrive twice gets a connection that cannot have died while idle.
        case automatic
        /// Always a new connection.
        case fresh
        /// An idle connection if there is one.
        case reused
    }

    /// The treatment of redirects.
    public enum Redirects: Sendable, Hashable {
        /// Returns a redirect as the response.
        case none
        /// Follows up to a maximum. Never from https to http, and to another origin only without the body, credentials
        /// and any header that is not known to be harmless.
        case follow(maximum: Int)
    }

    /// The addresses that a request may connect to.
    public enum AddressPolicy: Sendable, Hashable {
        /// All addresses.
        case any
        /// All addresses for the request itself, and public ones only after a redirect to another origin.
        case originOnly
        /// Public addresses only, checked after the name is resolved: for URLs from outside.
        case publicOnly
    }

    /// The time limits of a request.
    public struct Clocks: Sendable, Hashable {
        /// The end of the whole operation, retries and waits included.
        public var deadline: ContinuousClock.Instant?
        /// The longest time for one attempt.
        public var attemptTimeout: Duration?
        /// The longest time without a byte moving while sending or receiving.
        ///
        /// It does not run while the server works after it has received the last byte, as long as its machine replies
        /// to the system's probes, nor while this side holds the bytes back. Default 20 s.
        public var stallTimeout: Duration?
        /// The longest time for connecting. Default 10 s.
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
    /// The address.
    public var url: HTTPURL
    /// The header fields; length, host and `Expect` are added when sending.
    public var headerFields: HTTPFields
    /// The body; `nil` sends none.
    public var body: HTTPBody?
    /// The time limits.
    public var clocks: Clocks
    /// The connections that it may use.
    public var connectionUse = ConnectionUse.automatic
    /// The treatment of redirects.
    public var redirects = Redirects.none
    /// The addresses that it may connect to.
    public var addressPolicy = AddressPolicy.any
    /// True to ask for `100 Continue` before sending the body. `nil` asks for bodies from 1 MiB on until this client
    /// had a success from that origin.
    public var expectsContinue: Bool?
    /// The rate limit that this request shares with others.
    public var bandwidthLimiter: BandwidthLimiter?
    /// Called with each interim response (1xx) on the network thread, so it has to be quick.
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

    /// True for a request that needs a connection of its own.
    var usesFreshConnection: Bool {
        switch connectionUse {
        case .automatic: method == .post
        case .fresh: true
        case .reused: false
        }
    }

    func validate() throws(HTTPError) {
        if body != nil, method == .head || method == .get {
            throw HTTPError(.invalidRequest, "a \(method) request has no body; remove it")
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
