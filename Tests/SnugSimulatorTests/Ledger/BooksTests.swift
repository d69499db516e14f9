// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugSimulator

/// Random histories, kept in books of the test's own beside the simulator's.
@Suite struct BooksTests {
    private static let failure = JobPlan.Outcome.failed(text: "overloaded")

    /// The state of an Elumenta account as the documentation describes it.
    private struct TokenBook {
        var balance = 60
        var spent = 0
        var open: [(id: Int, cost: Int, polls: Int, fails: Bool)] = []
        var refused = 0
    }

    @Test(
        "Elumenta's tokens: taken when submitted, given back when a failure shows, never below zero",
        arguments: UInt64(0)..<12)
    func elumenta(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let client = DirectClient()
        client.providers.setBalance(60, account: "elite", service: .elumenta)
        var book = TokenBook()
        let prices = ["photon": 1, "flux-kontext-pro": 3, "recraft-v3": 4, "sd-3.5-large": 7]
        for _ in 0..<60 {
            if Bool.random(using: &random) || book.open.isEmpty {
                let model = prices.keys.sorted().randomElement(using: &random) ?? ""
                let (cost, fails) = (prices[model] ?? 0, Int.random(in: 0..<3, using: &random) == 0)
                let polls = Int.random(in: 1...3, using: &random)
                let plan = JobPlan(pendingPolls: polls, outcome: fails ? Self.failure : .completed)
                client.world.script.add([Rule(Fault(job: plan))])
                let reply = try await client.elumenta(model: model)
                #expect(reply.status == (cost <= book.balance ? 200 : 402))
                if cost > book.balance { book.refused += 1; continue }
                book.balance -= cost
                book.spent += cost
                book.open.append((reply.json?["id"]?.integer ?? 0, cost, polls, fails))
            } else {
                let index = Int.random(in: 0..<book.open.count, using: &random)
                let reply = try await client.elumenta("GET", "/generate/\(book.open[index].id)")
                #expect(reply.json?["status"] == "pending")
                book.open[index].polls -= 1
                guard book.open[index].polls == 0 else { continue }
                let job = book.open.remove(at: index)
                if job.fails { book.balance += job.cost; book.spent -= job.cost }
            }
            #expect(try await client.elumenta("GET", "/balance").json?["token_balance"]?.integer == book.balance)
            #expect(client.ledger.total == Double(book.spent) && book.balance + book.spent == 60)
        }
        #expect(client.ledger.entries.allSatisfy { $0.service == .elumenta && $0.account == "elite" })
    }

    @Test(
        "Pollinations' pollen: once for all who join, nothing for failures, within balance and allowance",
        arguments: UInt64(0)..<12)
    func pollinations(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let client = DirectClient()
        // Multiples of a quarter add up without rounding.
        var balances = ["sk_paid": 4.0, "pk_site": 3.0]
        client.providers.setBalance(4, account: "paid", service: .pollinations)
        client.providers.setBalance(3, account: "site", service: .pollinations)
        var (made, spentByKey, joins) = (Set<Int>(), 0.0, 0)
        for _ in 0..<60 {
            let key = Bool.random(using: &random) ? "sk_paid" : "pk_site"
            let (image, fails) = (Int.random(in: 0..<14, using: &random), Int.random(in: 0..<4, using: &random) == 0)
            let (balance, isKnown) = (balances[key] ?? 0, made.contains(image))
            client.world.script.add([Rule(Fault(job: JobPlan(outcome: fails ? Self.failure : .completed)))])
            let reply = try await client.image("?seed=\(image)&width=8&height=8", key: key)
            if isKnown {
                joins += 1
                #expect(reply.status == 200 && reply.headers["X-Cache"] == "HIT")
            } else if key == "pk_site", spentByKey == 1 {
                #expect(reply.status == 429)
            } else {
                #expect(reply.status == (fails ? 502 : 200))
                guard !fails else { continue }
                made.insert(image)
                let price = balance > 0 ? 0.25 : 0
                balances[key] = balance - price
                if key == "pk_site" { spentByKey += 0.25 }
            }
            let left = client.providers.balance(account: key == "sk_paid" ? "paid" : "site", service: .pollinations)
            #expect(left == balances[key])
            let total = 7 - balances.values.reduce(0, +)
            #expect(client.ledger.total == total && client.ledger.duplicates.isEmpty)
            #expect(client.ledger.entries.reduce(0) { $0 + $1.joins } == joins)
        }
    }

    @Test(
        "OpenAI's dollars: each image of each request that worked, by the vendor's habit with keys",
        arguments: UInt64(0)..<12)
    func openAI(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let habit = OpenAISettings.Idempotency.allCases[Int(seed % 3)]
        let client = DirectClient(Simulator.Configuration(openAI: OpenAISettings(idempotency: habit, price: 0.25)))
        var (total, entries, used) = (0.0, 0, Set<Int>())
        for _ in 0..<50 {
            let (key, count) = (Int.random(in: 0..<15, using: &random), Int.random(in: 1...3, using: &random))
            let fails = Int.random(in: 0..<4, using: &random) == 0
            client.world.script.add([Rule(Fault(job: JobPlan(outcome: fails ? Self.failure : .completed)))])
            let body: JSON = ["prompt": "a", "n": .integer(count), "size": "auto"]
            let reply = try await client.openAI(body, headers: ["Idempotency-Key": "k\(key)"])
            let isRepeat = habit != .ignored && !used.insert(key).inserted
            if isRepeat {
                #expect(reply.status != 409 && (habit == .replay || reply.status == 422))
            } else {
                entries += 1
                if !fails { total += 0.25 * Double(count) }
                #expect(reply.status == (fails ? 500 : 200))
            }
            #expect(client.ledger.total == total && client.ledger.entries.count == entries)
        }
    }

    @Test("A seed gives the same history twice, to the byte", arguments: UInt64(0)..<4)
    func sameHistory(seed: UInt64) async throws {
        func history() async throws -> [[UInt8]] {
            var random = SeededGenerator(seed: seed)
            let client = DirectClient()
            var bodies: [[UInt8]] = []
            for _ in 0..<20 {
                let number = Int.random(in: 0..<5, using: &random)
                let reply =
                    switch Int.random(in: 0..<3, using: &random) {
                    case 0: try await client.image("?seed=\(number)&width=8&height=8")
                    case 1: try await client.elumenta(model: "photon", ["seed": .integer(number)])
                    default: try await client.elumenta("GET", "/generate/\(18_490 + number)")
                    }
                bodies.append(reply.bytes)
            }
            return bodies
        }
        #expect(try await history() == history())
    }

    // MARK: The ledger itself

    private func entry(_ generation: String, cost: Double = 1, digest: String = "d", account: String = "a")
        -> LedgerEntry
    {
        LedgerEntry(
            generation: generation, service: .openai, account: account, model: "m", prompt: "p\(generation)",
            idempotencyKey: "k\(generation)", requestDigest: digest, seed: nil, request: 1,
            createdAt: "2026-01-01T00:00:00Z", cost: cost, isRefunded: false, joins: 0)
    }

    @Test("Refunds and entries without cost are no charges")
    func charges() {
        let ledger = BillingLedger()
        for (name, cost) in [("1", 1.0), ("2", 2), ("3", 0), ("4", 4)] { ledger.record(entry(name, cost: cost)) }
        #expect(ledger.refund("2") == 2)
        #expect(ledger.refund("2") == 0 && ledger.refund("none") == 0)
        let snapshot = ledger.snapshot()
        #expect(snapshot.entries.count == 4 && snapshot.charges.map(\.generation) == ["1", "4"] && snapshot.total == 5)
        #expect(snapshot.charges(prompt: "p4").count == 1 && snapshot.charges(prompt: "p2").isEmpty)
        #expect(snapshot.charges(idempotencyKey: "k1").count == 1 && snapshot.charges(idempotencyKey: "k3").isEmpty)
    }

    @Test("A duplicate is the same request of the same account, charged again")
    func duplicates() {
        let ledger = BillingLedger()
        ledger.record(entry("1"))
        ledger.record(entry("2", account: "b"))
        ledger.record(entry("3", digest: "other"))
        ledger.record(entry("4", cost: 0))
        #expect(ledger.snapshot().duplicates.isEmpty)
        ledger.record(entry("5"))
        ledger.record(entry("6"))
        #expect(ledger.snapshot().duplicates.map(\.generation) == ["5", "6"])
        ledger.refund("1")
        #expect(ledger.snapshot().duplicates.map(\.generation) == ["6"])
    }

    @Test("A snapshot is of one service or of all, and does not change afterwards")
    func snapshots() {
        let ledger = BillingLedger()
        ledger.record(entry("1"))
        let before = ledger.snapshot()
        ledger.join("1")
        ledger.join("none")
        #expect(before.entries.first?.joins == 0 && ledger.snapshot().entries.first?.joins == 1)
        #expect(ledger.snapshot(.openai).entries.count == 1 && ledger.snapshot(.elumenta).entries.isEmpty)
        ledger.clear()
        #expect(ledger.snapshot().entries.isEmpty)
    }
}
