// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugSimulator

/// Balance, profile and the history that a lost job can be found in.
@Suite struct ElumentaHistoryTests {
    private let vip = ElumentaAccount.key("vip")

    private func history(_ client: DirectClient, _ query: String = "", key: String = Client.elite) async throws -> Reply
    {
        try await client.elumenta("GET", "/user/history\(query)", key: key)
    }

    private func prompts(_ reply: Reply) -> [String] {
        (reply.json?["items"]?.array ?? []).compactMap { $0["prompt"]?.text }
    }

    /// A client whose account has made `count` images, with the prompts p0, p1 and so on.
    private func filled(_ count: Int, plan: JobPlan = JobPlan()) async throws -> DirectClient {
        let client = DirectClient(Simulator.Configuration(job: plan))
        for index in 0..<count {
            let model = index.isMultiple(of: 3) ? "photon" : "photon-flash"
            #expect(try await client.elumenta(["model": .text(model), "prompt": "p\(index)"]).status == 200)
        }
        return client
    }

    // MARK: Pages

    static let pageTable: [(String, Int, Int, [Int])] = [
        ("", 1, 20, Array((5..<25).reversed())), ("?page=1", 1, 20, Array((5..<25).reversed())),
        ("?page=2", 2, 20, Array((0..<5).reversed())), ("?page=3", 3, 20, []),
        ("?limit=4", 1, 4, [24, 23, 22, 21]), ("?limit=4&page=3", 3, 4, [16, 15, 14, 13]),
        ("?limit=4&page=7", 7, 4, [0]), ("?limit=100", 1, 100, Array((0..<25).reversed())),
        ("?limit=1&page=25", 25, 1, [0]), ("?page=1000000", 1_000_000, 20, []),
    ]

    @Test("Pages count from the newest, 20 to a page", arguments: pageTable)
    func pages(query: String, page: Int, limit: Int, expected: [Int]) async throws {
        let reply = try await history(try await filled(25), query)
        #expect(prompts(reply) == expected.map { "p\($0)" })
        #expect(reply.json?["total"] == 25)
        #expect(reply.json?["page"]?.integer == page && reply.json?["limit"]?.integer == limit)
    }

    @Test(
        "A page or limit out of bounds is named",
        arguments: [
            ("?limit=0", "limit"), ("?limit=101", "limit"), ("?limit=-1", "limit"), ("?limit=ten", "limit"),
            ("?limit=", "limit"), ("?page=0", "page"), ("?page=-1", "page"), ("?page=x", "page"),
        ])
    func badPages(query: String, field: String) async throws {
        let reply = try await history(DirectClient(), query)
        #expect(reply.status == 422 && reply.faultyFields == [field])
    }

    // MARK: Filters

    static let filterTable: [(String, [Int])] = [
        ("?model_slug=photon", [6, 3, 0]), ("?model_slug=photon-flash", [5, 4, 2, 1]), ("?model_slug=dall-e-3", []),
        ("?category=image", [6, 5, 4, 3, 2, 1, 0]), ("?category=video", []),
        ("?status=completed", [6, 5, 4, 3, 2, 1, 0]), ("?status=failed", []), ("?favorites_only=true", [4]),
        ("?favorites_only=false", [6, 5, 4, 3, 2, 1, 0]), ("?model_slug=photon&limit=2", [6, 3]),
        ("?model_slug=photon&favorites_only=true", []),
    ]

    @Test("Filters narrow the list and its total", arguments: filterTable)
    func filters(query: String, expected: [Int]) async throws {
        let client = try await filled(7)
        let id = try await history(client).json?["items"]?.array?[2]["id"]?.integer ?? 0
        #expect(try await client.elumenta("POST", "/user/history/\(id)/favorite", [:]).status == 200)
        let reply = try await history(client, query)
        #expect(prompts(reply) == expected.map { "p\($0)" })
        #expect(query.contains("limit") || reply.json?["total"]?.integer == expected.count)
    }

    @Test("The status filter follows the jobs as they are now")
    func statusFilter() async throws {
        let client = try await filled(2, plan: JobPlan(pendingPolls: 1))
        #expect(prompts(try await history(client, "?status=pending")) == ["p1", "p0"])
        let id = try await history(client).json?["items"]?.array?.first?["id"]?.integer ?? 0
        for _ in 0..<2 { _ = try await client.elumenta("GET", "/generate/\(id)") }
        #expect(prompts(try await history(client, "?status=pending")) == ["p0"])
        #expect(prompts(try await history(client, "?status=completed")) == ["p1"])
    }

    @Test("A history is one account's own")
    func accountsApart() async throws {
        let client = try await filled(3)
        #expect(try await history(client, key: vip).json?["total"] == 0)
        _ = try await client.elumenta(["model": "photon", "prompt": "theirs"], key: vip)
        #expect(prompts(try await history(client, key: ElumentaAccount.key("vip2"))) == ["theirs"])
        #expect(try await history(client).json?["total"] == 3)
    }

    // MARK: Items

    @Test("An item has every documented member")
    func members() async throws {
        let client = try await filled(1)
        let item = try #require(try await history(client).json?["items"]?.array?.first?.object)
        #expect(
            Set(item.keys) == [
                "id", "model_slug", "model_name", "category", "prompt", "status", "result_text", "result_url",
                "tokens_spent", "is_favorited", "user_rating", "created_at",
            ])
        #expect(item["model_slug"] == "photon" && item["category"] == "image" && item["status"] == "completed")
        #expect(item["is_favorited"] == false && item["user_rating"] == .null && item["tokens_spent"] == 1)
        let created = item["created_at"]?.text ?? ""
        #expect(created.count == "2026-11-29T08:00:00Z".count && created.hasSuffix("Z"))
        #expect(client.ledger.entries.map(\.createdAt) == [created])
    }

    @Test("Looking at the history moves no job forward")
    func historyIsNoPoll() async throws {
        let client = try await filled(1, plan: JobPlan(pendingPolls: 1))
        for _ in 0..<5 {
            let item = try await history(client).json?["items"]?.array?.first
            #expect(item?["status"] == "pending" && item?["tokens_spent"] == 0 && item?["result_url"] == .null)
        }
    }

    @Test("Favourites toggle, ratings stay, deletions hide")
    func changes() async throws {
        let client = try await filled(2)
        let id = try await history(client).json?["items"]?.array?.first?["id"]?.integer ?? 0
        func item() async throws -> JSON? { try await history(client).json?["items"]?.array?.first }
        for isFavourite in [true, false, true] {
            #expect(try await client.elumenta("POST", "/user/history/\(id)/favorite", [:]).status == 200)
            #expect(try await item()?["is_favorited"] == .bool(isFavourite))
        }
        #expect(try await client.elumenta("POST", "/user/history/\(id)/rate", ["rating": 4]).status == 200)
        #expect(try await item()?["user_rating"] == 4)
        let unrated = try await client.elumenta("POST", "/user/history/\(id)/rate", ["rating": "4"])
        #expect(unrated.status == 422 && unrated.faultyFields == ["rating"])
        #expect(try await client.elumenta("DELETE", "/user/history/\(id)").status == 200)
        #expect(prompts(try await history(client)) == ["p0"])
        #expect(try await client.elumenta("GET", "/generate/\(id)").status == 404)
        #expect(try await client.elumenta("DELETE", "/user/history/\(id)").status == 404)
        #expect(client.ledger.total == 2)
    }

    @Test("Nobody changes another's history", arguments: [("POST", "/favorite"), ("POST", "/rate"), ("DELETE", "")])
    func foreignChanges(method: String, ending: String) async throws {
        let client = try await filled(1)
        let id = try await history(client).json?["items"]?.array?.first?["id"]?.integer ?? 0
        let reply = try await client.elumenta(method, "/user/history/\(id)\(ending)", ["rating": 1], key: vip)
        #expect(reply.status == 404 && reply.word == "not_found")
        #expect(try await history(client).json?["total"] == 1)
    }

    // MARK: The account

    @Test("Balance and profile agree with what was spent")
    func balanceAndProfile() async throws {
        let client = try await filled(3)
        let balance = try await client.elumenta("GET", "/balance").json
        #expect(balance == ["token_balance": 997, "plan": "elite", "plan_expires_at": nil])
        let profile = try await client.elumenta("GET", "/user/me").json
        #expect(profile?["token_balance"] == 997 && profile?["email"] == "elite@example.test")
        #expect(profile?["auth_methods"]?.array != nil && profile?["token_limit"]?.integer != nil)
    }

    @Test(
        "A profile states the limits of its plan, 0 for none",
        arguments: ElumentaRateWindowTests.plans + [(.elite, 0, 0)])
    func limits(plan: ElumentaAccount.Plan, hour: Int, day: Int) async throws {
        var configuration = Simulator.Configuration()
        configuration.elumenta = ElumentaSettings(accounts: [ElumentaAccount(name: "a", plan: plan)])
        let client = DirectClient(configuration)
        let profile = try await client.elumenta("GET", "/user/me", key: try await client.login("a").access).json
        #expect(profile?["rate_limit_hourly"]?.integer == hour && profile?["rate_limit_daily"]?.integer == day)
        #expect(profile?["plan"]?.text == plan.rawValue)
    }
}
