// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

/// Settings for all requests of a client.
public struct HTTPClientConfiguration: Sendable {
    /// The way to the servers.
    public enum Proxy: Sendable, Hashable {
        /// Follows `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy`.
        case environment
        /// Direct connections, without regard to the environment.
        case none
        /// A given proxy.
        case url(HTTPURL)
    }

    /// The servers that requests may reach without TLS.
    public enum PlainHTTP: Sendable, Hashable {
        /// This machine only.
        case loopbackOnly
        /// All servers: anybody on the way can read everything, keys included.
        case anywhere
    }

    /// Sent as `User-Agent`. Default `snug`.
    public var userAgent = "snug"
    /// Default ``Proxy/environment``.
    public var proxy = Proxy.environment
    /// Default ``PlainHTTP/loopbackOnly``.
    public var plainHTTP = PlainHTTP.loopbackOnly
    /// A PEM file with your own authorities. Verification cannot be turned off.
    public var additionalCertificates: FilePath?
    /// Maximum of connections to one host; further requests wait. Default 16.
    public var maximumConnectionsPerHost = 16
    /// The budget that all retries to one host share.
    public var retryBudget = RetryBudget.Settings()
    /// Sends requests without a body over HTTP/2 without TLS, for the servers of tests.
    package var speaksPlainHTTP2 = false
    /// The longest wait for the response to `Expect: 100-continue` before the body is sent without one.
    package var continueTimeout = Duration.seconds(1)
    /// Time and randomness of the retry layer, replaced by tests.
    package var retryEnvironment = RetryEnvironment()

    /// The defaults.
    public init() {}
}
