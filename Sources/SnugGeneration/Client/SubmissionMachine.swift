// SPDX-License-Identifier: Apache-2.0
import SnugHTTP

/// Decides what follows an answer to a submission. Knows no clock and no socket.
///
/// Two things never happen: a request that may have been acted on is sent again where that could be paid for twice, and
/// what was asked for is changed as long as nobody knows what became of the first.
struct SubmissionMachine: Sendable {
    /// What to do next.
    enum Step: Sendable {
        /// The images are there; whether they were before.
        case deliver(JobResult, isRecovered: Bool)
        case poll(id: String, JobResult)
        case again(Change, after: Duration, because: GenerationError.Code)
        /// Look for a job that may have been begun.
        case search(ProviderFailure)
        /// It ended, and nothing is left open.
        case fail(ProviderFailure, Reason)
        /// It may have taken effect. Asked again under the same name, it goes on safely.
        case leaveOpen(ProviderFailure, Reason)
        /// It may have taken effect, and only a person can say what to do.
        case hold(ProviderFailure)
    }

    /// What is different about the next attempt.
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
        /// Another would give the same.
        case refused
        case attemptsSpent
        case budgetSpent
        /// The wait is longer than it may be, or than there is time.
        case waitTooLong
    }

    /// What time, chance and money there is.
    struct Means {
        var remaining: Duration?
        /// 0…1.
        var random: Double
        /// Takes a retry's cost out of the shared budget; false when that is empty.
        var payBudget: (_ throttled: Bool) -> Bool
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
    /// Whether some submission may have been acted on that nobody has answered for.
    private(set) var mayHaveTakenEffect: Bool

    /// - Parameters:
    ///   - fallbacks: Models not asked yet.
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

    // MARK: Answers

    mutating func answered(_ verdict: SubmissionOutcome, _ means: Means) -> Step {
        switch verdict {
        case .completed(let result): return .deliver(result, isRecovered: mayHaveTakenEffect || result.isReplayed)
        case .accepted(let id, let result): return .poll(id: id, result)
        case .failed(let refusal):
            if !mayHaveTakenEffect, refusal.remedy == .switchModel, let model = nextModel() {
                return .again(.model(model), after: .zero, because: refusal.code)
            }
            return end(refusal, .refused)
        case .transient(let refusal): return repaired(refusal, means) ?? again(refusal, means)
        case .unknown(let refusal): return unknown(refusal, means)
        }
    }

    /// A job that had begun ended without an image, for which nothing is charged.
    mutating func jobFailed(_ refusal: ProviderFailure, _ means: Means) -> Step {
        mayHaveTakenEffect = false
        let isPassing = [.noCapacity, .providerFailed, .rateLimited].contains(refusal.code)
        return answered(isPassing ? .transient(refusal) : .failed(refusal), means)
    }

    /// Every look for a lost job has found nothing.
    mutating func searched(_ refusal: ProviderFailure, _ means: Means) -> Step {
        guard repeatsLost, contract == .history else { return .hold(refusal) }
        let step = again(refusal, means)
        // What is not sent again now is as open as before.
        guard case .again = step else { return .hold(refusal) }
        mayHaveTakenEffect = false
        return step
    }

    // MARK: Certain failures

    /// What can be put right beside waiting; `nil` when that is nothing.
    private mutating func repaired(_ refusal: ProviderFailure, _ means: Means) -> Step? {
        guard maySendAgain else { return nil }
        if refusal.remedy == .refreshToken {
            guard canRefresh, !hasRefreshed else { return end(refusal, .refused) }
            hasRefreshed = true
            return .again(.refreshToken, after: .zero, because: refusal.code)
        }
        // Another request than the first could be charged beside it.
        guard !mayHaveTakenEffect else {
            switch refusal.remedy {
            case .refit, .reencode, .useBody: return end(refusal, .refused)
            case .none, .refreshToken, .switchModel, .lowerConcurrency: return nil
            }
        }
        switch refusal.remedy {
        case .refit(let byteLimit, let maximumSide):
            guard refitsLeft > 0 else { return .fail(refusal, .attemptsSpent) }
            refitsLeft -= 1
            return .again(.refit(byteLimit: byteLimit, maximumSide: maximumSide), after: .zero, because: refusal.code)
        case .reencode:
            guard !hasReencoded else { return .fail(refusal, .refused) }
            hasReencoded = true
            return .again(.reencode, after: .zero, because: refusal.code)
        case .useBody:
            guard !hasMovedToBody else { return .fail(refusal, .refused) }
            hasMovedToBody = true
            return .again(.useBody, after: .zero, because: refusal.code)
        case .switchModel:
            capacityFailures += 1
            // Once more first: it may be a moment's trouble, and this is the model that was asked for.
            let waitIsLong = refusal.hint.map { $0 > .seconds(10) } ?? false
            guard capacityFailures > 1 || waitIsLong || refusal.code == .circuitOpen, let model = nextModel() else {
                return nil
            }
            capacityFailures = 0
            return .again(.model(model), after: .zero, because: refusal.code)
        case .none, .lowerConcurrency, .refreshToken: return nil
        }
    }

    private mutating func nextModel() -> String? {
        guard maySendAgain, !fallbacks.isEmpty else { return nil }
        return fallbacks.removeFirst()
    }

    private mutating func again(_ refusal: ProviderFailure, _ means: Means) -> Step {
        failures += 1
        guard failures < policy.maximumAttempts else { return end(refusal, .attemptsSpent) }
        let isThrottled = refusal.code == .rateLimited || refusal.code == .noCapacity
        let wait: Duration
        if let hint = refusal.hint {
            guard hint <= policy.longestHint else { return end(refusal, .waitTooLong) }
            // The hint is a floor: jitter goes on top.
            wait = hint + min(.seconds(1), max(.milliseconds(100), hint / 10)) * min(max(means.random, 0), 1)
        } else {
            wait = policy.delay(afterFailures: failures, throttled: isThrottled, random: means.random)
        }
        if let remaining = means.remaining, wait >= remaining { return end(refusal, .waitTooLong) }
        guard means.payBudget(isThrottled) else { return end(refusal, .budgetSpent) }
        let change: Change = refusal.remedy == .lowerConcurrency ? .lowerConcurrency : .nothing
        return .again(change, after: wait, because: refusal.code)
    }

    private func end(_ refusal: ProviderFailure, _ reason: Reason) -> Step {
        guard mayHaveTakenEffect else { return .fail(refusal, reason) }
        // Whatever this answer was about, the one that is missing may have been paid for.
        return isSafeToAskAgain ? .leaveOpen(refusal, reason) : .hold(refusal)
    }

    /// Whether the same submission again, at any time, costs nothing more.
    private var isSafeToAskAgain: Bool { contract != .none && !(contract == .rejectDuplicate && repeatsOfUnknown > 0) }

    // MARK: Unknown outcomes

    private mutating func unknown(_ refusal: ProviderFailure, _ means: Means) -> Step {
        mayHaveTakenEffect = true
        guard maySendAgain else { return end(refusal, .attemptsSpent) }
        switch contract {
        case .join, .replay: return again(refusal, means)
        case .rejectDuplicate:
            // Once: the answer to the second tells whether there was a first.
            guard repeatsOfUnknown == 0 else { return .hold(refusal) }
            repeatsOfUnknown += 1
            return again(refusal, means)
        case .history: return .search(refusal)
        case .none: return .hold(refusal)
        }
    }
}

extension SubmissionMachine {
    /// What to do about a submission whose process ended before it heard.
    mutating func interrupted(_ refusal: ProviderFailure) -> Step {
        mayHaveTakenEffect = true
        switch contract {
        case .join, .replay: return .again(.nothing, after: .zero, because: refusal.code)
        case .rejectDuplicate:
            repeatsOfUnknown += 1
            return .again(.nothing, after: .zero, because: refusal.code)
        case .history: return .search(refusal)
        case .none: return .hold(refusal)
        }
    }
}
