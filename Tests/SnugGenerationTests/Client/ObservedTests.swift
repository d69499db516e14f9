// SPDX-License-Identifier: Apache-2.0
import Metrics
import MetricsTestKit
import SnugHTTP
import SnugSimulator
import SnugTestSupport
import Testing

@testable import SnugGeneration

/// What a client tells of its work.
@Suite struct ObservedTests {
    @Test("Events come in the order of what happens", arguments: API.plain)
    func events(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            fixture.simulator.script(
                api.rule(Fault(answer: .status(code: 503))),
                api.rule(Fault(request: .closeAfterBody, takesEffect: true)))
            let result = await fixture.attempt(try fixture.client())
            let names = fixture.events.all.compactMap { event -> String? in
                switch event {
                case .submitting(_, let attempt): "submitting \(attempt)"
                case .attempt(let attempt): "attempt \(attempt.status ?? 0)"
                case .waiting(_, let reason): "waiting \(reason)"
                case .reconciling: "reconciling"
                case .accepted: "accepted"
                case .polled(let count): "polled \(count)"
                case .delivered: "delivered"
                case .failed(let code): "failed \(code)"
                default: nil
                }
            }
            let common = ["submitting 1", "attempt 503", "waiting no_capacity", "submitting 2", "attempt 0"]
            let rest = [
                API.pollinations: ["waiting outcome_unknown", "submitting 3", "attempt 200", "delivered"],
                .elumenta: ["reconciling", "accepted", "polled 1", "delivered"], .openAI: ["failed outcome_unknown"],
            ]
            #expect(names == common + (rest[api] ?? []))
            let attempts = result.value?.attempts ?? result.error?.attempts ?? []
            #expect(attempts.map(\.number) == Array(1...attempts.count) && attempts[0].wait != nil)
            #expect(zip(attempts, attempts.dropFirst()).allSatisfy { $0.start + $0.duration <= $1.start })
        }
    }

    @Test("Counters by status, and metrics with labels of closed sets", arguments: API.plain)
    func counters(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            let metrics = TestMetrics()
            fixture.simulator.script(
                api.rule(Fault(answer: .status(code: 503))),
                api.rule(Fault(request: .closeAfterBody, takesEffect: true)))
            let client = try fixture.client(metrics: metrics)
            _ = await fixture.attempt(client)
            let counts = client.counters.counts
            #expect(counts.contains { $0.status == 503 && $0.count == 1 })
            #expect(counts.contains { $0.status == nil && $0.failure == "connection_lost" })
            #expect(client.counters.report.contains("503 unavailable") && client.counters.report.contains("in all"))
            func total(_ name: String, _ labels: [(String, String)] = []) -> Int64? {
                try? metrics.expectCounter("snug_generation_\(name)_total", labels).totalValue
            }
            #expect(total("submissions") == (api == .pollinations ? 3 : 2))
            #expect(total("requests", [("status", "503"), ("outcome", "answered")]) == 1)
            #expect(total("requests", [("status", "none"), ("outcome", "sent_without_answer")]) == 1)
            #expect(total("charges_avoided") == (api == .openAI ? 0 : 1))
            #expect(total("failures", [("code", "outcome_unknown")]) == (api == .openAI ? 1 : nil))
        }
    }

    @Test("A repeat says that it is one, and every request has a name of ours", arguments: API.plain)
    func headers(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            fixture.simulator.script(api.rule(Fault(answer: .status(code: 503)), times: 2))
            #expect(await fixture.attempt(try fixture.client()).value != nil)
            let sent = fixture.submissions.map(\.headers)
            #expect(sent.map { $0["X-Retry-Count"] } == [nil, "1", "2"])
            let names = sent.compactMap { $0["X-Client-Request-Id"] }
            #expect(Set(names).count == 3 && Set(names.map { $0.dropLast(2) }).count == 1)
            #expect(sent.allSatisfy { $0["User-Agent"] == "snug" })
            let digests = Set(fixture.submissions.map { "\($0.method) \($0.path)?\($0.query) \($0.bodyDigest)" })
            #expect(digests.count == 1)
        }
    }

    @Test("Requests are checked before anything is sent", arguments: API.plain)
    func validation(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            let client = try fixture.client()
            let wrong: [(GenerationRequest, String)] = [
                (GenerationRequest(prompt: " \n "), "prompt"),
                (GenerationRequest(prompt: String(repeating: "a", count: 40_000)), "prompt"),
                (GenerationRequest(prompt: "a", size: ImageSize(width: 8, height: 512)), "width"),
                (GenerationRequest(prompt: "a", size: ImageSize(width: 512, height: 9000)), "height"),
                (GenerationRequest(prompt: "a", count: 0), "count"),
                (GenerationRequest(prompt: "a", count: 101), "count"),
            ]
            for (request, field) in wrong {
                let error = try await fixture.failure(client, request)
                #expect(error.code == .invalidRequest && error.fields.contains { $0.name == field }, "\(error)")
            }
            #expect(fixture.simulator.requests.isEmpty)
        }
    }
}
