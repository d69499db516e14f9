// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Logging
import SnugHTTP
import SnugSystem

extension ClientContext {
    /// Sends a request that changes nothing, with retries, and refreshes an expired token once.
    /// - Returns: The response, whatever its status.
    /// - Throws: `provider_failed`, `not_authenticated`; `CancellationError`.
    func ask(
        _ request: ClientRequest, deadline: ContinuousClock.Instant? = nil, policy: RetryPolicy? = nil
    ) async throws -> ProviderResponse {
        var request = request
        request.clocks.deadline = deadline ?? usualDeadline
        let secret = try await credentials.current()
        if let secret { try dialect.authorize(&request, with: secret) }
        let policy = policy ?? options.retry
        let response = try await exchange(request, policy)
        guard response.status == 401, let secret, case .session(let store) = credentials else { return response }
        let fresh = try await store.renew(after: secret) { [self] old in try await fetchTokens(old) }
        try dialect.authorize(&request, with: fresh.access)
        return try await exchange(request, policy)
    }

    /// The end of a question that is part of no generation.
    private var usualDeadline: ContinuousClock.Instant? { options.timeout.map { .now + $0 } }

    private func exchange(_ request: ClientRequest, _ policy: RetryPolicy) async throws -> ProviderResponse {
        let response: ClientResponse
        do {
            response = try await http.perform(request, policy: policy, into: .collect(maximum: 4 << 20))
        } catch let error as HTTPError {
            for attempt in error.attempts { counters.record(attempt) }
            // The repeated response says more than that it was repeated.
            guard error.code == .transientStatus, let last = error.response else {
                throw GenerationError(.providerFailed, error.message, cause: error)
            }
            return providerResponse(last, request)
        }
        for attempt in response.attempts { counters.record(attempt) }
        return providerResponse(response, request)
    }

    private func providerResponse(_ response: ClientResponse, _ request: ClientRequest) -> ProviderResponse {
        ProviderResponse(
            status: response.status.code, headers: response.headerFields, text: response.body, images: [],
            byteCount: response.body.count, scrubber: Scrubber(request.headerFields))
    }

    /// Fetches the next pair of tokens.
    func fetchTokens(_ old: SessionTokens) async throws -> SessionTokens {
        guard let token = old.refresh, var request = try dialect.refresh(with: token) else {
            throw GenerationError(
                .notAuthenticated, "the access token has expired and cannot be refreshed: log in again")
        }
        request.clocks.deadline = usualDeadline
        // A repeated refresh may find its token used up.
        let response: ClientResponse
        do {
            response = try await http.perform(request, policy: options.retry, repeatRule: .whenNotSent)
        } catch let error as HTTPError {
            guard error.code == .transientStatus, let last = error.response else {
                throw GenerationError(
                    .providerFailed, "the session cannot be refreshed: \(error.message)", cause: error)
            }
            response = last
        }
        return try dialect.readTokens(providerResponse(response, request))
    }

    /// The account's balance; `nil` where the provider does not report it.
    /// - parameter limit: The longest to take, with a single attempt; `nil` for as long as questions usually take.
    func balance(within limit: Duration? = nil) async throws -> AccountBalance? {
        guard let request = try dialect.balance() else { return nil }
        let balance = try dialect.readBalance(
            try await read(
                "balance", request, deadline: limit.map { .now + $0 },
                policy: limit.map { _ in RetryPolicy(maximumAttempts: 1) }))
        await updateAccountState { $0.setBalance(balance.amount) }
        return balance
    }

    func models() async throws -> [ModelDescription] {
        try dialect.readModels(try await read("list of models", try dialect.models()))
    }

    /// The response to a question about the account or the provider, which names no model that could be missing.
    /// - Throws: `invalid_request` where the provider does not have the address.
    private func read(
        _ what: String, _ request: ClientRequest, deadline: ContinuousClock.Instant? = nil, policy: RetryPolicy? = nil
    ) async throws -> ProviderResponse {
        let response = try await ask(request, deadline: deadline, policy: policy)
        guard [404, 405, 410].contains(response.status) else { return response }
        let words = ErrorBody(response).message.map { ": \($0)" } ?? ""
        throw GenerationError(
            .invalidRequest,
            "the provider has no \(what) at \(request.url) (status \(response.status)\(words)); check the base URL",
            status: response.status)
    }

    /// Some names of models, for a person; none when they cannot be asked for.
    func modelNames() async -> [String] {
        do {
            return Array(try await models().map(\.name).prefix(30))
        } catch {
            logger.debug("the models are not known", metadata: ["error": "\(error)"])
            return []
        }
    }
}
