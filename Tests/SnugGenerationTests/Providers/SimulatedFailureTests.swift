// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSimulator
import SnugTestSupport
import Testing

@testable import SnugGeneration

@Suite(.serialized) struct SimulatedFailureTests {
    @Test("Every row of the table, over real sockets, and none is charged", arguments: Dialects.names)
    func statuses(provider: String) async throws {
        try await withSimulator { simulator async throws in
            let simulated = try SimulatedDialect(simulator, provider)
            for row in StatusRow.all where row.provider == provider {
                let outcome = try await simulated.submit(simulated.plainJob(), answered: .status(code: row.status))
                let failure = try #require(outcome.failure)
                #expect(outcome.kind == row.kind, "\(row)")
                #expect(
                    failure.code == row.code && failure.recovery == row.recovery && failure.status == row.status,
                    "\(row)")
            }
            #expect(simulator.ledger.entries.isEmpty && simulator.remainingRules.isEmpty)
            // Nothing of that is in the way of the next.
            let outcome = try await simulated.submit(simulated.plainJob())
            #expect(outcome.kind == .completed && simulator.ledger.charges.count == 1)
        }
    }

    private static let named: [(String, String, OutcomeKind, GenerationError.Code)] = [
        ("elumenta", "token_expired", .transient, .notAuthenticated),
        ("elumenta", "insufficient_tokens", .failed, .paymentRequired),
        ("elumenta", "bad_request", .failed, .invalidRequest),
        ("elumenta", "not_authenticated", .failed, .notAuthenticated),
        ("elumenta", "insufficient_plan", .failed, .forbidden), ("elumenta", "not_found", .failed, .modelNotFound),
        ("elumenta", "validation_error", .failed, .invalidRequest),
        ("elumenta", "rate_limit_exceeded", .transient, .rateLimited),
        ("elumenta", "provider_error", .transient, .providerFailed),
        ("elumenta", "model_unavailable", .transient, .noCapacity),
        ("pollinations", "content_policy", .failed, .policyRefused),
        ("pollinations", "concurrency_limit_exceeded", .transient, .rateLimited),
        ("pollinations", "coordinator_down", .transient, .noCapacity),
        ("pollinations", "allowance", .transient, .rateLimited),
        ("pollinations", "free_model_spacing", .transient, .rateLimited),
        ("pollinations", "upstream_rate_limit", .transient, .noCapacity),
        ("pollinations", "payload_too_large", .transient, .payloadTooLarge),
        ("openai", "insufficient_quota", .failed, .paymentRequired),
        ("openai", "rate_limit_exceeded", .transient, .rateLimited),
        ("openai", "moderation_blocked", .failed, .policyRefused),
        ("openai", "invalid_api_key", .failed, .notAuthenticated),
        ("openai", "model_not_found", .failed, .modelNotFound),
        ("openai", "image_too_large", .transient, .payloadTooLarge),
        ("openai", "plain_string", .unknown, .outcomeUnknown),
    ]

    @Test("Failures by the providers' names for them")
    func namedFailures() async throws {
        try await withSimulator { simulator async throws in
            let large = ProviderImage.inline(png(padding: 4_706_000))
            for (provider, name, kind, code) in Self.named {
                let simulated = try SimulatedDialect(simulator, provider)
                let images = provider == "elumenta" ? [] : [large]
                let outcome = try await simulated.submit(job(seed: 1, images: images), answered: .named(code: name))
                #expect(outcome.kind == kind && outcome.failure?.code == code, "\(provider) \(name)")
            }
            #expect(simulator.ledger.entries.isEmpty)
        }
    }

    @Test("Bodies of no use, with success and without", arguments: Dialects.names)
    func strangeBodies(provider: String) async throws {
        try await withSimulator { simulator async throws in
            let simulated = try SimulatedDialect(simulator, provider)
            for answer: SubstituteResponse in [
                .html(status: 200), .empty(status: 200), .wrongShape(status: 200), .truncatedJSON(status: 200),
            ] {
                let outcome = try await simulated.submit(simulated.plainJob(), answered: answer)
                #expect(outcome.kind == .unknown && outcome.failure?.code == .badResponse, "\(answer)")
            }
            for answer: SubstituteResponse in [
                .html(status: 429), .empty(status: 429), .wrongShape(status: 429), .truncatedJSON(status: 429),
            ] {
                let outcome = try await simulated.submit(
                    simulated.plainJob(), answered: answer, hints: [.retryAfter(text: "7")])
                #expect(outcome.kind == .transient && outcome.failure?.code == .rateLimited, "\(answer)")
                #expect(outcome.failure?.hint == .seconds(7))
            }
            let redirect = try await simulated.submit(
                simulated.plainJob(), answered: .redirect(status: 307, location: "http://127.0.0.1:9/"))
            #expect(redirect.kind == .failed && redirect.failure?.code == .badResponse)
            let huge = try await simulated.submit(simulated.plainJob(), answered: .huge(status: 402, bytes: 10_000_000))
            #expect(huge.kind == .failed && huge.failure?.code == .paymentRequired)
            #expect((huge.failure?.message.utf8.count ?? .max) < 1000)
        }
    }

    @Test("A key that is echoed does not come out", arguments: Dialects.names)
    func echo(provider: String) async throws {
        try await withSimulator { simulator async throws in
            let simulated = try SimulatedDialect(simulator, provider)
            let outcome = try await simulated.submit(simulated.plainJob(), answered: .echoesKey(status: 401))
            let message = try #require(outcome.failure?.message)
            #expect(message.contains("Incorrect API key provided: ***"))
            #expect(!String(reflecting: outcome).contains(simulated.key.reveal()))
        }
    }

    @Test("A wrong key, a wrong address, a model that is not there")
    func wrongs() async throws {
        try await withSimulator { simulator async throws in
            for provider in Dialects.names {
                var simulated = try SimulatedDialect(simulator, provider)
                let model = try await simulated.submit(simulated.plainJob(model: "no-such-model"))
                #expect(model.kind == .failed && model.failure?.code == .modelNotFound)
                #expect(model.failure?.recovery == .switchModel)
                if provider == "pollinations" { #expect(model.failure?.suggestions.contains("flux") == true) }
                simulated.key = Secret("sk_unknown_key")
                #expect(try await simulated.submit(simulated.plainJob()).failure?.code == .notAuthenticated)
            }
            let lost = OpenAIDialect(try Endpoint(simulator.addresses[.openai] + "/wrong"))
            let simulated = try SimulatedDialect(simulator, "openai")
            let response = try await simulated.send(try lost.submission(of: job()).request)
            let failure = lost.outcome(of: response, to: job()).failure
            #expect(failure?.code == .invalidRequest && failure?.fields.map(\.name) == ["base_url"])
        }
    }
}
