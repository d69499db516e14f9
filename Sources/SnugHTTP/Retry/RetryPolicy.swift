// SPDX-License-Identifier: Apache-2.0

/// Number and timing of attempts.
public struct RetryPolicy: Sendable, Hashable {
    /// Attempts in all; 1 sends exactly one request. Default 4.
    public var maximumAttempts: Int
    /// The first wait is anything up to this. Default 0.5 s.
    public var firstDelay: Duration
    /// The first wait after a server that is overloaded and does not say for how long. Default 2 s.
    public var throttledDelay: Duration
    /// The longest wait that the client chooses itself. Default 30 s.
    public var maximumDelay: Duration
    /// The longest wait that a server may ask for. A longer one stops the operation, because trying earlier would only
    /// prolong it. Default 120 s.
    public var longestHint: Duration

    /// Sets the policy.
    public init(
        maximumAttempts: Int = 4, firstDelay: Duration = .milliseconds(500), throttledDelay: Duration = .seconds(2),
        maximumDelay: Duration = .seconds(30), longestHint: Duration = .seconds(120)
    ) {
        self.maximumAttempts = maximumAttempts
        self.firstDelay = firstDelay
        self.throttledDelay = throttledDelay
        self.maximumDelay = maximumDelay
        self.longestHint = longestHint
    }

    /// Full jitter: anything between nothing and the exponential bound, so that clients that failed together do not
    /// return together.
    /// - Parameters:
    ///   - failures: Failures so far, 1 after the first.
    ///   - throttled: True after the server said that it is overloaded.
    ///   - random: 0…1.
    public func delay(afterFailures failures: Int, throttled: Bool = false, random: Double) -> Duration {
        let base = throttled ? throttledDelay : firstDelay
        let doublings = min(max(failures - 1, 0), 30)
        let bound = min(maximumDelay, base * (1 << doublings))
        return bound * min(max(random, 0), 1)
    }
}

/// The condition for sending a request a second time.
public enum RepeatRule: Sendable, Hashable {
    /// Always: repeating changes nothing (reads, whole-object PUT, offset-checked PATCH, a key that the server
    /// honours).
    case always
    /// Only when the server cannot have received all of it: for requests without effect unless they are complete.
    case whenIncomplete
    /// Only when no byte left this machine, or the server said that it did not act.
    case whenNotSent
}
