// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import SnugHTTP

/// The attempts of one call.
struct BucketRetries {
    private let policy: RetryPolicy
    private let environment: RetryEnvironment
    private var failures = 0
    /// Seconds that the server's clock is ahead.
    var skew = 0
    /// True until the server has named another region.
    var mayMove = true

    init(_ policy: RetryPolicy, _ environment: RetryEnvironment) {
        self.policy = policy
        self.environment = environment
    }

    /// Forgets the failures so far, because bytes came.
    mutating func moved() { failures = 0 }

    /// Counts a failure.
    /// - Returns: The wait before the next attempt.
    /// - Throws: `unavailable` when there is none.
    mutating func wait(hint: Duration?, throttled: Bool, after exchange: UploadJob.Exchange) throws(BucketError)
        -> Duration
    {
        failures += 1
        let wait = hint ?? policy.delay(afterFailures: failures, throttled: throttled, random: environment.random())
        let advice: String
        if failures >= max(1, policy.maximumAttempts) {
            advice = "try again \(hint.map { "in \($0.inWords)" } ?? "later")"
        } else if wait > policy.longestHint {
            advice = "the server asks for a wait of \(wait.inWords); try again then"
        } else {
            return wait
        }
        let cause: HTTPError? = if case .failure(let error) = exchange { error } else { nil }
        throw BucketError(
            .unavailable, "\(exchange.words); \(advice)", status: exchange.response?.status.code, retryAfter: hint,
            cause: cause)
    }
}
