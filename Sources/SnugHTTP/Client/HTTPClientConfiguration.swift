// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

/// What holds for every request of a client.
public struct HTTPClientConfiguration: Sendable {
    /// How requests reach their servers.
    public enum Proxy: Sendable, Hashable {
        /// As `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` say.
        case environment
        /// Directly, whatever the environment says.
        case none
        /// Through this one.
        case url(HTTPURL)
    }

    /// Where requests may go without TLS.
    public enum PlainHTTP: Sendable, Hashable {
        /// To this machine only.
        case loopbackOnly
        /// Anywhere: everything sent can be read on the way, keys included.
        case anywhere
    }

    /// Sent as `User-Agent`. Default `snug`.
    public var userAgent = "snug"
    /// Default ``Proxy/environment``.
    public var proxy = Proxy.environment
    /// Default ``PlainHTTP/loopbackOnly``.
    public var plainHTTP = PlainHTTP.loopbackOnly
    /// A PEM file with authorities of your own. There is no switch that turns verification off.
    public var additionalCertificates: FilePath?
    /// Connections to one host at a time; more requests wait. Default 16.
    public var maximumConnectionsPerHost = 16
    /// The budget that all retries to one host share.
    public var retryBudget = RetryBudget.Settings()
    /// Whether requests without a body speak HTTP/2 without TLS, to servers that are known to; tests have such.
    package var speaksPlainHTTP2 = false
    /// How long a body waits for the answer to `Expect: 100-continue` before it goes all the same; tests have more patience.
    package var continueTimeout = Duration.seconds(1)
    /// What the retry layer takes for time and chance; tests put in their own.
    package var retryEnvironment = RetryEnvironment()

    /// The defaults.
    public init() {}
}
