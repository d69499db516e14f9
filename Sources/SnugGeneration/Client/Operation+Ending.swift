// SPDX-License-Identifier: Apache-2.0
import SnugHTTP

extension Operation {
    func failure(_ refusal: ProviderFailure, _ reason: SubmissionMachine.Reason) async -> GenerationError {
        var refusal = refusal
        // One attempt means one request.
        let mayAsk = parts.options.retry.maximumAttempts > 1
        if refusal.code == .modelNotFound, refusal.suggestions.isEmpty, mayAsk {
            refusal.suggestions = await parts.modelNames()
            if !refusal.suggestions.isEmpty {
                refusal.message += "; there are " + refusal.suggestions.joined(separator: ", ")
            }
        }
        var error = GenerationError(refusal, now: parts.now)
        switch reason {
        case .refused: break
        case .attemptsSpent where attempts.count > 1: error.message += " (\(attempts.count) attempts)"
        case .attemptsSpent: break
        case .budgetSpent:
            error.code = .retriesSpent
            error.message +=
                "; so much fails at \(parts.provider.baseURL.authority) that nothing is tried again for now"
        case .waitTooLong:
            if let wait = refusal.hint {
                error.message +=
                    "; asked to wait \(Int(wait.seconds.rounded(.up))) s, which is longer than there is time"
            } else {
                error.message += "; there is no time left for another attempt"
            }
        }
        if error.code == .outcomeUnknown, !machine.mayHaveTakenEffect { error.code = .providerFailed }
        return error
    }

    /// Puts everything known into the error, and leaves nothing in the journal that is settled.
    func ended(_ error: any Error) async -> any Error {
        let isOpen = isInFlight || machine.mayHaveTakenEffect || hasLooseResult
        let isSettled = record.state == .preparing || (record.state == .sending && !isOpen)
        do {
            if isSettled, let held {
                try await parts.journal.save(held)
            } else if isSettled {
                try await parts.journal.remove(record.id)
            }
        } catch {
            log("a settled record stays in the journal", error)
        }
        guard var known = error as? GenerationError else {
            if !(error is CancellationError) { emit(.failed(.badResponse)) }
            return error
        }
        known.attempts = attempts
        known.jobID = known.jobID ?? record.jobID
        known.journalKey = isSettled && held == nil ? nil : record.id
        if isOpen, record.state == .sending { known.isOutcomeUnknown = true }
        emit(.failed(known.code))
        return known
    }
}
