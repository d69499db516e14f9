// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Logging
import SnugHTTP

extension JobDriver {
    /// Sends the request, once, when circuit breaker, limiter and account allow it.
    func send() async throws -> SubmissionOutcome {
        guard let submission, let prepared else { throw GenerationError(.badResponse, "there is no request to send") }
        await readBalanceOnce()
        let breaker = context.breakers.admit(context.origin, model: job.model)
        if case .refuse(let rest) = breaker {
            return .transient(.circuitOpen(min(rest, context.options.retry.longestHint)))
        }
        let outcome: SubmissionOutcome
        do {
            outcome = try await sendWithPermit(submission, for: prepared)
        } catch {
            context.breakers.ended(.neither, as: breaker, context.origin, model: job.model)
            throw error
        }
        let ending = outcome.failure.map { CircuitBreaker.Ending($0.code) } ?? .worked
        context.breakers.ended(ending, as: breaker, context.origin, model: job.model)
        await share(outcome.failure)
        return outcome
    }

    /// For the comfort of the person who may have to decide about a lost job.
    private func readBalanceOnce() async {
        guard context.traits.contract == .history, context.options.retry.maximumAttempts > 1,
            context.isFirstBalanceRead()
        else { return }
        do {
            _ = try await context.balance(within: .seconds(5))
        } catch {
            context.logger.debug("the balance is not known", metadata: ["error": "\(error)"])
        }
    }

    private func sendWithPermit(
        _ submission: Submission, for prepared: PreparedJob
    ) async throws -> SubmissionOutcome {
        try await context.limiter.withPermit(
            maximumWait: remaining, longestHint: context.options.retry.longestHint,
            onWait: { emit(.throttled($0, window: $1)) }
        ) { permit in
            let request: ClientRequest
            do {
                if let error = try await context.blocker() { throw error }
                let record = job.permitted(
                    digest: submission.digest, form: preparation.form(usesBody: job.usesBody),
                    balance: await context.knownBalance(), now: context.now)
                try await save(record)
                try Task.checkCancellation()
                usedSecret = try await context.credentials.current()
                request = try self.request(for: submission)
            } catch {
                permit.wasNotSent()
                throw error
            }
            return try await send(request, for: prepared, permit)
        }
    }

    private func send(
        _ request: ClientRequest, for prepared: PreparedJob, _ permit: RatePermit
    ) async throws -> SubmissionOutcome {
        emit(job.sending())
        let start = ContinuousClock.now - begin
        do {
            let (response, attempt) = try await context.reader.read(request) { [onPartialImage] in onPartialImage($0) }
            emit(job.attempted(attempt, startedAfter: start))
            await observe(response.headers, sent: permit.begun)
            let outcome = context.dialect.outcome(of: response, to: prepared)
            if let failure = outcome.failure, try await isStale(failure) {
                return .transient(failure.with(.refreshToken))
            }
            return (request.body?.byteCount ?? 0) > attempt.bytesSent ? outcome.forIncompleteBody : outcome
        } catch let error as HTTPError {
            for attempt in error.attempts { emit(job.attempted(attempt, startedAfter: start)) }
            if error.outcome == .notSent { permit.wasNotSent() }
            return outcome(of: error, for: prepared, Scrubber(request.headerFields))
        }
    }

    private func request(for submission: Submission) throws -> ClientRequest {
        var request = submission.request
        request.clocks.deadline = deadline
        let first = job.attempts.isEmpty ? context.options.firstAttemptTimeout : nil
        if let timeout = first ?? context.options.attemptTimeout { request.clocks.attemptTimeout = timeout }
        if !job.attempts.isEmpty { request.headerFields[.retryCount] = "\(job.attempts.count)" }
        // Our name for the request, for questions to the provider's support.
        request.headerFields[.clientRequestID] = "\(job.record.key)-\(job.attempts.count + 1)"
        if let usedSecret { try context.dialect.authorize(&request, with: usedSecret) }
        return request
    }

    private var onPartialImage: @Sendable (PartialImage) -> Void {
        { [onEvent, instruments = context.instruments] partial in
            let event = GenerationEvent.partialImage(index: partial.index, path: partial.image.path)
            instruments.record(event)
            onEvent(event)
        }
    }

    // MARK: Shared knowledge

    private func observe(_ headers: HTTPFields, sent: Double) async {
        do {
            try await context.limiter.learn(headers, sent: sent)
            if let count = try await context.limiter.available() { context.instruments.recordAvailable(count) }
        } catch {
            warn("the limits that the provider reports could not be saved", error)
        }
    }

    /// Tells everybody who shares the account.
    private func share(_ failure: ProviderFailure?) async {
        guard let failure else { return }
        if failure.code == .paymentRequired {
            let (error, now) = (GenerationError(failure, now: context.now), context.now)
            await context.updateAccountState { $0.block(after: error, now: now) }
        }
        guard failure.code == .rateLimited, let hint = failure.hint else { return }
        do {
            // Everybody who shares the account waits, so a mistake or a forgery must not stop them for a day.
            try await context.limiter.park(for: min(hint, RateLimiter.longestPark))
        } catch {
            warn("the wait that the provider asks for could not be saved", error)
        }
    }

    // MARK: Broken exchanges

    /// The outcome of a broken exchange, by how far it got.
    private func outcome(
        of error: HTTPError, for prepared: PreparedJob, _ scrubber: Scrubber
    ) -> SubmissionOutcome {
        // The status of a response whose body broke off is known, and that of a failure says enough.
        if let status = error.attempts.last?.status, status >= 300 {
            let response = ProviderResponse(
                status: status, headers: error.response?.headerFields ?? [:], text: [], images: [], byteCount: 0,
                scrubber: scrubber)
            return context.dialect.outcome(of: response, to: prepared)
        }
        var failure = ProviderFailure(code: .notSent, message: error.message)
        switch error.outcome {
        case .notSent, .partlySent:
            // Nobody acts on a part of the body.
            if ResponseClass(error, needsWholeBody: true) == .transient { return .transient(failure) }
            switch error.code {
            case .deadlineExceeded: failure.code = .deadlineExceeded
            case .sinkFailed: failure.code = .outputFailed
            case .invalidURL, .invalidRequest, .insecureScheme: failure.code = .invalidRequest
            default: break
            }
            return .failed(failure)
        case .sentWithoutResponse, .responded:
            failure.code = error.code == .deadlineExceeded ? .deadlineExceeded : .outcomeUnknown
            failure.message = "it is unknown whether the image was made and charged (\(error.message))"
            return .unknown(failure)
        }
    }
}

extension ProviderFailure {
    fileprivate static func circuitOpen(_ rest: Duration) -> ProviderFailure {
        ProviderFailure(
            code: .circuitOpen, message: "the provider failed many times in a row, so it is left alone for a while",
            hint: rest, recovery: .switchModel)
    }
}
