// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugHTTP
import SnugSystem

/// The common part of all dialects.
protocol CommonDialect: ProviderDialect {
    var endpoint: Endpoint { get }
    /// Seconds since 1970.
    var wallClock: @Sendable () -> Int { get }
}

/// The time of this machine.
let systemWallClock: @Sendable () -> Int = { WallClock.seconds }

extension CommonDialect {
    /// Clocks of a paid request.
    var submitClocks: ClientRequest.Clocks {
        ClientRequest.Clocks(attemptTimeout: traits.attemptTimeout, stallTimeout: .seconds(60))
    }
    /// Clocks of polls and account requests.
    var shortClocks: ClientRequest.Clocks {
        ClientRequest.Clocks(attemptTimeout: .seconds(30))
    }

    func get(_ segments: [String], query: [(name: String, value: String)] = []) throws(GenerationError) -> ClientRequest
    {
        ClientRequest(.get, try endpoint.url(segments, query: query), clocks: shortClocks)
    }

    func authorize(_ request: inout ClientRequest, with secret: Secret) throws(GenerationError) {
        try request.headerFields.set(.authorization, bearer: secret)
    }

    /// The JSON of a success.
    /// - Throws: What the failure means, or `bad_answer`.
    func json(_ response: ProviderResponse) throws(GenerationError) -> JSONValue {
        guard (200...299).contains(response.status) else {
            let classification = ResponseClassification(response, images: [], prompt: "", now: wallClock())
            switch classification.outcome {
            case .failed(let failure), .transient(let failure), .unknown(let failure):
                var error = GenerationError(failure, now: wallClock())
                // Reading changes nothing, so nothing is in doubt.
                if error.code == .outcomeUnknown { error.code = .providerFailed }
                error.isOutcomeUnknown = false
                throw error
            case .completed, .accepted: throw GenerationError(.badResponse, "the response cannot be judged")
            }
        }
        guard let json = JSONValue(parsing: response.text) else {
            throw GenerationError(
                ResponseClassification.badResponse(response, ResponseClassification.described(response)),
                now: wallClock())
        }
        return json
    }

    // MARK: What most providers do not have

    func poll(_ id: String) throws(GenerationError) -> ClientRequest? { nil }
    func pollOutcome(of response: ProviderResponse, id: String) -> PollOutcome {
        .pollFailed(ResponseClassification.badResponse(response, "this provider has no jobs"))
    }
    func history(of job: PreparedJob, page: Int) throws(GenerationError) -> ClientRequest? { nil }
    func findLost(_ job: PreparedJob, in response: ProviderResponse, known: Set<String>) -> HistoryFinding {
        .unreadable
    }
    func refresh(with token: Secret) throws(GenerationError) -> ClientRequest? { nil }
    func readTokens(_ response: ProviderResponse) throws(GenerationError) -> SessionTokens {
        throw GenerationError(.badResponse, "this provider has no sessions")
    }
}
