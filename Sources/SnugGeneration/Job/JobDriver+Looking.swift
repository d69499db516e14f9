// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP

extension JobDriver {
    // MARK: Polling

    /// Asks for a job once. A request that fails says nothing about the job.
    func poll(_ id: String) async throws -> GenerationJob.Poll {
        guard var request = try context.dialect.poll(id) else {
            throw GenerationError(.badResponse, "\(context.traits.name) has no jobs that could be polled")
        }
        request.clocks.deadline = deadline
        usedSecret = try await context.credentials.current()
        if let usedSecret { try context.dialect.authorize(&request, with: usedSecret) }
        do {
            let (response, attempt) = try await read(request)
            context.counters.record(attempt)
            let outcome = context.dialect.pollOutcome(of: response, id: id)
            var poll = GenerationJob.Poll(outcome: outcome, hint: hint(response))
            if case .pollFailed(let failure) = outcome { poll.isTokenStale = try await isStale(failure) }
            return poll
        } catch let error as HTTPError {
            for attempt in error.attempts { context.counters.record(attempt) }
            return GenerationJob.Poll(
                outcome: .pollFailed(ProviderFailure(code: .providerFailed, message: error.message)))
        }
    }

    /// Reads a response, from a duplicate request when the first is slow and the options ask for that.
    private func read(_ request: ClientRequest) async throws -> (response: ProviderResponse, attempt: Attempt) {
        let reader = context.reader
        guard let delay = context.options.polling.hedgeDelay else { return try await reader.read(request) }
        let sleep = context.environment.sleep
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
                case .success(let response?): return response
                case .success(nil):
                    group.addTask { try await reader.read(request) }
                    open += 1
                case .failure(let error):
                    open -= 1
                    // The other request may still get a response.
                    if open == 0 { throw error }
                }
            }
            throw CancellationError()
        }
    }

    /// The wait that a response asks for. With a success, a window that is used up says nothing about polls: it is the
    /// window of submissions.
    private func hint(_ response: ProviderResponse) -> Duration? {
        guard (200...299).contains(response.status) else {
            return WaitHint.read(response.headers, body: response.text, now: context.now)
        }
        var headers = HTTPFields()
        for name in [HTTPField.Name.retryAfter, .retryAfterMilliseconds, .date] {
            headers[values: name] = response.headers[values: name]
        }
        return WaitHint.read(headers, body: response.text, now: context.now)
    }

    // MARK: Searching

    /// Pages of a listing that are searched for one job.
    private static let maximumPages = 10

    /// Looks through the listing once.
    func search() async throws -> GenerationJob.SearchResult {
        do {
            let finding = try await lookUp()
            guard case .found(let id) = finding else { return .listed(finding) }
            return .found(id, isAmbiguous: try await hasLookalike())
        } catch let error as GenerationError {
            return .failed(error.message)
        }
    }

    private func lookUp() async throws -> HistoryFinding {
        var prepared = prepared ?? PreparedJob(job.record)
        prepared.model = job.model
        prepared.submittedAt = job.record.submittedAt
        var known = try await context.stores.jobClaims.jobs(
            of: context.account, exceptFor: job.record.key)
        for other in try await context.journal.records() where other.key != job.record.key {
            if let id = other.jobID { known.insert(id) }
        }
        for page in 1...Self.maximumPages {
            guard let request = try context.dialect.history(of: prepared, page: page) else { return .unreadable }
            let response = try await context.ask(request, deadline: deadline)
            let finding = context.dialect.findLost(prepared, in: response, known: known)
            guard case .notFound(hasMore: true) = finding else { return finding }
        }
        // So much is listed that a miss proves nothing.
        return .unreadable
    }

    /// True when another process waits for the response to a submission that looks the same. One that no longer waits
    /// does not matter: of two lost submissions either may have the job that is found.
    private func hasLookalike() async throws -> Bool {
        let record = job.record
        for other in try await context.journal.records() {
            guard other.key != record.key, other.state == .sending, other.account == record.account,
                other.request.prompt == record.request.prompt, other.model == record.model
            else { continue }
            guard try await context.journal.claim(other.id) else { return true }
            await context.journal.release(other.id)
        }
        return false
    }
}
