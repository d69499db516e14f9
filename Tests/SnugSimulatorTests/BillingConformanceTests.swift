// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugSimulator

/// The checklist's row "billing": charges are counted, not calls.
@Suite struct BillingConformanceTests {
    @Test("Elumenta charges every submission, key or no key")
    func perNothingElumenta() async throws {
        try await withSimulator { simulator async throws in
            let client = Client(simulator)
            for _ in 0..<2 { _ = try await client.generate(["-H", "Idempotency-Key: k1"]) }
            #expect(simulator.ledger.charges(idempotencyKey: "k1").count == 2)
            #expect(simulator.ledger.total == 8)
            #expect(simulator.ledger.duplicates.count == 1)
            #expect(try await client.elumenta("/balance").json?["token_balance"] == 992)
        }
    }

    @Test("OpenAI charges every request, key or no key")
    func perNothingOpenAI() async throws {
        try await withSimulator { simulator async throws in
            for _ in 0..<2 { _ = try await Client(simulator).openAI(["-H", "Idempotency-Key: k1"]) }
            #expect(simulator.ledger.charges.count == 2)
            #expect(simulator.ledger.duplicates.count == 1)
        }
    }

    @Test("A vendor that replays charges a key once and gives the same answer again")
    func perKeyReplay() async throws {
        let configuration = Simulator.Configuration(openAI: OpenAISettings(idempotency: .replay))
        try await withSimulator(configuration) { simulator async throws in
            let client = Client(simulator)
            let first = try await client.openAI(["-H", "Idempotency-Key: k1"])
            let second = try await client.openAI(["-H", "Idempotency-Key: k1"])
            #expect(first.body == second.body)
            #expect(second.headers["Idempotent-Replayed"] == "true")
            #expect(simulator.ledger.charges(idempotencyKey: "k1").count == 1)
            _ = try await client.openAI(["-H", "Idempotency-Key: k2"])
            #expect(simulator.ledger.charges.count == 2)
        }
    }

    @Test("A repeat while the first still runs is a conflict")
    func perKeyInProgress() async throws {
        let configuration = Simulator.Configuration(
            job: JobPlan(duration: 600_000), openAI: OpenAISettings(idempotency: .replay))
        try await withSimulator(configuration) { simulator async throws in
            let client = Client(simulator)
            async let first = client.openAI(["-H", "Idempotency-Key: k1"])
            try await simulator.wait { !$0.isEmpty }
            while simulator.ledger.entries.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            let second = try await client.openAI(["-H", "Idempotency-Key: k1"])
            #expect(second.status == 409)
            simulator.clock.advance(by: .seconds(600))
            #expect(try await first.status == 200)
            #expect(simulator.ledger.charges.count == 1)
        }
    }

    @Test("A vendor with single-use keys refuses the repeat")
    func perKeyReject() async throws {
        let configuration = Simulator.Configuration(openAI: OpenAISettings(idempotency: .rejectDuplicate))
        try await withSimulator(configuration) { simulator async throws in
            let client = Client(simulator)
            #expect(try await client.openAI(["-H", "Idempotency-Key: k1"]).status == 200)
            #expect(try await client.openAI(["-H", "Idempotency-Key: k1"]).status == 422)
            #expect(simulator.ledger.charges.count == 1)
        }
    }

    @Test("Pollinations joins the same seed and body, in flight and afterwards, and charges once")
    func join() async throws {
        try await withSimulator(Simulator.Configuration(job: JobPlan(duration: 600_000))) { simulator async throws in
            let client = Client(simulator)
            let body: JSON = ["prompt": "a cat", "seed": 7]
            async let first = client.pollinations(body)
            try await simulator.wait { !$0.isEmpty }
            while simulator.ledger.entries.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            async let second = client.pollinations(body)
            while simulator.ledger.entries.first?.joins != 1 { try await Task.sleep(for: .milliseconds(5)) }
            simulator.clock.advance(by: .seconds(600))
            let (joined, original) = try await (second, first)
            let stored = try await client.pollinations(body)
            #expect(original.json?["data"] == joined.json?["data"])
            #expect(stored.headers["X-Cache"] == "HIT")
            #expect(simulator.ledger.charges.count == 1)
            #expect(simulator.ledger.entries.first?.joins == 2)
        }
    }

    @Test("Another seed, another body, no seed, no-cache: each is charged")
    func notJoined() async throws {
        try await withSimulator { simulator async throws in
            let client = Client(simulator)
            _ = try await client.pollinations(["prompt": "a cat", "seed": 7])
            _ = try await client.pollinations(["prompt": "a cat", "seed": 8])
            _ = try await client.pollinations(["prompt": "a cat", "seed": 7, "size": "512x512"])
            for _ in 0..<2 { _ = try await client.pollinations(["prompt": "a cat"]) }
            for _ in 0..<2 { _ = try await client.image("?seed=1&no-cache=true") }
            for _ in 0..<2 { _ = try await client.image("?seed=-1") }
            #expect(simulator.ledger.charges.count == 9)
            // The default seed of GET is 0, so that these two join.
            for _ in 0..<2 { _ = try await client.image() }
            #expect(simulator.ledger.charges.count == 10)
        }
    }

    @Test("A lost response is charged; a request that was never whole is not", arguments: ServiceName.paid)
    func lostAnswers(service: ServiceName) async throws {
        try await withSimulator { simulator async throws in
            let client = Client(simulator)
            simulator.script(
                Rule(Fault(request: .resetAfter(bytes: 1))), Rule(Fault(request: .closeAfterBody)),
                Rule(Fault(request: .closeAfterBody, takesEffect: true)))
            for charges in [0, 0, 1] {
                #expect(try await client.submit(to: service).exit != 0)
                #expect(simulator.ledger.charges.count == charges)
            }
            // A repeat costs again, except where the provider joins.
            #expect(try await client.submit(to: service).status == 200)
            #expect(simulator.ledger.charges.count == (service == .pollinations ? 1 : 2))
        }
    }

    @Test("What was charged can be found again: history, balance, usage")
    func reconciliation() async throws {
        try await withSimulator { simulator async throws in
            let client = Client(simulator)
            simulator.script(Rule(Fault(request: .closeAfterBody, takesEffect: true), service: .elumenta))
            #expect(try await client.generate().exit == 52)
            let history = try await client.elumenta("/user/history?model_slug=flux-1.1-pro&limit=1")
            let item = history.json?["items"]?.array?.first
            #expect(item?["prompt"] == "a cat")
            #expect(item?["tokens_spent"] == 4)
            let id = try #require(item?["id"]?.integer)
            #expect(try await client.elumenta("/generate/\(id)").json?["status"] == "completed")
            #expect(try await client.elumenta("/user/history?limit=101").status == 422)

            _ = try await client.image("?seed=9")
            let url = simulator.addresses[.pollinations]
            let key = ["-H", "Authorization: Bearer sk_paid"]
            let usage = try await client.get(url + "/account/usage?format=json&limit=5", key)
            #expect(usage.json?["count"] == 1)
            #expect(usage.json?["usage"]?.array?.first?["model"] == "flux")
            #expect(try await client.get(url + "/account/usage?format=csv", key).text.contains(",flux,"))
            #expect(try await client.get(url + "/account/balance", key).json?["balance"] == 99.75)
            let narrow = ["-H", "Authorization: Bearer sk_narrow"]
            #expect(try await client.get(url + "/account/balance", narrow).status == 403)
        }
    }
}
