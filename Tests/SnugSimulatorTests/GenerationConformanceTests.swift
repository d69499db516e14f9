// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugSimulator

/// The checklist's row "generation".
@Suite struct GenerationConformanceTests {
    @Test("Completed at once: status, result URL and the tokens spent")
    func completedAtOnce() async throws {
        try await withSimulator { simulator async throws in
            let answer = try await Client(simulator).generate()
            #expect(answer.status == 200)
            #expect(answer.json?["status"] == "completed")
            #expect(answer.json?["tokens_spent"] == 4)
            let file = try await Client(simulator).get(answer.json?["result_url"]?.text ?? "")
            #expect(ImageSniffer(bytes: file.body).format == "webp")
            #expect(file.headers["Content-Type"] == "image/webp")
        }
    }

    @Test("Pending for k polls, then completed", arguments: [1, 3])
    func pendingThenCompleted(polls: Int) async throws {
        let configuration = Simulator.Configuration(job: JobPlan(pendingPolls: polls))
        try await withSimulator(configuration) { simulator async throws in
            let client = Client(simulator)
            let first = try await client.generate()
            #expect(first.json?["status"] == "pending")
            #expect(first.json?["tokens_spent"] == 0)
            #expect(first.json?["result_url"] == .null)
            let id = try #require(first.json?["id"]?.integer)
            for _ in 0..<polls { #expect(try await client.elumenta("/generate/\(id)").json?["status"] == "pending") }
            #expect(try await client.elumenta("/generate/\(id)").json?["status"] == "completed")
            #expect(try await client.elumenta("/generate/status/\(id)").json?["status"] == "completed")
        }
    }

    @Test func pendingForEver() async throws {
        try await withSimulator(Simulator.Configuration(job: JobPlan(outcome: .neverEnds))) { simulator async throws in
            let client = Client(simulator)
            let id = try #require(try await client.generate().json?["id"]?.integer)
            for _ in 0..<5 { #expect(try await client.elumenta("/generate/\(id)").json?["status"] == "pending") }
        }
    }

    static let failures = [
        "Service unavailable: model is overloaded", "Service unavailable: model is overloaded (503)",
        "Generation timeout: request deadline exceeded", "Content blocked by safety filter",
        "Content policy violation: prohibited content detected", "Provider error: content policy violation",
    ]

    @Test("A failure arrives as 200 with the documented text, and costs nothing", arguments: failures, [0, 1])
    func failed(text: String, polls: Int) async throws {
        let plan = JobPlan(pendingPolls: polls, outcome: .failed(text: text))
        try await withSimulator(Simulator.Configuration(job: plan)) { simulator async throws in
            let client = Client(simulator)
            var answer = try await client.generate()
            let id = try #require(answer.json?["id"]?.integer)
            for _ in 0..<polls + 1 where answer.json?["status"] == "pending" {
                answer = try await client.elumenta("/generate/\(id)")
            }
            #expect(answer.status == 200)
            #expect(answer.json?["status"] == "failed")
            #expect(answer.json?["error"]?.text == text)
            #expect(answer.json?["tokens_spent"] == 0)
            #expect(simulator.ledger.charges.isEmpty)
            #expect(simulator.balance(account: "elite", service: .elumenta) == 1000)
        }
    }

    @Test("Identifiers are integers, or text that begins with gen_")
    func identifiers() async throws {
        try await withSimulator { simulator async throws in
            simulator.script(Rule(Fault(job: JobPlan(identifier: .prefixed)), service: .elumenta))
            let client = Client(simulator)
            let text = try #require(try await client.generate().json?["id"]?.text)
            #expect(text.hasPrefix("gen_"))
            #expect(try await client.elumenta("/generate/\(text)").status == 200)
            #expect(try await client.generate().json?["id"]?.integer != nil)
        }
    }

    @Test("Options are taken from params and, as on older pages, from the top level")
    func options() async throws {
        try await withSimulator { simulator async throws in
            let client = Client(simulator)
            for body in [
                ["model": "dall-e-3", "prompt": "a", "params": ["size": "1792x1024"]],
                ["model": "dall-e-3", "prompt": "a", "size": "1792x1024"],
            ] as [JSON] {
                let answer = try await client.generate(body)
                #expect(answer.json?["result_metadata"]?["width"] == 1792)
            }
        }
    }

    @Test("An unknown status word stands for pending until the image is there")
    func unknownWord() async throws {
        let plan = JobPlan(outcome: .unknownWord(word: "queued_for_review"))
        try await withSimulator(Simulator.Configuration(job: plan)) { simulator async throws in
            let client = Client(simulator)
            let first = try await client.generate()
            #expect(first.json?["status"] == "queued_for_review")
            let id = try #require(first.json?["id"]?.integer)
            #expect(try await client.elumenta("/generate/\(id)").json?["status"] == "queued_for_review")
            #expect(try await client.elumenta("/generate/\(id)").json?["status"] == "completed")
        }
    }
}
