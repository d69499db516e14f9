// SPDX-License-Identifier: Apache-2.0
import SnugHTTP

extension GenerationJob {
    /// Ends the job for a person to decide.
    mutating func hold(_ failure: ProviderFailure) -> Transition {
        record.state = .held
        record.note = failure.message
        var error = GenerationError(failure, now: conditions.now)
        error.code = .outcomeUnknown
        error.isOutcomeUnknown = true
        return Transition([.save(record)], .fail(error))
    }

    mutating func end(_ ending: Ending) -> Transition {
        // A policy of one attempt means one request.
        let mayAsk = settings.policy.maximumAttempts > 1
        if ending.failure.code == .modelNotFound, ending.failure.suggestions.isEmpty, mayAsk {
            return Transition(.listModels(ending))
        }
        return end(ending, models: [])
    }

    mutating func end(_ ending: Ending, models: [String]) -> Transition {
        var failure = ending.failure
        if !models.isEmpty {
            failure.suggestions = models
            failure.message += "; available models: " + models.joined(separator: ", ")
        }
        var error = error(for: failure, ending.reason)
        guard ending.isOpen else { return Transition(.fail(error)) }
        error.isOutcomeUnknown = true
        error.message += "; the image may have been made: run the same work again to resume it"
        record.note = error.message
        return Transition([.save(record)], .fail(error))
    }

    private func error(
        for failure: ProviderFailure, _ reason: SubmissionMachine.Reason
    ) -> GenerationError {
        var error = GenerationError(failure, now: conditions.now)
        switch reason {
        case .refused: break
        case .attemptsSpent where attempts.count > 1: error.message += " (\(attempts.count) attempts)"
        case .attemptsSpent: break
        case .budgetSpent:
            error.code = .retriesSpent
            error.message += "; the retry budget for \(settings.host) is spent: try again later"
        case .waitTooLong:
            if let wait = failure.hint {
                let seconds = Int(wait.seconds.rounded(.up))
                let isTold = error.message.hasSuffix("again in \(seconds) s")
                error.message +=
                    isTold
                    ? ", which is more time than there is"
                    : "; the provider asks for a wait of \(seconds) s, more time than there is"
            } else {
                error.message += "; no time is left for another attempt"
            }
        }
        if error.code == .outcomeUnknown, !submissions.mayHaveTakenEffect { error.code = .providerFailed }
        return error
    }

    /// The handling of the record of a job that ended without its images.
    enum Settlement: Sendable, Hashable {
        /// The job is open: it can be resumed.
        case keep
        /// Nothing is open.
        case remove
        /// Nothing came of releasing a held job.
        case restore(GenerationRecord)
    }

    /// True while a charge may exist that no record in the journal accounts for.
    private var isOpen: Bool { isInFlight || submissions.mayHaveTakenEffect || hasUnrecordedResult }

    /// The settlement after an error.
    var settlement: Settlement {
        guard record.state == .preparing || (record.state == .sending && !isOpen) else { return .keep }
        return held.map(Settlement.restore) ?? .remove
    }

    /// The error with everything known about the job.
    func completed(_ error: GenerationError) -> GenerationError {
        var error = error
        error.attempts = attempts
        error.jobID = error.jobID ?? record.jobID
        error.journalKey = settlement == .remove ? nil : record.id
        if isOpen, record.state == .sending { error.isOutcomeUnknown = true }
        return error
    }
}
