// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugSimulator

/// The life of a job between `POST /generate` and its end.
@Suite struct ElumentaJobTests {
    private func client(_ plan: JobPlan = JobPlan()) -> DirectClient {
        DirectClient(Simulator.Configuration(job: plan))
    }

    private func poll(_ client: DirectClient, _ id: JSON?, key: String = Client.elite) async throws -> Reply {
        let text = id?.integer.map(String.init) ?? id?.text ?? ""
        return try await client.elumenta("GET", "/generate/\(text)", key: key)
    }

    // MARK: Courses

    static let courseTable: [(JobPlan, [String])] = [
        (JobPlan(), ["completed", "completed"]),
        (JobPlan(pendingPolls: 1), ["pending", "pending", "completed", "completed"]),
        (JobPlan(pendingPolls: 2), ["pending", "pending", "pending", "completed"]),
        (JobPlan(outcome: .failed(text: "x")), ["failed", "failed"]),
        (JobPlan(pendingPolls: 2, outcome: .failed(text: "x")), ["pending", "pending", "pending", "failed", "failed"]),
        (JobPlan(outcome: .unknownWord(word: "dreaming")), ["dreaming", "dreaming", "completed"]),
        (JobPlan(pendingPolls: 2, outcome: .unknownWord(word: "w")), ["w", "w", "w", "completed", "completed"]),
        (JobPlan(outcome: .neverEnds), Array(repeating: "pending", count: 12)),
        (JobPlan(pendingPolls: 3, outcome: .neverEnds), Array(repeating: "pending", count: 12)),
    ]

    @Test("A job takes its planned course, one status for each look at it", arguments: courseTable)
    func courses(plan: JobPlan, statuses: [String]) async throws {
        let client = client(plan)
        var reply = try await client.elumenta(model: "photon")
        let id = reply.json?["id"]
        var seen = [reply.json?["status"]?.text ?? ""]
        for _ in 1..<statuses.count {
            reply = try await poll(client, id)
            seen.append(reply.json?["status"]?.text ?? "")
        }
        #expect(seen == statuses)
    }

    @Test("Midjourney answers pending first, however quick the plan", arguments: ["midjourney-v6", "midjourney-turbo"])
    func slowModels(model: String) async throws {
        let client = client()
        let first = try await client.elumenta(model: model)
        #expect(first.status == 200 && first.json?["status"] == "pending")
        let polls = [
            try await poll(client, first.json?["id"]), try await poll(client, first.json?["id"]),
            try await poll(client, first.json?["id"]),
        ]
        #expect(polls.map { $0.json?["status"]?.text } == ["pending", "pending", "completed"])
    }

    @Test("What a job shows belongs to its status")
    func membersByStatus() async throws {
        let client = client(JobPlan(pendingPolls: 1))
        let pending = try await client.elumenta(model: "photon").json
        #expect(pending?["result_url"] == .null && pending?["result_metadata"] == .null)
        #expect(pending?["tokens_spent"] == 0 && pending?["error"] == .null)
        _ = try await poll(client, pending?["id"])
        let done = try await poll(client, pending?["id"]).json
        #expect(done?["result_url"]?.text != nil && done?["tokens_spent"] == 1)
        #expect(done?["result_metadata"] == ["width": 1024, "height": 1024, "duration": nil])
        #expect(done?["id"] == pending?["id"])
    }

    @Test("A failed job shows its text and no result")
    func failedMembers() async throws {
        let reply = try await client(JobPlan(outcome: .failed(text: "Generation timeout"))).elumenta(model: "photon")
        #expect(reply.status == 200)
        #expect(reply.json?["error"] == "Generation timeout" && reply.json?["tokens_spent"] == 0)
        #expect(reply.json?["result_url"] == .null && reply.json?["result_metadata"] == .null)
    }

    // MARK: Tokens

    @Test("Tokens are taken at submission and come back once, when the failure shows", arguments: [0, 1, 3])
    func refund(polls: Int) async throws {
        let client = client(JobPlan(pendingPolls: polls, outcome: .failed(text: "x")))
        func balance() -> Double? { client.providers.balance(account: "elite", service: .elumenta) }
        let id = try await client.elumenta(model: "sd-3.5-large").json?["id"]
        for look in 0..<polls {
            #expect(balance() == 993 && client.ledger.total == 7)
            let status = try await poll(client, id).json?["status"]
            #expect(status == "pending" && (look < polls - 1 || balance() == 1000))
        }
        for _ in 0..<4 {
            #expect(try await poll(client, id).json?["status"] == "failed")
            #expect(balance() == 1000)
        }
        #expect(client.ledger.entries.count == 1 && client.ledger.charges.isEmpty && client.ledger.total == 0)
    }

    @Test("A job that nobody asks for again costs as much as one that is polled")
    func unpolled() async throws {
        let client = client(JobPlan(pendingPolls: 9))
        _ = try await client.elumenta(model: "photon")
        #expect(client.ledger.total == 1)
        #expect(try await client.elumenta("GET", "/balance").json?["token_balance"] == 999)
    }

    @Test("The last tokens can be spent, one more cannot", arguments: [(4.0, 200), (3.0, 402), (0.0, 402)])
    func poverty(balance: Double, status: Int) async throws {
        let client = client()
        client.providers.setBalance(balance, account: "elite", service: .elumenta)
        let reply = try await client.elumenta(model: "recraft-v3")
        #expect(reply.status == status)
        guard status == 402 else { return }
        #expect(reply.word == "insufficient_tokens")
        #expect(reply.json?["details"] == ["required": 4, "available": .integer(Int(balance))])
        #expect(client.ledger.entries.isEmpty)
        client.providers.setBalance(4, account: "elite", service: .elumenta)
        #expect(try await client.elumenta(model: "recraft-v3").status == 200)
    }

    // MARK: Identifiers

    @Test("A job answers to both forms of its identifier, on both paths")
    func identifiers() async throws {
        for form in [JobPlan.Identifier.integer, .prefixed] {
            let client = client(JobPlan(identifier: form))
            let reply = try await client.elumenta(model: "photon")
            let id = reply.json?["id"]
            let number = id?.integer ?? Int(id?.text?.dropFirst(4) ?? "") ?? 0
            #expect(form == .integer ? id == .integer(number) : id == .text("gen_\(number)"))
            for path in ["\(number)", "gen_\(number)", "status/\(number)", "status/gen_\(number)"] {
                let poll = try await client.elumenta("GET", "/generate/\(path)")
                #expect(poll.status == 200 && poll.json?["id"] == id)
            }
        }
    }

    @Test("Identifiers differ from job to job, also when many are submitted at once")
    func distinctIdentifiers() async throws {
        let client = client()
        let ids = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<50 {
                group.addTask { try await client.elumenta(model: "photon").json?["id"]?.integer ?? 0 }
            }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(ids.count == 50 && client.ledger.total == 50)
        #expect(client.providers.balance(account: "elite", service: .elumenta) == 950)
    }

    @Test("What is no job of this account is not found", arguments: ["0", "999999", "gen_", "abc", "18491x", "-18491"])
    func unknownJobs(id: String) async throws {
        let client = client()
        _ = try await client.elumenta(model: "photon")
        let reply = try await client.elumenta("GET", "/generate/\(id)")
        #expect(reply.status == 404 && reply.word == "not_found")
    }

    @Test("Another account's job is not found, and looking at it does not bring it forward")
    func foreignJobs() async throws {
        let client = client(JobPlan(pendingPolls: 1))
        let id = try await client.elumenta(model: "photon").json?["id"]
        for _ in 0..<5 { #expect(try await poll(client, id, key: ElumentaAccount.key("vip")).status == 404) }
        #expect(try await poll(client, id).json?["status"] == "pending")
        #expect(try await poll(client, id).json?["status"] == "completed")
    }

    // MARK: Results

    @Test("Each look at a finished job gives a URL that lives from then on")
    func freshURLs() async throws {
        let client = client(JobPlan(urlLifetime: 60))
        let first = try await client.elumenta(model: "photon").json
        let old = first?["result_url"]?.text ?? ""
        client.pass(50)
        let new = try await poll(client, first?["id"]).json?["result_url"]?.text ?? ""
        #expect(new != old)
        #expect(try await client.download(old).status == 200)
        client.pass(20)
        #expect(try await client.download(old).status == 403)
        #expect(try await client.download(new).status == 200)
    }

    @Test("The results of one job are the same bytes whenever they are fetched")
    func stableBytes() async throws {
        let client = client()
        let first = try await client.elumenta(model: "photon").json
        let bytes = try await client.download(first?["result_url"]?.text ?? "").bytes
        client.pass(86_400)
        let again = try await poll(client, first?["id"]).json?["result_url"]?.text ?? ""
        #expect(try await client.download(again).bytes == bytes)
    }

    @Test("A duration holds the response back by the simulated clock, and is reported")
    func duration() async throws {
        let client = client(JobPlan(duration: 600_000))
        async let reply = client.elumenta(model: "photon")
        while client.ledger.entries.isEmpty { await Task.yield() }
        client.pass(600)
        #expect(try await reply.json?["processing_ms"] == 600_000)
    }
}
