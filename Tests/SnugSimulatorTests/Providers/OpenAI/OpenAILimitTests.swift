// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugSimulator

/// Requests a minute, and the headers that speak of them.
@Suite struct OpenAILimitTests {
    private func client(_ limit: Int?) -> DirectClient {
        let account = OpenAIAccount(name: "main", keys: ["sk-main", "sk-second"], requestsPerMinute: limit)
        return DirectClient(Simulator.Configuration(openAI: OpenAISettings(accounts: [account])))
    }

    /// The seconds of a duration in Go's notation, as far as the provider writes it: `12s`, `1m0s`.
    private func seconds(_ text: String?) -> Int? {
        guard let text, text.hasSuffix("s") else { return nil }
        let sides = text.dropLast().split(separator: "m").compactMap { Int($0) }
        return sides.count == 2 ? sides[0] * 60 + sides[1] : sides.first
    }

    @Test("The headers count down, and the request beyond the limit is told how long to wait")
    func countdown() async throws {
        let client = client(3)
        for left in [2, 1, 0] {
            let reply = try await client.openAI(["prompt": "a"])
            #expect(reply.status == 200)
            #expect(reply.headers["x-ratelimit-limit-requests"] == "3")
            #expect(reply.headers["x-ratelimit-remaining-requests"] == "\(left)")
            #expect((50...60).contains(seconds(reply.headers["x-ratelimit-reset-requests"]) ?? 0))
        }
        let refused = try await client.openAI(["prompt": "a"])
        #expect(refused.status == 429 && refused.code == "rate_limit_exceeded")
        #expect(refused.json?["error"]?["type"] == "requests")
        let wait = try #require(refused.headers["retry-after"].flatMap { Int($0) })
        #expect((50...60).contains(wait))
        #expect(refused.headers["retry-after-ms"] == "\(wait * 1000)")
        #expect(refused.json?["error"]?["message"]?.text?.contains("try again in \(wait)s") == true)
        #expect(seconds(refused.headers["x-ratelimit-reset-requests"]).map { $0 <= wait } == true)
        #expect(client.ledger.entries.count == 3)
        client.pass(wait)
        #expect(try await client.openAI(["prompt": "a"]).status == 200)
    }

    @Test("A minute is written with its minutes, less with seconds only")
    func notation() async throws {
        let client = client(1)
        #expect(try await client.openAI(["prompt": "a"]).headers["x-ratelimit-reset-requests"] == "1m0s")
        client.pass(30)
        let later = try await client.get(.openai, "/v1/models", key: "sk-main").headers["x-ratelimit-reset-requests"]
        #expect(["29s", "30s"].contains(later))
    }

    @Test("When the minute is over, the headers say so before anything is asked for")
    func renewal() async throws {
        let client = client(2)
        for _ in 0..<2 { _ = try await client.openAI(["prompt": "a"]) }
        let full = try await client.get(.openai, "/v1/models", key: "sk-main")
        #expect(full.headers["x-ratelimit-remaining-requests"] == "0")
        client.pass(60)
        let renewed = try await client.get(.openai, "/v1/models", key: "sk-main")
        #expect(renewed.headers["x-ratelimit-remaining-requests"] == "2")
    }

    @Test("Both image endpoints count, refused bodies too; models do not")
    func whatCounts() async throws {
        let client = client(10)
        let image = FlatImage(width: 8, height: 8, seed: 1).bytes(.png)
        _ = try await client.openAI(["prompt": "a"])
        _ = try await client.openAI(["prompt": ""])
        _ = try await client.edit(Form(["prompt": "a"]).adding("image", file: image))
        _ = try await client.edit(Form())
        for _ in 0..<5 { _ = try await client.get(.openai, "/v1/models", key: "sk-main") }
        let reply = try await client.get(.openai, "/v1/models/gpt-image-2", key: "sk-second")
        #expect(reply.headers["x-ratelimit-remaining-requests"] == "6")
    }

    @Test("An account without a limit has no such headers and is never refused")
    func unlimited() async throws {
        let client = client(nil)
        for _ in 0..<50 {
            let reply = try await client.openAI(["prompt": "a"])
            #expect(reply.status == 200)
            #expect(reply.headers.fields.allSatisfy { !$0.name.hasPrefix("x-ratelimit") && $0.name != "retry-after" })
        }
    }

    @Test("Requests at once are counted one by one")
    func concurrent() async throws {
        let client = client(7)
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<20 { group.addTask { try await client.openAI(["prompt": "a"]).status } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses.filter { $0 == 200 }.count == 7)
        #expect(statuses.filter { $0 == 429 }.count == 13)
        #expect(client.ledger.charges.count == 7)
    }
}
