// SPDX-License-Identifier: Apache-2.0
import SnugHTTP

extension GenerationJob {
    /// Waits for the next poll.
    mutating func poll(_ polling: Polling) -> Transition {
        // A job that was found or is known to be done needs no wait before the first poll.
        let isFirstOfDone = (isRecovered || polling.renewal != nil) && polling.rounds == 0
        let wait =
            isFirstOfDone
            ? .zero
            : settings.polling.delay(afterPolls: polling.rounds, hint: polling.hint, random: conditions.random)
        if let remaining = conditions.remaining, wait >= remaining {
            let reason = polling.failure.map { " (asked for it last: \($0.message))" } ?? ""
            return Transition(
                .fail(GenerationError(.deadlineExceeded, "the time is over: \(Self.resumable(polling.id))\(reason)")))
        }
        return Transition([.sleep(wait)], .poll(polling))
    }

    mutating func polled(_ poll: Poll, _ polling: Polling) -> Transition {
        var polling = polling
        polling.failure = nil
        polls += 1
        polling.rounds += 1
        polling.hint = poll.hint
        var next = polled(poll, &polling)
        next.effects.insert(.notify(.polled(count: polls)), at: 0)
        return next
    }

    private mutating func polled(_ poll: Poll, _ polling: inout Polling) -> Transition {
        switch poll.outcome {
        case .pending:
            (polling.failures, polling.disappearances, polling.hasRefreshed) = (0, 0, false)
            return self.poll(polling)
        case .completed(var result):
            result.id = result.id ?? polling.id
            result.isReplayed = false
            return completed(result, polling)
        case .failed(let failure): return jobFailed(failure, polling)
        case .gone(let failure):
            polling.disappearances += 1
            // A job that just started may not be known everywhere yet.
            guard polling.disappearances > 2 else { return self.poll(polling) }
            return gone(failure, polling.id)
        case .pollFailed(let failure):
            if !polling.hasRefreshed, poll.isTokenStale || failure.recovery == .refreshToken {
                polling.hasRefreshed = true
                var next = self.poll(polling)
                next.effects.insert(.change(.refreshToken), at: 0)
                return next
            }
            polling.failures += 1
            polling.failure = failure
            let isHopeless = [.notAuthenticated, .forbidden, .paymentRequired, .downloadFailed].contains(failure.code)
            guard isHopeless || polling.failures >= settings.polling.maximumFailures else {
                return self.poll(polling)
            }
            return pollingFailed(failure, polling.id)
        }
    }

    private mutating func completed(_ result: JobResult, _ polling: Polling) -> Transition {
        guard let (delivery, error) = polling.renewal else { return complete(Delivery(result)) }
        var renewed = delivery
        if result.images.count == delivery.result.images.count {
            renewed.result.images = result.images
            renewed.renewalsLeft -= 1
        } else {
            renewed.expiry = error
        }
        return complete(renewed, noting: result)
    }

    private mutating func jobFailed(
        _ failure: ProviderFailure, _ polling: Polling
    ) -> Transition {
        record.jobID = nil
        record.state = .preparing
        let saved = Effect.save(record)
        var next =
            if let (delivery, error) = polling.renewal {
                lost(error, expired: true, delivery)
            } else {
                follow(submissions.jobFailed(failure, conditions))
            }
        next.effects.insert(saved, at: 0)
        return next
    }

    private mutating func gone(_ failure: ProviderFailure, _ id: String) -> Transition {
        record.state = .held
        record.note = "the provider no longer knows job \(id) (\(failure.message))"
        var error = GenerationError(failure, now: conditions.now)
        error.isOutcomeUnknown = true
        return Transition([.save(record)], .fail(error))
    }

    private func pollingFailed(_ failure: ProviderFailure, _ id: String) -> Transition {
        var error = GenerationError(failure, now: conditions.now)
        if error.code == .outcomeUnknown { error.code = .providerFailed }
        error.isOutcomeUnknown = false
        error.message += "; \(Self.resumable(id))"
        return Transition(.fail(error))
    }

    /// Advice for a job that continues without us.
    static func resumable(_ id: String) -> String {
        "job \(id) continues at the provider; run the same work again to resume it"
    }
}
