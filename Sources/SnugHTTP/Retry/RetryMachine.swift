// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes

/// Decides what follows an attempt, without a clock or a socket.
struct RetryMachine {
    /// The result of an attempt.
    enum Result: Equatable {
        case status(HTTPResponse.Status)
        case failure(HTTPError.Code)
    }

    enum Action: Equatable {
        /// Return the response or throw the error: another attempt would not help.
        case finish
        /// Send it again after this wait.
        case wait(Duration)
        case stop(HTTPError.StopReason)
    }

    private let policy: RetryPolicy
    private let rule: RepeatRule
    private var failures = 0

    init(policy: RetryPolicy, rule: RepeatRule) {
        self.policy = policy
        self.rule = rule
    }

    /// - Parameters:
    ///   - hint: The wait that the server asked for.
    ///   - remaining: Time until the deadline.
    ///   - random: 0…1, for the jitter.
    ///   - payBudget: Takes a retry's cost out of the shared budget; false when that is empty.
    mutating func attemptEnded(
        _ result: Result, outcome: Outcome, hint: Duration?, remaining: Duration?, random: Double,
        payBudget: (_ throttled: Bool) -> Bool
    ) -> Action {
        switch responseClass(of: result, outcome) {
        case .success, .definite: return .finish
        case .unknown where rule != .always: return .stop(.outcomeUnknown)
        case .transient, .unknown: break
        }
        failures += 1
        guard failures < policy.maximumAttempts else { return .stop(.attemptsSpent) }
        let throttled = if case .status(let status) = result { ResponseClass.asksToSlowDown(status) } else { false }
        let wait: Duration
        if let hint {
            guard hint <= policy.longestHint else { return .stop(.waitTooLong) }
            // The hint is a minimum, and jitter is added.
            wait = hint + min(.seconds(1), max(.milliseconds(100), hint / 10)) * min(max(random, 0), 1)
        } else {
            wait = policy.delay(afterFailures: failures, throttled: throttled, random: random)
        }
        if let remaining, wait >= remaining { return .stop(.deadline) }
        guard payBudget(throttled) else { return .stop(.budgetSpent) }
        return .wait(wait)
    }

    private func responseClass(of result: Result, _ outcome: Outcome) -> ResponseClass {
        switch result {
        case .status(let status): ResponseClass(status: status)
        case .failure(let code):
            ResponseClass(failure: code, outcome: outcome, needsWholeBody: rule == .whenIncomplete)
        }
    }
}
