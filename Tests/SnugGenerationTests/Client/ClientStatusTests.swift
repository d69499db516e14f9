// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSimulator
import Testing

@testable import SnugGeneration

/// Every row of the table of statuses, through the client: what it sends, what it waits for and what it says.
@Suite struct ClientStatusTests {
    private static let apis = ["elumenta": API.elumenta, "pollinations": .pollinations, "openai": .openAI]

    @Test("A status that comes once", arguments: API.plain)
    func once(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            for row in StatusRow.all where Self.apis[row.provider] == api {
                fixture.simulator.clearRecords()
                fixture.simulator.script(api.rule(Fault(answer: .status(code: row.status))))
                let client = try fixture.client()
                // What another row made must not look like this one's.
                let result = await fixture.attempt(client, GenerationRequest(prompt: "\(row)"))
                #expect(fixture.simulator.remainingRules.isEmpty, "\(row)")
                try check(result, row, api, fixture)
                #expect(fixture.charges.count == (result.value == nil ? 0 : 1), "\(row)")
            }
        }
    }

    private func check(
        _ result: Swift.Result<Generation, any Error>, _ row: StatusRow, _ api: API, _ fixture: Fixture
    ) throws {
        let sent = fixture.submissions.count
        switch row.kind {
        // The documented wait is longer than anybody waits in line.
        case .transient where api == .elumenta && row.status == 429:
            #expect(result.error?.code == .rateLimited && sent == 1, "\(row)")
            #expect(result.error?.retryAfter == .seconds(847) && result.error?.retryAt != nil, "\(row)")
        case .transient:
            let generation = try #require(result.value, "\(row): \(result)")
            #expect(sent == 2 && generation.attempts.map(\.status) == [row.status, 200], "\(row)")
            #expect(generation.attempts.first?.wait != nil || row.recovery == .useBody, "\(row)")
        case .unknown where api == .pollinations:
            #expect(result.value?.attempts.map(\.status) == [row.status, 200] && sent == 2, "\(row)")
        case .unknown:
            let error = try #require(result.error, "\(row): \(result)")
            #expect(error.code == .outcomeUnknown && error.isOutcomeUnknown && sent == 1, "\(row)")
            #expect(error.status == row.status && error.journalKey != nil, "\(row)")
        default:
            let error = try #require(result.error, "\(row): \(result)")
            #expect(error.code == row.code && error.status == row.status && sent == 1, "\(row): \(error)")
            #expect(!error.isOutcomeUnknown && error.journalKey == nil && !error.wasRetried, "\(row)")
            #expect(error.attempts.map(\.status) == [row.status], "\(row)")
        }
    }

    @Test("A status that stays", arguments: API.plain)
    func forEver(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            for row in StatusRow.all
            where Self.apis[row.provider] == api && row.kind == .transient && row.recovery != .useBody {
                fixture.simulator.clearRecords()
                fixture.simulator.clearScript()
                fixture.simulator.script(api.rule(Fault(answer: .status(code: row.status)), times: nil))
                let error = try await fixture.failure(try fixture.client())
                #expect(error.code == row.code && !error.isOutcomeUnknown, "\(row): \(error)")
                #expect(fixture.submissions.count == (api == .elumenta && row.status == 429 ? 1 : 4), "\(row)")
                #expect(error.attempts.count == fixture.submissions.count && fixture.charges.isEmpty, "\(row)")
            }
        }
    }

    @Test("With one attempt, one request is sent, whatever the response", arguments: API.plain)
    func oneAttempt(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            for row in StatusRow.all where Self.apis[row.provider] == api {
                fixture.simulator.clearRecords()
                fixture.simulator.clearScript()
                fixture.simulator.script(api.rule(Fault(answer: .status(code: row.status)), times: nil))
                let client = try fixture.client { $0.retry.maximumAttempts = 1 }
                let error = try await fixture.failure(client, GenerationRequest(prompt: "a", fallbackModels: []))
                #expect(error.status == row.status && error.attempts.count == 1, "\(row): \(error)")
                #expect(error.isOutcomeUnknown == (row.kind == .unknown), "\(row)")
                #expect(fixture.simulator.requests.count == 1, "\(row)")
            }
        }
    }

    @Test("With one attempt, one request is sent, whatever breaks", arguments: API.allCases)
    func oneAttemptBroken(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            for loss in Loss.all where loss.fault != Fault() && !loss.isStall && !loss.isWholeAsJSON {
                fixture.simulator.clearRecords()
                fixture.simulator.clearScript()
                fixture.simulator.script(api.rule(loss.fault, times: nil))
                let client = try fixture.client { $0.retry.maximumAttempts = 1 }
                let error = try await fixture.failure(client)
                #expect(error.isOutcomeUnknown && fixture.simulator.requests.count == 1, "\(loss.name): \(error)")
            }
        }
    }

    // MARK: Words

    private static let namedFailures: [(API, String, GenerationError.Code, Int)] = [
        (.elumenta, "insufficient_tokens", .paymentRequired, 1), (.elumenta, "token_expired", .notAuthenticated, 1),
        (.pollinations, "content_policy", .policyRefused, 1),
        (.pollinations, "concurrency_limit_exceeded", .rateLimited, 4),
        (.pollinations, "coordinator_down", .noCapacity, 4), (.pollinations, "allowance", .rateLimited, 1),
        (.pollinations, "free_model_spacing", .rateLimited, 4),
        (.pollinations, "upstream_rate_limit", .noCapacity, 4),
        (.pollinations, "payload_too_large", .payloadTooLarge, 1),
        (.openAI, "insufficient_quota", .paymentRequired, 1), (.openAI, "rate_limit_exceeded", .rateLimited, 4),
        (.openAI, "moderation_blocked", .policyRefused, 1), (.openAI, "invalid_api_key", .notAuthenticated, 1),
        (.openAI, "model_not_found", .modelNotFound, 1), (.openAI, "plain_string", .outcomeUnknown, 1),
    ]

    @Test("Failures by the providers' names for them", arguments: API.plain)
    func named(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            for (_, name, code, count) in Self.namedFailures.filter({ $0.0 == api }) {
                fixture.simulator.clearRecords()
                fixture.simulator.clearScript()
                fixture.simulator.script(api.rule(Fault(answer: .named(code: name)), times: nil))
                let error = try await fixture.failure(try fixture.client())
                #expect(error.code == code && fixture.submissions.count == count, "\(name): \(error)")
                #expect(fixture.charges.isEmpty)
            }
        }
    }

    @Test("A missing model is reported with the available ones", arguments: API.plain)
    func noSuchModel(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            let error = try await fixture.failure(
                try fixture.client(), GenerationRequest(prompt: "a", model: "no-such-model"))
            let names = [API.pollinations: "flux", .elumenta: "photon-flash", .openAI: "gpt-image-1.5"]
            #expect(error.code == .modelNotFound && error.suggestions.contains(names[api] ?? ""))
            #expect(error.message.contains(names[api] ?? "") && fixture.submissions.count == 1)
        }
    }

    @Test("Fields that are complained of are named", arguments: API.plain)
    func fields(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            let bodies: [API: (Int, String)] = [
                .elumenta: (
                    422,
                    #"{"error":"validation_error","message":"x","details":{"fields":[{"field":"prompt","message":"bad"}]}}"#
                ),
                .pollinations: (
                    400,
                    #"{"status":400,"success":false,"error":{"code":"BAD_REQUEST","message":"x","details":"#
                        + #"{"name":"V","formErrors":[],"fieldErrors":{"prompt":["bad"]}}}}"#
                ),
                .openAI: (
                    400, #"{"error":{"message":"bad","type":"invalid_request_error","param":"prompt","code":null}}"#
                ),
            ]
            let (status, body) = try #require(bodies[api])
            fixture.simulator.script(
                api.rule(Fault(answer: .custom(status: status, contentType: nil, body: body))))
            let error = try await fixture.failure(try fixture.client())
            #expect(error.code == .invalidRequest && error.fields.map(\.name) == ["prompt"])
            #expect(error.fields.first?.message.contains("bad") == true && fixture.submissions.count == 1)
        }
    }

    // MARK: Fallbacks

    private static func request(_ api: API) -> GenerationRequest {
        let models = [
            API.pollinations: ["flux", "zimage"], .elumenta: ["photon", "photon-flash"],
            .openAI: ["gpt-image-1.5", "vendor-diffusion"],
        ]
        return GenerationRequest(
            prompt: "a cat", model: models[api]?.first, fallbackModels: Array(models[api]?.dropFirst() ?? []))
    }

    @Test("Another model is asked when there is no capacity", arguments: API.plain)
    func fallback(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            fixture.simulator.script(api.rule(Fault(answer: .status(code: 503)), times: 2))
            let request = Self.request(api)
            let generation = try await fixture.client().generate(
                request, to: fixture.destination(), onEvent: fixture.events.record)
            #expect(generation.model == request.fallbackModels.first && fixture.submissions.count == 3)
            #expect(fixture.events.all.contains(.fallingBack(from: request.model, to: request.fallbackModels[0])))
            #expect(fixture.charges.map(\.model) == request.fallbackModels)
        }
    }

    @Test("Another model is asked at once for one that is not there", arguments: API.plain)
    func missingModel(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            var request = Self.request(api)
            request.model = "no-such-model"
            let generation = try await fixture.client().generate(request, to: fixture.destination())
            #expect(generation.model == request.fallbackModels.first && fixture.submissions.count == 2)
        }
    }

    @Test("No other model is asked after a failure, or while one may be at it", arguments: API.plain)
    func noFallback(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            let policy = #"{"error":{"code":"content_policy_violation","message":"Content policy violation"}}"#
            let faults: [Fault] = [
                Fault(answer: .custom(status: 422, contentType: nil, body: policy)),
                Fault(answer: .custom(status: 400, contentType: nil, body: policy)), Fault(answer: .status(code: 400)),
                Fault(answer: .status(code: 422)), Fault(answer: .status(code: 402)),
                Fault(answer: .status(code: 403)), Fault(answer: .status(code: 401)),
            ]
            for fault in faults {
                fixture.simulator.clearRecords()
                fixture.simulator.clearScript()
                fixture.simulator.script(api.rule(fault, times: nil))
                let error = try await fixture.failure(try fixture.client(), Self.request(api))
                #expect(fixture.submissions.count == 1 && !error.isOutcomeUnknown, "\(fault): \(error)")
            }
            fixture.simulator.clearRecords()
            fixture.simulator.clearScript()
            fixture.simulator.script(
                api.rule(Fault(request: .closeAfterBody, takesEffect: true)),
                api.rule(Fault(answer: .status(code: 503)), times: 3))
            let result = await fixture.attempt(try fixture.client(), Self.request(api))
            #expect(fixture.charges.map(\.model) == [Self.request(api).model ?? ""])
            if api == .pollinations { #expect(result.error?.isOutcomeUnknown == true) }
        }
    }
}
