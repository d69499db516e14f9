// SPDX-License-Identifier: Apache-2.0

/// Decides what follows an attempt. Knows no clock and no socket.
struct RetryMachine {
    /// What an attempt came to.
    enum Result: Equatable {
        case status(Int)
        case failure(HTTPError.Code)
    }

    enum Action: Equatable {
        /// Hand the answer or the error out: there is nothing to be gained by another attempt.
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
        guard Self.isTransient(result) else { return .finish }
        guard mayRepeat(result, outcome) else { return .stop(.outcomeUnknown) }
        failures += 1
        guard failures < policy.maximumAttempts else { return .stop(.attemptsSpent) }
        let throttled = result == .status(429) || result == .status(503)
        let wait: Duration
        if let hint {
            guard hint <= policy.longestHint else { return .stop(.waitTooLong) }
            // The hint is a floor: jitter goes on top.
            wait = hint + min(.seconds(1), max(.milliseconds(100), hint / 10)) * min(max(random, 0), 1)
        } else {
            wait = policy.delay(afterFailures: failures, throttled: throttled, random: random)
        }
        if let remaining, wait >= remaining { return .stop(.deadline) }
        guard payBudget(throttled) else { return .stop(.budgetSpent) }
        return .wait(wait)
    }

    static func isTransient(_ result: Result) -> Bool {
        switch result {
        case .status(let status):
            [408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529].contains(status)
        case .failure(let code):
            [
                .cannotResolve, .cannotConnect, .connectTimedOut, .tlsFailed, .connectionLost, .answerCut, .stalled,
                .attemptTimedOut,
            ].contains(code)
        }
    }

    private func mayRepeat(_ result: Result, _ outcome: Outcome) -> Bool {
        switch (rule, outcome) {
        case (.always, _), (_, .notSent), (.whenIncomplete, .partlySent): return true
        case (_, .answered):
            // Refused before acting. Whatever a gateway says (502, 504) or a broken server (500) tells nothing.
            switch result {
            case .status(let status): return [408, 425, 429, 503].contains(status)
            case .failure: return false
            }
        case (_, .partlySent), (_, .sentWithoutAnswer): return false
        }
    }
}
