// SPDX-License-Identifier: Apache-2.0
import Logging

extension ClientContext {
    // MARK: Job claims

    /// Assigns a provider's job to a submission; false when it belongs to another.
    func claim(_ job: String, for key: String) async -> Bool {
        do {
            return try await stores.jobClaims.claim(job, account: account, for: key, now: now)
        } catch {
            // No other submission of this process has it; the job is paid for, so it is not given up.
            logger.warning("a job could not be claimed for other processes to see", metadata: ["error": "\(error)"])
            return true
        }
    }

    // MARK: Account state

    /// The error for a request that may not be sent; `nil` when it may.
    func blocker() async throws -> GenerationError? {
        try await stores.accountStates.state(of: account).blocker(now: now)
    }

    /// The balance as far as it is known.
    func knownBalance() async -> Double? {
        do {
            return try await stores.accountStates.state(of: account).balance
        } catch {
            logger.warning("the state of the account cannot be read", metadata: ["error": "\(error)"])
            return nil
        }
    }

    func updateAccountState(_ change: @escaping @Sendable (inout AccountState) -> Void) async {
        do {
            try await stores.accountStates.update(account, change)
        } catch {
            logger.warning("the state of the account could not be saved", metadata: ["error": "\(error)"])
        }
    }

    // MARK: Input limits

    /// The limits of a model: the documented ones, and those observed lately.
    func observedLimits(_ base: InputLimits, model: String?) async -> InputLimits {
        do {
            let observed = try await stores.inputLimits.limits(of: ModelLocation(origin: origin, model: model))
            guard let observed, observed.isValid(now: now) else { return base }
            return base.narrowed(byteLimit: observed.byteLimit, maximumSide: observed.maximumSide)
        } catch {
            logger.warning("observed limits cannot be read", metadata: ["error": "\(error)"])
            return base
        }
    }

    /// Notes a limit that a model enforced.
    func observe(byteLimit: Int?, maximumSide: Int?, model: String?) async {
        let observed = ObservedInputLimits(byteLimit: byteLimit, maximumSide: maximumSide, observedAt: now)
        do {
            try await stores.inputLimits.record(observed, of: ModelLocation(origin: origin, model: model))
        } catch {
            // The next process observes it again.
            logger.warning("an observed limit could not be saved", metadata: ["error": "\(error)"])
        }
    }
}
