// SPDX-License-Identifier: Apache-2.0
import SnugHTTP

extension GenerationJob {
    // MARK: Before sending

    mutating func prepared(_ digest: String, _ addresses: [String]) -> Transition {
        record.imageURLs = addresses
        // A repeat has to be byte for byte the request in doubt: with a changed image it would be a second one.
        if submissions.mayHaveTakenEffect, let before = record.bodyDigest, before != digest {
            return hold(.changed)
        }
        return Transition(.send)
    }

    /// The limits allow the request: the record says so before the first byte leaves.
    mutating func permitted(
        digest: String, form: GenerationRecord.Form, balance: Double?, now: Int
    ) -> GenerationRecord {
        record.state = .sending
        record.model = model
        record.bodyDigest = digest
        record.form = form
        if record.balanceBefore == nil { record.balanceBefore = balance }
        // A search looks for jobs created after the first submission that is in doubt.
        if !submissions.mayHaveTakenEffect || record.submittedAt == nil { record.submittedAt = now }
        return record
    }

    /// The first byte is about to leave.
    mutating func sending() -> GenerationEvent {
        isInFlight = true
        return .submitting(model: model, attempt: attempts.count + 1)
    }

    /// A request ended.
    mutating func attempted(_ attempt: Attempt, startedAfter start: Duration) -> GenerationEvent {
        var attempt = attempt
        attempt.number = attempts.count + 1
        attempt.start = start
        attempts.append(attempt)
        return .attempt(attempt)
    }

    // MARK: After sending

    mutating func submitted(_ outcome: SubmissionOutcome) -> Transition {
        isInFlight = false
        return follow(submissions.handle(outcome, conditions))
    }

    mutating func follow(_ step: SubmissionMachine.Step) -> Transition {
        switch step {
        case .deliver(let result, let isRecovered):
            let claim = Claim.completed(result, isRecovered: isRecovered || result.isReplayed)
            // A finished job is claimed too, so that no search assigns it to another submission.
            guard let id = result.id else { return claimed(true, claim) }
            return Transition(.claim(id, claim))
        case .poll(let id, let result): return Transition(.claim(id, .accepted(id, result)))
        case .retry(let change, let wait, let code): return retry(change, after: wait, because: code)
        case .payForRetry(let retry): return Transition(.payForRetry(retry))
        case .search(let failure): return search(failure)
        case .fail(let failure, let reason):
            return end(Ending(failure: failure, reason: reason, isOpen: false))
        case .leaveOpen(let failure, let reason):
            return end(Ending(failure: failure, reason: reason, isOpen: true))
        case .hold(let failure): return hold(failure)
        }
    }

    private mutating func retry(
        _ change: SubmissionMachine.Change, after wait: Duration, because code: GenerationError.Code
    ) -> Transition {
        var effects: [Effect] = []
        if !submissions.mayHaveTakenEffect, record.state == .sending {
            // Nothing took effect, so a kill before the next attempt leaves nothing in doubt.
            record.state = .preparing
            effects.append(.save(record))
        }
        switch change {
        case .nothing: break
        case .useBody: usesBody = true
        case .model(let next):
            effects += [.notify(.fallingBack(from: model, to: next)), .change(change)]
            model = next
        case .refreshToken, .refit, .reencode, .lowerConcurrency: effects.append(.change(change))
        }
        if wait > .zero {
            if !attempts.isEmpty { attempts[attempts.count - 1].wait = wait }
            effects += [.notify(.waiting(wait, reason: code)), .sleep(wait)]
        }
        return Transition(effects, .prepare)
    }

    mutating func claimed(_ isOurs: Bool, _ claim: Claim) -> Transition {
        switch claim {
        case .resumed(let id): return poll(Polling(id: id))
        case .completed(let result, let isRecovered):
            if !isOurs { return hold(.foreign(result.id ?? "")) }
            let effects = isRecovered ? recovered() : []
            return complete(Delivery(result), after: effects)
        case .accepted(let id, let result):
            if !isOurs { return hold(.foreign(id)) }
            return accepted(id, result, [])
        case .found(let id, let search):
            if !isOurs { return self.search(search) }
            return accepted(id, JobResult(id: id), recovered())
        }
    }

    private mutating func accepted(
        _ id: String, _ result: JobResult, _ effects: [Effect]
    ) -> Transition {
        record.state = .accepted
        record.jobID = id
        record.note = nil
        var next = result.images.isEmpty ? poll(Polling(id: id)) : deliver(Delivery(result))
        next.effects = effects + [.save(record), .notify(.accepted(id: id))] + next.effects
        return next
    }

    /// Notes that the result exists already, so that no second charge was needed.
    private mutating func recovered() -> [Effect] {
        defer { isRecovered = true }
        return isRecovered ? [] : [.countAvoidedCharge]
    }
}

extension ProviderFailure {
    fileprivate static let changed = ProviderFailure(
        code: .outcomeUnknown,
        message: "it was sent before, and the request has changed since (an input image or this program is different): "
            + "sending it again could be charged twice")

    fileprivate static func foreign(_ id: String) -> ProviderFailure {
        ProviderFailure(
            code: .outcomeUnknown,
            message: "the provider returned job \(id), which belongs to another of our submissions")
    }
}
