// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes
internal import Logging

extension HTTPClient {
    /// Sends a request and repeats it as policy, deadline and budget allow.
    ///
    /// - Parameters:
    ///   - request: The request; its deadline bounds all attempts and waits.
    ///   - policy: Number of attempts and waits.
    ///   - repeatRule: When a duplicate request does no harm. `nil` takes the rule from the method: always, except for
    ///     POST and PATCH, which are repeated only when the server cannot have acted on them.
    ///   - sink: The destination of the body.
    /// - Returns: The first response that is a success or a definite failure, with the history of all attempts.
    /// - Throws: `HTTPError` with that history, the reason for stopping and the last response; `CancellationError`.
    public func perform(
        _ request: ClientRequest, policy: RetryPolicy = RetryPolicy(), repeatRule: RepeatRule? = nil,
        into sink: ResponseSink = .collect(maximum: 1 << 20)
    ) async throws -> ClientResponse {
        let rule = repeatRule ?? ([.post, .patch].contains(request.method) ? .whenNotSent : .always)
        var machine = RetryMachine(policy: policy, rule: rule)
        let origin = request.url.origin
        let environment = configuration.retryEnvironment
        let begin = ContinuousClock.now
        var history: [Attempt] = []
        var paid: Double?
        while true {
            let start = ContinuousClock.now - begin
            let result = try await attempt(request, into: sink)
            for var attempt in result.attempts {
                attempt.number = history.count + 1
                attempt.start = start
                history.append(attempt)
            }
            let hint = result.hint(now: environment.wallClock())
            let action = machine.attemptEnded(
                result.judged, outcome: result.outcome, hint: hint,
                remaining: request.clocks.deadline.map { $0 - .now }, random: environment.random(),
                payBudget: { throttled in
                    paid = budgets.pay(origin, throttled: throttled)
                    return paid != nil
                })
            switch action {
            case .finish:
                if case .response(let response) = result, response.isSuccess { budgets.succeed(origin, paid: paid) }
                return try result.finished(history)
            case .stop(let reason):
                throw result.error(history, reason, hint)
            case .wait(let wait):
                if !history.isEmpty { history[history.count - 1].wait = wait }
                instruments.recordRetry()
                logger.debug(
                    "waiting to retry",
                    metadata: ["url": "\(request.url)", "attempt": "\(history.count)", "delay": "\(wait.seconds)"])
                try await environment.sleep(wait)
            }
        }
    }

    private enum AttemptResult {
        case response(ClientResponse)
        case failure(HTTPError)

        var attempts: [Attempt] {
            switch self {
            case .response(let response): response.attempts
            case .failure(let error): error.attempts
            }
        }

        var judged: RetryMachine.Result {
            switch self {
            case .response(let response): .status(response.status)
            case .failure(let error): .failure(error.code)
            }
        }

        var outcome: Outcome {
            switch self {
            case .response: .responded
            case .failure(let error): error.outcome
            }
        }

        func hint(now: Int) -> Duration? {
            let response: ClientResponse? =
                switch self {
                case .response(let response): response
                case .failure(let error): error.response
                }
            return response.flatMap { $0.isSuccess ? nil : WaitHint.read($0.headerFields, body: $0.body, now: now) }
        }

        func finished(_ history: [Attempt]) throws -> ClientResponse {
            switch self {
            case .response(var response):
                response.attempts = history
                return response
            case .failure(var error):
                error.attempts = history
                throw error
            }
        }

        func error(_ history: [Attempt], _ reason: HTTPError.StopReason, _ hint: Duration?) -> HTTPError {
            var error: HTTPError
            switch self {
            case .failure(let failure): error = failure
            case .response(let response):
                error = HTTPError(
                    .transientStatus,
                    "\(response.url.authority) responded with \(response.status.code) (\(history.count) attempts)",
                    outcome: .responded, response: response)
            }
            error.attempts = history
            error.stopReason = reason
            error.retryAfter = hint
            return error
        }
    }

    private func attempt(_ request: ClientRequest, into sink: ResponseSink) async throws -> AttemptResult {
        do {
            return .response(try await send(request, into: sink))
        } catch let error as HTTPError {
            return .failure(error)
        }
    }
}
