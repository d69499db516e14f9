// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugSimulator

/// The documents that come back, and what happens to repeats.
@Suite struct OpenAIResponseTests {
    private func images(_ reply: Reply) -> [[UInt8]] {
        (reply.json?["data"]?.array ?? []).map { Base64.decode($0["b64_json"]?.text ?? "") ?? [] }
    }

    private func configuration(_ habit: OpenAISettings.Idempotency, job: JobPlan = JobPlan()) -> Simulator.Configuration
    {
        Simulator.Configuration(job: job, openAI: OpenAISettings(idempotency: habit))
    }

    // MARK: Documents

    @Test("A response says what was drawn, when, and what was used")
    func members() async throws {
        let client = DirectClient()
        let before = client.world.clock.seconds
        let body: JSON = [
            "prompt": "a", "size": "1536x1024", "quality": "high", "background": "opaque", "output_format": "webp",
        ]
        let reply = try await client.openAI(body)
        let json = try #require(reply.json)
        #expect(json["size"] == "1536x1024" && json["quality"] == "high")
        #expect(json["background"] == "opaque" && json["output_format"] == "webp")
        #expect((before...client.world.clock.seconds).contains(json["created"]?.integer ?? 0))
        let usage = json["usage"]
        #expect(usage?["input_tokens_details"]?["image_tokens"] != nil)
        let sum = (usage?["input_tokens"]?.integer ?? 0) + (usage?["output_tokens"]?.integer ?? 0)
        #expect(usage?["total_tokens"]?.integer == sum)
        let details = usage?["input_tokens_details"]
        let parts = (details?["image_tokens"]?.integer ?? 0) + (details?["text_tokens"]?.integer ?? 0)
        #expect(usage?["input_tokens"]?.integer == parts)
    }

    @Test("As many images as asked for, each another, all of the format", arguments: [1, 2, 10])
    func counts(count: Int) async throws {
        for (format, name) in [("png", "png"), ("jpeg", "jpeg"), ("webp", "webp")] {
            let body: JSON = ["prompt": "a", "n": .integer(count), "output_format": .text(format)]
            let images = images(try await DirectClient().openAI(body))
            #expect(images.count == count && Set(images).count == count)
            #expect(images.allSatisfy { ImageSniffer(bytes: $0).format == name })
        }
    }

    @Test("An image has the size that the response states")
    func sides() async throws {
        let images = images(try await DirectClient().openAI(["prompt": "a", "size": "1024x1536"]))
        let size = try #require(images.first.flatMap { ImageSniffer(bytes: $0).size })
        #expect(size == (1024, 1536))
    }

    @Test("GPT image models always send base64; older ones a URL unless asked otherwise")
    func urls() async throws {
        let client = DirectClient()
        let old = try await client.openAI(["prompt": "a", "model": "vendor-diffusion"])
        let datum = old.json?["data"]?.array?.first
        #expect(datum?["b64_json"] == nil && datum?["revised_prompt"] == "a")
        let url = datum?["url"]?.text ?? ""
        #expect(try await client.download(url).status == 200)
        client.pass(3599)
        #expect(try await client.download(url).status == 200)
        client.pass(2)
        #expect(try await client.download(url).status == 403)
        let base64: JSON = ["prompt": "a", "model": "vendor-diffusion", "response_format": "b64_json"]
        #expect(images(try await client.openAI(base64)).first?.isEmpty == false)
    }

    @Test("Each image is charged", arguments: [1, 3, 10])
    func price(count: Int) async throws {
        let client = DirectClient(Simulator.Configuration(openAI: OpenAISettings(price: 0.25)))
        _ = try await client.openAI(["prompt": "a", "n": .integer(count)])
        #expect(client.ledger.entries.count == 1)
        #expect(client.ledger.total == 0.25 * Double(count))
        #expect(client.ledger.entries.first?.model == "gpt-image-1.5")
        #expect(client.ledger.entries.first?.account == "main")
    }

    static let failureTable: [(String, Int, String?)] = [
        ("content policy violation", 400, "moderation_blocked"),
        ("Blocked by SAFETY system", 400, "moderation_blocked"),
        ("model is overloaded", 500, nil), ("", 500, nil),
    ]

    @Test("A generation that fails costs nothing in the end", arguments: failureTable)
    func failures(text: String, status: Int, code: String?) async throws {
        let client = DirectClient(Simulator.Configuration(job: JobPlan(outcome: .failed(text: text))))
        let reply = try await client.openAI(["prompt": "a"])
        #expect(reply.status == status && reply.code == code)
        #expect(client.ledger.entries.map(\.isRefunded) == [true] && client.ledger.total == 0)
    }

    // MARK: Request identifiers

    @Test("Each response has a request id of its own, failures too")
    func identifiers() async throws {
        let client = DirectClient()
        var ids: Set<String> = []
        for body in [["prompt": "a"], ["prompt": ""], ["prompt": "a", "model": "x"]] as [JSON] {
            ids.insert(try await client.openAI(body).headers["x-request-id"] ?? "")
        }
        ids.insert(try await client.get(.openai, "/v1/models").headers["x-request-id"] ?? "")
        #expect(ids.count == 4 && !ids.contains(""))
    }

    // MARK: Repeats

    @Test(
        "Without a key each request is charged, whatever the vendor's habit",
        arguments: OpenAISettings.Idempotency.allCases)
    func noKey(habit: OpenAISettings.Idempotency) async throws {
        let client = DirectClient(configuration(habit))
        for _ in 0..<3 { #expect(try await client.openAI(["prompt": "a"]).status == 200) }
        #expect(client.ledger.charges.count == 3 && client.ledger.duplicates.count == 2)
    }

    static let repeatTable: [(OpenAISettings.Idempotency, [Int], Int)] = [
        (.ignored, [200, 200, 200], 3), (.replay, [200, 200, 200], 1), (.rejectDuplicate, [200, 422, 422], 1),
    ]

    @Test("The vendor's habit decides what a key is good for", arguments: repeatTable)
    func repeats(habit: OpenAISettings.Idempotency, statuses: [Int], charges: Int) async throws {
        let client = DirectClient(configuration(habit))
        var replies: [Reply] = []
        for _ in 0..<3 {
            replies.append(try await client.openAI(["prompt": "a"], headers: ["Idempotency-Key": "k"]))
        }
        #expect(replies.map(\.status) == statuses)
        #expect(client.ledger.charges(idempotencyKey: "k").count == charges)
        #expect(Set(replies.map(\.bytes)).count == (habit == .replay ? 1 : habit == .ignored ? 3 : 2))
        #expect((replies[1].headers["Idempotent-Replayed"] == "true") == (habit == .replay))
    }

    @Test("Keys belong to accounts, and a refused request uses none up")
    func keysOfAccounts() async throws {
        var configuration = configuration(.rejectDuplicate)
        configuration.openAI.accounts = ["a", "b"].map { OpenAIAccount(name: $0, keys: ["sk-\($0)", "sk-\($0)2"]) }
        let client = DirectClient(configuration)
        func status(_ key: String, _ body: JSON = ["prompt": "a"]) async throws -> Int {
            try await client.openAI(body, key: key, headers: ["Idempotency-Key": "k"]).status
        }
        #expect(try await status("sk-a", ["prompt": ""]) == 400)
        #expect(try await status("sk-a") == 200)
        #expect(try await status("sk-a2") == 422)
        #expect(try await status("sk-b") == 200)
        #expect(client.ledger.charges.map(\.account) == ["a", "b"])
    }

    @Test("A failure is replayed as well: the key is not in progress for ever")
    func replayedFailure() async throws {
        let client = DirectClient(configuration(.replay, job: JobPlan(outcome: .failed(text: "overloaded"))))
        var replies: [Reply] = []
        for _ in 0..<3 {
            replies.append(try await client.openAI(["prompt": "a"], headers: ["Idempotency-Key": "k"]))
        }
        #expect(replies.map(\.status) == [500, 500, 500])
        #expect(replies[2].headers["Idempotent-Replayed"] == "true")
        #expect(client.ledger.entries.count == 1 && client.ledger.charges.isEmpty)
    }

    @Test("While the first request runs, a repeat is in conflict, and then gets its result")
    func conflict() async throws {
        let client = DirectClient(configuration(.replay, job: JobPlan(duration: 600_000)))
        async let first = client.openAI(["prompt": "a"], headers: ["Idempotency-Key": "k"])
        while client.ledger.entries.isEmpty { await Task.yield() }
        let busy = try await client.openAI(["prompt": "a"], headers: ["Idempotency-Key": "k"])
        #expect(busy.status == 409 && busy.code == "idempotency_in_progress")
        client.pass(600)
        let original = try await first
        let stored = try await client.openAI(["prompt": "a"], headers: ["Idempotency-Key": "k"])
        #expect(original.status == 200 && stored.bytes == original.bytes)
        #expect(client.ledger.charges.count == 1)
    }
}
