// SPDX-License-Identifier: Apache-2.0

/// A response in place of the provider's own.
public enum SubstituteResponse: Sendable, Hashable, Codable {
    /// The body that this provider, or the proxies before it, send with a status.
    case status(code: Int)
    /// A failure by the provider's own word for it: `token_expired`, `insufficient_quota`, `concurrency_limit_exceeded` …
    case named(code: String)
    /// Exactly this; the content type defaults to JSON.
    case custom(status: Int, contentType: String?, body: String)
    /// An HTML page, as gateways send.
    case html(status: Int)
    /// No body at all.
    case empty(status: Int)
    /// JSON, but of a shape that fits no provider.
    case wrongShape(status: Int)
    /// The provider's JSON, cut in the middle; the length header agrees with what is sent.
    case truncatedJSON(status: Int)
    /// An error in the provider's shape whose message is this many bytes long.
    case huge(status: Int, bytes: Int)
    /// An error whose message quotes the credential that the client sent.
    case echoesKey(status: Int)
    /// A redirect.
    case redirect(status: Int, location: String)
}

/// A wait, in one of the ways that servers ask for it.
public enum WaitHint: Sendable, Hashable, Codable {
    /// `Retry-After` with this text: seconds, a fraction, garbage, a negative or a huge number.
    case retryAfter(text: String)
    /// `Retry-After` as an HTTP date this many seconds from now, or before it when negative.
    case retryAfterDate(seconds: Int)
    /// `retry-after-ms`.
    case retryAfterMilliseconds(text: String)
    /// The body's `retry_after` (Elumenta).
    case bodyRetryAfter(seconds: Double)
    /// The body's `retryAfterSeconds` (Pollinations).
    case bodyRetryAfterSeconds(seconds: Double)
    /// Google's `RetryInfo` among the body's error details, as `"53s"`.
    case bodyRetryDelay(text: String)
    /// `x-should-retry`.
    case shouldRetry(value: Bool)
    /// `x-ratelimit-reset-requests` in Go's notation: `12ms`, `1s`, `6m0s`.
    case resetRequests(text: String)
    /// `X-RateLimit-Reset-Hour` as a Unix time this many seconds from now.
    case resetHour(seconds: Int)
}
