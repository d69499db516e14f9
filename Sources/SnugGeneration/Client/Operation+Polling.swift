// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP

extension Operation {
    /// Asks for a job until it ends.
    /// - Parameter isDone: Whether it is known to be done, so that the first look need not wait.
    func poll(_ id: String, _ known: JobResult, isDone: Bool = false) async throws -> Phase {
        guard known.images.isEmpty else { return .deliver(known) }
        var failures = 0
        var disappearances = 0
        var hint: Duration?
        var round = 0
        var hasRefreshed = false
        while true {
            // What was found again may be done already.
            let wait =
                (isRecovered || isDone) && round == 0
                ? .zero
                : parts.options.polling.delay(
                    afterPolls: round, hint: hint, random: parts.environment.random())
            try checkTime(for: wait, "job \(id) goes on; the same work given again takes it up")
            try await parts.environment.sleep(wait)
            round += 1
            let (verdict, wished) = try await look(id)
            hint = wished
            switch verdict {
            case .pending: (failures, disappearances, hasRefreshed) = (0, 0, false)
            case .completed(var result):
                result.id = result.id ?? id
                result.isReplayed = false
                await completed(result)
                return .deliver(result)
            case .failed(let refusal):
                record.jobID = nil
                record.state = .preparing
                try await save()
                return try await phase(after: machine.jobFailed(refusal, means()))
            case .gone(let refusal):
                disappearances += 1
                // One that was just begun may not be known everywhere yet.
                guard disappearances > 2 else { continue }
                record.state = .held
                record.note = "the provider does not know job \(id) any more (\(refusal.message))"
                try await save()
                var error = GenerationError(refusal, now: parts.now)
                error.isOutcomeUnknown = true
                throw error
            case .pollFailed(let refusal):
                if !hasRefreshed, try await isStale(refusal) || refusal.remedy == .refreshToken {
                    hasRefreshed = true
                    try await refresh()
                    continue
                }
                failures += 1
                let isHopeless = [.notAuthenticated, .forbidden, .paymentRequired].contains(refusal.code)
                guard !isHopeless, failures < parts.options.polling.maximumFailures else {
                    var error = GenerationError(refusal, now: parts.now)
                    if error.code == .outcomeUnknown { error.code = .providerFailed }
                    error.isOutcomeUnknown = false
                    error.message += "; job \(id) goes on, and the same work given again takes it up"
                    throw error
                }
            }
        }
    }

    /// The wait that an answer asks for. An answer of success with a window that is used up says nothing of polls: the
    /// window is that of submissions.
    private func hint(_ answer: ProviderResponse) -> Duration? {
        guard (200...299).contains(answer.status) else {
            return WaitHint.read(answer.headers, body: answer.text, now: parts.now)
        }
        var headers = HTTPFields()
        for name in [HTTPField.Name.retryAfter, .retryAfterMilliseconds, .date] {
            headers[values: name] = answer.headers[values: name]
        }
        return WaitHint.read(headers, body: answer.text, now: parts.now)
    }

    /// Reads an answer, from a second copy of the question when the first is slow and that is wanted.
    private func read(_ request: ClientRequest) async throws -> (answer: ProviderResponse, attempt: Attempt) {
        let reader = parts.reader
        guard let delay = parts.options.polling.hedgeDelay else { return try await reader.read(request) }
        let sleep = parts.environment.sleep
        return try await withThrowingTaskGroup(of: (ProviderResponse, Attempt)?.self) { group in
            group.addTask { try await reader.read(request) }
            group.addTask {
                try await sleep(delay)
                return nil
            }
            defer { group.cancelAll() }
            var open = 1
            while let result = await group.nextResult() {
                switch result {
                case .success(let answer?): return answer
                case .success(nil):
                    group.addTask { try await reader.read(request) }
                    open += 1
                case .failure(let error):
                    open -= 1
                    // The other copy may still be answered.
                    if open == 0 { throw error }
                }
            }
            throw CancellationError()
        }
    }

    /// Asks once. A question that fails says nothing about the job.
    private func look(_ id: String) async throws -> (PollOutcome, hint: Duration?) {
        guard var request = try parts.dialect.poll(id) else {
            throw GenerationError(.badResponse, "\(parts.traits.name) has no jobs that could be asked for")
        }
        request.clocks.deadline = deadline
        usedSecret = try await parts.credentials.current()
        if let usedSecret { try parts.dialect.authorize(&request, with: usedSecret) }
        polls += 1
        do {
            let (answer, attempt) = try await read(request)
            parts.counters.record(attempt)
            emit(.polled(count: polls))
            return (parts.dialect.verdict(onPoll: answer, id: id), hint(answer))
        } catch let error as HTTPError {
            for attempt in error.attempts { parts.counters.record(attempt) }
            emit(.polled(count: polls))
            if error.code == .deadlineExceeded {
                try checkTime("job \(id) goes on; the same work given again takes it up")
            }
            return (.pollFailed(ProviderFailure(code: .providerFailed, message: error.message)), nil)
        }
    }
}
