// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Logging
import SnugHTTP

extension Operation {
    /// Sends the submission once, and decides what follows.
    func submit() async throws -> Phase {
        try Task.checkCancellation()
        try checkTime("nothing was sent any more")
        if attempts.isEmpty { try await parts.downloader.check(record.destination) }
        try await prepare()
        let submission = try parts.dialect.submission(of: job)
        if let step = differing(submission) { return try await phase(after: step) }
        await askBalance()
        let admission = parts.breakers.admit(parts.origin, model: job.model)
        if case .refuse(let rest) = admission {
            return try await phase(
                after: machine.answered(
                    .transient(Self.circuitOpen(rest, longest: parts.options.retry.longestHint)), means()))
        }
        let verdict: SubmissionOutcome
        do {
            verdict = try await permitted(submission)
        } catch {
            parts.breakers.ended(.neither, as: admission, parts.origin, model: job.model)
            throw error
        }
        parts.breakers.ended(
            verdict.refusal.map { CircuitBreaker.Ending($0.code) } ?? .worked, as: admission, parts.origin,
            model: job.model)
        await learn(from: verdict)
        let step = machine.answered(verdict, means())
        isInFlight = false
        return try await phase(after: step)
    }

    private func prepare() async throws {
        guard !isPrepared else { return }
        if machine.mayHaveTakenEffect { preparation.form = record.form }
        try await preparation.prepare(
            &job, hosted: machine.mayHaveTakenEffect ? record.imageURLs : [], emit)
        record.imageURLs = job.addresses
        isPrepared = true
    }

    /// What is sent again has to be what was sent: an image that changed meanwhile would be another request.
    private func differing(_ submission: Submission) -> SubmissionMachine.Step? {
        guard machine.mayHaveTakenEffect, let before = record.bodyDigest, before != submission.digest else {
            return nil
        }
        return .hold(
            ProviderFailure(
                code: .outcomeUnknown,
                message: "it was sent before, and would not be the same now (an input image has changed, or this "
                    + "program has): sent again, it could be paid for twice"))
    }

    private func askBalance() async {
        guard parts.traits.contract == .history, parts.options.retry.maximumAttempts > 1 else { return }
        if parts.standing.shouldAsk() {
            do {
                _ = try await parts.balance(patience: .seconds(5))
            } catch {
                // It is for a person's comfort only.
                parts.logger.debug("the balance is not known", metadata: ["error": "\(error)"])
            }
        }
        if record.balanceBefore == nil { record.balanceBefore = parts.standing.balance }
    }

    private static func circuitOpen(_ rest: Duration, longest: Duration) -> ProviderFailure {
        ProviderFailure(
            code: .circuitOpen, message: "the provider has failed many times in a row, so that it is left alone",
            hint: min(rest, longest), remedy: .switchModel)
    }

    // MARK: Sending

    private func permitted(_ submission: Submission) async throws -> SubmissionOutcome {
        try await parts.limiter.withPermit(
            patience: remaining, longestHint: parts.options.retry.longestHint,
            onWait: { emit(.throttled($0, window: $1)) }
        ) { permit in
            do {
                if let stop = parts.standing.stop { throw stop }
                record.state = .sending
                record.model = job.model
                record.bodyDigest = submission.digest
                record.form = preparation.form(usesBody: job.usesBody)
                // What is searched for was created after the first one that is in doubt.
                if !machine.mayHaveTakenEffect || record.submittedAt == nil { record.submittedAt = parts.now }
                job.submittedAt = record.submittedAt
                try await save()
                try Task.checkCancellation()
            } catch {
                permit.wasNotSent()
                throw error
            }
            return try await send(submission, permit)
        }
    }

    private func send(_ submission: Submission, _ permit: RatePermit) async throws -> SubmissionOutcome {
        var request = submission.request
        request.clocks.deadline = deadline
        let hurry = attempts.isEmpty ? parts.options.firstAttemptTimeout : nil
        if let timeout = hurry ?? parts.options.attemptTimeout { request.clocks.attemptTimeout = timeout }
        if !attempts.isEmpty { request.headerFields[.retryCount] = "\(attempts.count)" }
        // Our name for it, for when the provider is asked what became of it.
        request.headerFields[.clientRequestID] = "\(record.key)-\(attempts.count + 1)"
        do {
            usedSecret = try await parts.credentials.current()
            if let usedSecret { try parts.dialect.authorize(&request, with: usedSecret) }
        } catch {
            permit.wasNotSent()
            throw error
        }
        emit(.submitting(model: job.model, attempt: attempts.count + 1))
        let start = ContinuousClock.now - begin
        isInFlight = true
        do {
            let (answer, attempt) = try await parts.reader.read(request) { [onPartial] in await onPartial($0) }
            note(attempt, start)
            await learn(answer.headers, sent: permit.begun)
            let verdict = parts.dialect.verdict(on: answer, to: job)
            if let refusal = verdict.refusal, try await isStale(refusal) {
                return .transient(refusal.with(.refreshToken))
            }
            return (request.body?.byteCount ?? 0) > attempt.bytesSent ? verdict.forIncompleteBody : verdict
        } catch let error as HTTPError {
            for attempt in error.attempts { note(attempt, start) }
            if error.outcome == .notSent { permit.wasNotSent() }
            return verdict(on: error, Scrubber(request.headerFields))
        }
    }

    private var onPartial: @Sendable (PartialImage) async -> Void {
        let show = show
        return { partial in show(partial.index, partial.image) }
    }

    private func note(_ attempt: Attempt, _ start: Duration) {
        var attempt = attempt
        attempt.number = attempts.count + 1
        attempt.start = start
        attempts.append(attempt)
        emit(.attempt(attempt))
    }

    private func learn(_ headers: HTTPFields, sent: Double) async {
        do {
            try await parts.limiter.learn(headers, sent: sent)
            if let count = try await parts.limiter.available() { parts.instruments.recordAvailable(count) }
        } catch {
            log("what the provider said of its limits could not be kept", error)
        }
    }

    // MARK: Judging

    /// What a broken exchange means, by how far it got.
    private func verdict(on error: HTTPError, _ scrubber: Scrubber) -> SubmissionOutcome {
        // Of an answer whose body broke off the status is known, and of a refusal that says enough.
        if let status = error.attempts.last?.status, status >= 300 {
            let answer = ProviderResponse(
                status: status, headers: error.response?.headerFields ?? [:], text: [], images: [], byteCount: 0,
                scrubber: scrubber)
            return parts.dialect.verdict(on: answer, to: job)
        }
        var refusal = ProviderFailure(code: .notSent, message: error.message)
        switch error.outcome {
        case .notSent, .partlySent:
            switch error.code {
            case .deadlineExceeded: refusal.code = .deadlineExceeded
            case .sinkFailed: refusal.code = .outputFailed
            case .invalidURL, .invalidRequest, .insecureScheme: refusal.code = .invalidRequest
            case .certificateRefused, .addressRefused, .redirectRefused, .bodyFailed, .outOfMemory: break
            default: return .transient(refusal)
            }
            return .failed(refusal)
        case .sentWithoutAnswer, .answered:
            refusal.code = error.code == .deadlineExceeded ? .deadlineExceeded : .outcomeUnknown
            refusal.message = "nobody can say whether the image was made and charged (\(error.message))"
            return .unknown(refusal)
        }
    }

    private func learn(from verdict: SubmissionOutcome) async {
        guard let refusal = verdict.refusal else { return }
        if refusal.code == .paymentRequired {
            parts.standing.stop(GenerationError(refusal, now: parts.now))
        }
        guard refusal.code == .rateLimited, let hint = refusal.hint else { return }
        do {
            // For everybody who shares the account.
            try await parts.limiter.park(for: hint)
        } catch {
            log("the wait that the provider asked for could not be kept for others", error)
        }
    }

    // MARK: Changing what is sent

    func apply(_ change: SubmissionMachine.Change, _ code: GenerationError.Code) async throws {
        switch change {
        case .nothing: break
        case .refreshToken: try await refresh()
        case .refit(let byteLimit, let maximumSide):
            guard let limit = preparation.shrink(byteLimit: byteLimit, maximumSide: maximumSide) else {
                throw GenerationError(
                    .payloadTooLarge,
                    "the input is too large, and none of it is an image of this machine: make it smaller",
                    status: attempts.last?.status)
            }
            if record.request.images.count == 1 {
                // What several had to share says nothing of one.
                await parts.limits.learn(
                    byteLimit: limit, maximumSide: maximumSide, origin: parts.origin, model: job.model, now: parts.now)
            }
            emit(.refitting(byteLimit: limit ?? preparation.largest))
            isPrepared = false
        case .reencode:
            guard preparation.reencode() else {
                throw GenerationError(
                    .unsupportedMedia, "the input's format is not taken, and it is JPEG or PNG already",
                    status: attempts.last?.status)
            }
            isPrepared = false
        case .useBody: job.usesBody = true
        case .model(let model):
            emit(.fallingBack(from: job.model, to: model))
            job.model = model
            // What was learnt of the other model does not hold for this one.
            isPrepared = job.images.isEmpty
        case .lowerConcurrency:
            do {
                try await parts.limiter.limitConcurrency(to: 1)
            } catch {
                log("the number of requests at once could not be kept", error)
            }
        }
    }

    /// Whether a token was refused that somebody has put another in the place of: what a refresh leaves behind is often no
    /// longer called expired, but unknown.
    func isStale(_ refusal: ProviderFailure) async throws -> Bool {
        guard refusal.status == 401, case .session(let store) = parts.credentials else { return false }
        return try await store.tokens().access != usedSecret
    }

    func refresh() async throws {
        guard case .session(let store) = parts.credentials, let usedSecret else { return }
        _ = try await store.renew(after: usedSecret) { [parts] old in try await parts.fetchTokens(old) }
        emit(.refreshedToken)
    }
}
