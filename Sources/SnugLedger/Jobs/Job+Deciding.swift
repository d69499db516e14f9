// SPDX-License-Identifier: Apache-2.0

// The changes that people and other jobs make.
extension Job {
    /// Carries out a decision.
    /// - Parameter newKey: The idempotency key of a submission that is to be paid again.
    /// - Returns: False when the state does not allow it.
    mutating func resolve(_ resolution: JobResolution, newKey: String, now: LedgerInstant) -> Bool {
        switch resolution {
        case .retry:
            guard [.failed, .held, .cancelled].contains(state), !isOutcomeUnknown || step == .reconcile else {
                return false
            }
            startOver(now: now)
        case .payAgain:
            guard [.held, .cancelled].contains(state), isOutcomeUnknown else { return false }
            isOutcomeUnknown = false
            step = .submit
            key = newKey
            startOver(now: now)
        case .drop:
            guard [.held, .failed].contains(state) else { return false }
            move(to: .cancelled, JobReason(code: JobReason.byRequest, message: "given up"), now: now)
        case .cancel:
            guard state != .running else {
                defer { isCancelRequested = true }
                return !isCancelRequested
            }
            guard [.waiting, .paused, .held, .failed].contains(state) else { return false }
            pausedUntil = nil
            move(to: .cancelled, JobReason(code: JobReason.byRequest, message: "cancelled"), now: now)
        case .pause(let until):
            guard state == .waiting else { return false }
            pausedUntil = until
            move(to: .paused, JobReason(code: JobReason.byRequest, message: "paused"), now: now)
        case .unpause:
            guard state == .paused else { return false }
            unpause(now: now)
        }
        return true
    }

    /// The job with another reason, for who shows it. Nothing is recorded.
    package func waiting(because reason: JobReason) -> Job {
        var job = self
        job.reason = reason
        return job
    }

    /// Ends a pause.
    mutating func unpause(now: LedgerInstant) {
        pausedUntil = nil
        move(to: .waiting, nil, now: now)
    }

    /// Makes way for a later version of its file.
    mutating func supersede(by other: JobID, now: LedgerInstant) -> Bool {
        guard [.waiting, .paused, .failed, .held].contains(state), !isOutcomeUnknown else { return false }
        pausedUntil = nil
        let message = "a later version of the file took its place: \(other)"
        move(to: .cancelled, JobReason(code: JobReason.superseded, message: message), now: now)
        return true
    }

    /// Takes up another name for its result.
    /// - Returns: True when its state changed.
    mutating func join(now: LedgerInstant) -> Bool {
        // One that is not delivered yet has the name before it is.
        guard state == .delivered else { return false }
        stage = .completed
        step = .deliver
        startOver(now: now)
        return true
    }

    private mutating func startOver(now: LedgerInstant) {
        attempt = 0
        crashes = 0
        dueAt = now
        move(to: .waiting, nil, now: now)
    }
}
