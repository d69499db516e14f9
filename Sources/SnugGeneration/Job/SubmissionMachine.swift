// SPDX-License-Identifier: Apache-2.0
import SnugHTTP

/// Decides what follows the outcome of a submission. Knows no clock and no socket.
///
/// Two rules hold always: a request that may have taken effect is never sent again where a repeat could be charged, and
/// the request never changes while the outcome of an earlier submission is unknown.
struct SubmissionMachine: Sendable {
    /// The next thing to do.
    enum Step: Sendable {
        case deliver(JobResult, isRecovered: Bool)
        case poll(id: String, JobResult)
        /// A retry that costs nothing, after something was put right.
        case retry(Change, after: Duration, because: GenerationError.Code)
        /// A retry that the shared budget has to pay for first.
        case payForRetry(Retry)
        /// Look for a job that may have started.
        case search(ProviderFailure)
        /// The end: nothing took effect.
        case fail(ProviderFailure, Reason)
        /// The end for now: it may have taken effect, and repeating it later is free.
        case leaveOpen(ProviderFailure, Reason)
        /// The end for now: it may have taken effect, and a person has to decide.
        case hold(ProviderFailure)
    }

    /// A retry and the failure it follows.
    struct Retry: Sendable {
        var failure: ProviderFailure
        var change: Change
        var wait: Duration
        var isThrottled: Bool
        /// True when the failure is a search that found nothing.
        var followsSearch = false
    }

    /// The difference between an attempt and the one before.
    enum Change: Sendable, Hashable {
        case nothing
        case refreshToken
        case refit(byteLimit: Int?, maximumSide: Int?)
        case reencode
        case useBody
        case model(String)
        case lowerConcurrency
    }

    /// Why there is no further attempt.
    enum Reason: Sendable, Hashable {
        /// Another attempt would end the same way.
        case refused
        case attemptsSpent
        case budgetSpent
        /// The wait is longer than the policy or the remaining time allows.
        case waitTooLong
    }

    private let policy: RetryPolicy
    private let contract: RepeatContract
    private let canRefresh: Bool
    private let repeatsLost: Bool
    private var refitsLeft: Int
    private var fallbacks: [String]
    private var failures = 0
    private var capacityFailures = 0
    private var hasRefreshed = false
    private var hasReencoded = false
    private var hasMovedToBody = false
    private var repeatsOfUnknown = 0
    /// True while the outcome of some submission is unknown.
    private(set) var mayHaveTakenEffect: Bool

    /// - Parameters:
    ///   - fallbacks: Models not tried yet.
    ///   - mayHaveTakenEffect: True when an earlier process died between sending and hearing.
    init(
        policy: RetryPolicy, contract: RepeatContract, fallbacks: [String] = [], maximumRefits: Int = 2,
        canRefresh: Bool = false, repeatsLost: Bool = false, mayHaveTakenEffect: Bool = false
    ) {
        self.policy = policy
        self.contract = contract
        self.fallbacks = fallbacks
        refitsLeft = maximumRefits
        self.canRefresh = canRefresh
        self.repeatsLost = repeatsLost
        self.mayHaveTakenEffect = mayHaveTakenEffect
    }

    private var maySendAgain: Bool { policy.maximumAttempts > 1 }

    // MARK: Events

    /// A submission ended.
    mutating func handle(_ outcome: SubmissionOutcome, _ conditions: Conditions) -> Step {
        switch outcome {
        case .completed(let result): return .deliver(result, isRecovered: mayHaveTakenEffect || result.isReplayed)
        case .accepted(let id, let result): return .poll(id: id, result)
        case .failed(let failure):
            if !mayHaveTakenEffect, failure.recovery == .switchModel, let model = nextModel() {
                return .retry(.model(model), after: .zero, because: failure.code)
            }
            return end(failure, .refused)
        case .transient(let failure):
            return recover(failure) ?? retry(failure, conditions)
        case .unknown(let failure): return handleUnknown(failure, conditions)
        }
    }

    /// A job that had started ended without an image, for which nothing is charged.
    mutating func jobFailed(_ failure: ProviderFailure, _ conditions: Conditions) -> Step {
        mayHaveTakenEffect = false
        let isTransient = [.noCapacity, .providerFailed, .rateLimited].contains(failure.code)
        return handle(isTransient ? .transient(failure) : .failed(failure), conditions)
    }

    /// Every search for a lost job found nothing.
    mutating func searchFailed(_ failure: ProviderFailure, _ conditions: Conditions) -> Step {
        guard repeatsLost, contract == .history, case .payForRetry(var retry) = retry(failure, conditions) else {
            return .hold(failure)
        }
        retry.followsSearch = true
        return .payForRetry(retry)
    }

    /// The budget paid for a retry.
    mutating func retryPaid(_ retry: Retry) -> Step {
        if retry.followsSearch { mayHaveTakenEffect = false }
        return .retry(retry.change, after: retry.wait, because: retry.failure.code)
    }

    /// The budget is empty.
    func retryUnpaid(_ retry: Retry) -> Step {
        // A submission that is not repeated is as open as before the search.
        retry.followsSearch ? .hold(retry.failure) : end(retry.failure, .budgetSpent)
    }

    /// The process of a submission ended before the response came.
    mutating func interrupted(_ failure: ProviderFailure) -> Step {
        mayHaveTakenEffect = true
        switch contract {
        case .join, .replay: return .retry(.nothing, after: .zero, because: failure.code)
        case .rejectDuplicate:
            repeatsOfUnknown += 1
            return .retry(.nothing, after: .zero, because: failure.code)
        case .history: return .search(failure)
        case .none: return .hold(failure)
        }
    }

    // MARK: Definite failures

    /// A repair beyond waiting; `nil` when there is none.
    private mutating func recover(_ failure: ProviderFailure) -> Step? {
        guard maySendAgain else { return nil }
        if failure.recovery == .refreshToken {
            guard canRefresh, !hasRefreshed else { return end(failure, .refused) }
            hasRefreshed = true
            return .retry(.refreshToken, after: .zero, because: failure.code)
        }
        // A changed request could be charged beside the one in doubt.
        guard !mayHaveTakenEffect else {
            switch failure.recovery {
            case .refit, .reencode, .useBody: return end(failure, .refused)
            case .none, .refreshToken, .switchModel, .lowerConcurrency, .giveUp: return nil
            }
        }
        switch failure.recovery {
        case .refit(let byteLimit, let maximumSide):
            guard refitsLeft > 0 else { return .fail(failure, .attemptsSpent) }
            refitsLeft -= 1
            let change = Change.refit(byteLimit: byteLimit, maximumSide: maximumSide)
            return .retry(change, after: .zero, because: failure.code)
        case .reencode: return recoverOnce(\.hasReencoded, .reencode, failure)
        case .useBody: return recoverOnce(\.hasMovedToBody, .useBody, failure)
        case .switchModel: return switchModel(failure)
        case .none, .lowerConcurrency, .refreshToken, .giveUp: return nil
        }
    }

    private mutating func recoverOnce(
        _ flag: WritableKeyPath<SubmissionMachine, Bool>, _ change: Change, _ failure: ProviderFailure
    ) -> Step {
        guard !self[keyPath: flag] else { return .fail(failure, .refused) }
        self[keyPath: flag] = true
        return .retry(change, after: .zero, because: failure.code)
    }

    private mutating func switchModel(_ failure: ProviderFailure) -> Step? {
        capacityFailures += 1
        // The requested model gets a second chance first: the shortage may last only a moment.
        let waitIsLong = failure.hint.map { $0 > .seconds(10) } ?? false
        guard capacityFailures > 1 || waitIsLong || failure.code == .circuitOpen, let model = nextModel() else {
            return nil
        }
        capacityFailures = 0
        return .retry(.model(model), after: .zero, because: failure.code)
    }

    private mutating func nextModel() -> String? {
        guard maySendAgain, !fallbacks.isEmpty else { return nil }
        return fallbacks.removeFirst()
    }

    private mutating func retry(_ failure: ProviderFailure, _ conditions: Conditions) -> Step {
        failures += 1
        guard failures < policy.maximumAttempts else { return end(failure, .attemptsSpent) }
        let isThrottled = failure.code == .rateLimited || failure.code == .noCapacity
        let wait: Duration
        if let hint = failure.hint {
            guard hint <= policy.longestHint else { return end(failure, .waitTooLong) }
            // The hint is a floor: jitter goes on top.
            let jitter = min(.seconds(1), max(.milliseconds(100), hint / 10))
            wait = hint + jitter * min(max(conditions.random, 0), 1)
        } else {
            wait = policy.delay(afterFailures: failures, throttled: isThrottled, random: conditions.random)
        }
        if let remaining = conditions.remaining, wait >= remaining { return end(failure, .waitTooLong) }
        let change: Change = failure.recovery == .lowerConcurrency ? .lowerConcurrency : .nothing
        return .payForRetry(Retry(failure: failure, change: change, wait: wait, isThrottled: isThrottled))
    }

    private func end(_ failure: ProviderFailure, _ reason: Reason) -> Step {
        guard mayHaveTakenEffect else { return .fail(failure, reason) }
        // Whatever this failure was about, the submission in doubt may have been charged.
        return isSafeToRepeat ? .leaveOpen(failure, reason) : .hold(failure)
    }

    /// True when repeating the submission, at any time, costs nothing more.
    private var isSafeToRepeat: Bool { contract != .none && !(contract == .rejectDuplicate && repeatsOfUnknown > 0) }

    // MARK: Unknown outcomes

    private mutating func handleUnknown(_ failure: ProviderFailure, _ conditions: Conditions) -> Step {
        mayHaveTakenEffect = true
        guard maySendAgain else { return end(failure, .attemptsSpent) }
        if failure.recovery == .giveUp { return end(failure, .refused) }
        switch contract {
        case .join, .replay: return retry(failure, conditions)
        case .rejectDuplicate:
            // Once: the response to the second request tells whether the first took effect.
            guard repeatsOfUnknown == 0 else { return .hold(failure) }
            repeatsOfUnknown += 1
            return retry(failure, conditions)
        case .history: return .search(failure)
        case .none: return .hold(failure)
        }
    }
}
