// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugSimulator

/// Balances, allowances and spacings, to the second; and what the account routes say about them.
@Suite struct PollinationsBankTests {
    private let flux = PollinationsModel(name: "flux")
    private let sana = PollinationsModel(name: "sana", spacing: 45)

    private func bank(_ account: PollinationsAccount, price: Double = 0.25) -> PollinationsBank {
        PollinationsBank(PollinationsSettings(accounts: [account], price: price))
    }

    private func holder(_ account: PollinationsAccount) -> PollinationsBank.Holder {
        PollinationsBank.Holder(key: account.keys.first ?? "", account: account)
    }

    /// The refusal, or `nil` when the image may be made; it is ended at once.
    private func refusal(
        _ bank: PollinationsBank, _ holder: PollinationsBank.Holder, _ model: PollinationsModel, at now: Int
    ) -> Reply? {
        do throws(PollinationsError) {
            _ = try bank.begin(holder, model: model, now: now)
            bank.end(holder)
            return nil
        } catch {
            return error.reply
        }
    }

    // MARK: Spacing

    @Test("A free model is free again 45 seconds later, not 44")
    func spacing() {
        let account = PollinationsAccount(name: "a", keys: ["sk_a"])
        let (bank, holder) = (bank(account), holder(account))
        #expect(refusal(bank, holder, sana, at: 1000) == nil)
        for (now, wait) in [(1000, 45), (1001, 44), (1044, 1)] {
            let reply = refusal(bank, holder, sana, at: now)
            #expect(reply?.status == 429 && reply?.code == "RATE_LIMITED")
            #expect(reply?.headers["Retry-After"] == "\(wait)")
        }
        #expect(refusal(bank, holder, flux, at: 1001) == nil)
        #expect(refusal(bank, holder, sana, at: 1045) == nil)
    }

    // MARK: Allowances

    @Test("A publishable key spends one pollen in an hour that begins with its first image")
    func allowance() {
        let account = PollinationsAccount(name: "a", keys: ["pk_a"])
        let (bank, holder) = (bank(account), holder(account))
        for now in [100, 200, 300, 400] { #expect(refusal(bank, holder, flux, at: now) == nil) }
        for now in [400, 3699] {
            let reply = refusal(bank, holder, flux, at: now)
            #expect(reply?.status == 429 && reply?.word == "Rate limit exceeded")
            #expect(reply?.json?["retryAfterSeconds"]?.integer == 3700 - now)
            #expect(reply?.headers["Retry-After"] == "\(3700 - now)")
            #expect(reply?.json?["message"]?.text?.isEmpty == false && reply?.json?["success"] == nil)
        }
        #expect(refusal(bank, holder, flux, at: 3700) == nil)
        #expect(bank.balance("a") == 98.75)
    }

    @Test("A secret key has no allowance to keep to")
    func secretKeys() {
        let account = PollinationsAccount(name: "a", keys: ["sk_a"])
        let (bank, holder) = (bank(account), holder(account))
        for _ in 0..<400 { #expect(refusal(bank, holder, flux, at: 0) == nil) }
        #expect(bank.balance("a") == 0)
    }

    @Test("A refund makes room in the allowance, too")
    func refundedAllowance() {
        let account = PollinationsAccount(name: "a", keys: ["pk_a"])
        let (bank, holder) = (bank(account), holder(account))
        for _ in 0..<4 { #expect(refusal(bank, holder, flux, at: 0) == nil) }
        bank.refund(0.25, holder)
        #expect(bank.balance("a") == 99.25)
        #expect(refusal(bank, holder, flux, at: 1) == nil)
        #expect(refusal(bank, holder, flux, at: 2) != nil)
    }

    // MARK: Balances

    static let balanceTable: [(Double, Int, Int?)] = [
        (1, 4, nil), (0.25, 1, nil), (0.3, 1, 402), (0.24, 0, 402), (0.5, 2, nil), (100, 400, nil),
    ]

    @Test(
        "Whoever pays must have the price; whoever has nothing left runs for nothing, one at a time",
        arguments: balanceTable)
    func balances(balance: Double, images: Int, status: Int?) {
        let account = PollinationsAccount(name: "a", keys: ["sk_a"], balance: balance)
        let (bank, holder) = (bank(account), holder(account))
        for _ in 0..<images { #expect(refusal(bank, holder, flux, at: 0) == nil) }
        let left = balance - Double(images) * 0.25
        #expect(abs(bank.balance("a") - left) < 1e-9)
        let reply = refusal(bank, holder, flux, at: 0)
        #expect(reply?.status == (left > 0 ? 402 : nil))
        if status == 402, left > 0 { #expect(reply?.code == "PAYMENT_REQUIRED") }
    }

    @Test("Without paid balance the second at once is refused for one second, and costs are nothing")
    func concurrency() throws {
        let account = PollinationsAccount(name: "a", keys: ["sk_a"], balance: 0)
        let (bank, holder) = (bank(account), holder(account))
        #expect(try bank.begin(holder, model: flux, now: 0) == 0)
        let reply = refusal(bank, holder, flux, at: 0)
        #expect(reply?.status == 429 && reply?.word == "concurrency_limit_exceeded")
        #expect(reply?.headers["Retry-After"] == "1")
        bank.end(holder)
        #expect(try bank.begin(holder, model: flux, now: 0) == 0)
    }

    @Test("With paid balance many run at once")
    func parallel() throws {
        let account = PollinationsAccount(name: "a", keys: ["sk_a"], balance: 1)
        let (bank, holder) = (bank(account), holder(account))
        for _ in 0..<4 { #expect(try bank.begin(holder, model: flux, now: 0) == 0.25) }
    }

    @Test("Topping up ends a refusal")
    func toppingUp() async throws {
        let client = DirectClient()
        client.providers.setBalance(0.1, account: "paid", service: .pollinations)
        let refused = try await client.image("?seed=1")
        #expect(refused.status == 402 && refused.code == "PAYMENT_REQUIRED")
        client.providers.setBalance(0.25, account: "paid", service: .pollinations)
        #expect(try await client.image("?seed=1").status == 200)
        #expect(client.ledger.total == 0.25)
    }

    // MARK: Failures

    static let failureTable: [(String, Int, String)] = [
        ("content policy violation", 422, "CONTENT_POLICY_VIOLATION"),
        ("Blocked by Safety filter", 422, "CONTENT_POLICY_VIOLATION"), ("model is overloaded", 502, "BAD_GATEWAY"),
    ]

    @Test("A generation that fails is given back, on the account as in the ledger", arguments: failureTable)
    func failures(text: String, status: Int, code: String) async throws {
        let client = DirectClient(Simulator.Configuration(job: JobPlan(outcome: .failed(text: text))))
        let reply = try await client.image("?seed=1")
        #expect(reply.status == status && reply.code == code)
        #expect(client.ledger.entries.map(\.isRefunded) == [true])
        #expect(client.providers.balance(account: "paid", service: .pollinations) == 100)
    }

    @Test("A failure is not kept: the same request generates again")
    func failureIsForgotten() async throws {
        let client = DirectClient()
        client.world.script.add([Rule(Fault(job: JobPlan(outcome: .failed(text: "overloaded"))))])
        #expect(try await client.image("?seed=1").status == 502)
        let again = try await client.image("?seed=1")
        #expect(again.status == 200 && again.headers["X-Cache"] == "MISS")
        #expect(client.ledger.charges.count == 1 && client.ledger.entries.count == 2)
        #expect(client.providers.balance(account: "paid", service: .pollinations) == 99.75)
    }

    @Test("All who joined a failing generation fail, and the money goes back once")
    func joinedFailure() async throws {
        let plan = JobPlan(outcome: .failed(text: "overloaded"), duration: 600_000)
        let client = DirectClient(Simulator.Configuration(job: plan))
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for key in ["sk_paid", "sk_paid2", "sk_paid", "sk_paid2"] {
                group.addTask { try await client.image("?seed=1", key: key).status }
            }
            while client.ledger.entries.first?.joins != 3 { await Task.yield() }
            client.pass(600)
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses == [502, 502, 502, 502])
        #expect(client.ledger.entries.count == 1 && client.ledger.total == 0)
        #expect(client.providers.balance(account: "paid", service: .pollinations) == 100)
    }

    // MARK: Account routes

    private func account(_ client: DirectClient, _ path: String, key: String? = "sk_paid") async throws -> Reply {
        try await client.get(.pollinations, "/account/\(path)", key: key)
    }

    @Test("Balance and usage need their scope; key and profile do not")
    func scopes() async throws {
        let client = DirectClient()
        for (path, status) in [("balance", 403), ("usage", 403), ("key", 200), ("profile", 200)] {
            let narrow = try await account(client, path, key: "sk_narrow")
            #expect(narrow.status == status)
            if status == 403 { #expect(narrow.code == "FORBIDDEN") }
            #expect(try await account(client, path).status == 200)
            #expect(try await account(client, path, key: nil).status == 401)
            #expect(try await account(client, path, key: "sk_none").status == 401)
        }
    }

    @Test(
        "A key is secret or publishable by its prefix", arguments: [("sk_paid", "secret"), ("pk_site", "publishable")])
    func keyKinds(key: String, kind: String) async throws {
        let json = try await account(DirectClient(), "key", key: key).json
        #expect(json?["valid"] == true && json?["type"]?.text == kind)
        #expect(json?["name"]?.text != nil && json?["owner"]?.text != nil)
    }

    @Test("A profile has its documented members")
    func profile() async throws {
        let json = try await account(DirectClient(), "profile").json
        #expect(json?["githubUsername"]?.text != nil && json?["tier"]?.text != nil && json?["image"] != nil)
        #expect(json?["nextResetAt"]?.text?.hasSuffix("Z") == true)
    }

    @Test("The balance is a number of pollen")
    func balance() async throws {
        let client = DirectClient()
        #expect(try await account(client, "balance").json == ["balance": 100])
        _ = try await client.image("?seed=1")
        #expect(try await account(client, "balance").json == ["balance": 99.75])
    }

    @Test("Usage lists what was billed, newest first, and nothing that was refunded or another's")
    func usage() async throws {
        let client = DirectClient()
        for model in ["flux", "zimage", "kontext"] { _ = try await client.image("?model=\(model)") }
        _ = try await client.image("?model=seedream", key: "sk_narrow")
        client.world.script.add([Rule(Fault(job: JobPlan(outcome: .failed(text: "x"))))])
        _ = try await client.image("?model=gptimage")
        let json = try await account(client, "usage").json
        let rows = json?["usage"]?.array ?? []
        #expect(rows.map { $0["model"]?.text } == ["kontext", "zimage", "flux"] && json?["count"] == 3)
        let names = ["timestamp", "type", "model", "api_key", "api_key_type", "meter_source"]
        #expect(rows.allSatisfy { row in names.allSatisfy { row[$0]?.text != nil } && row["cost_usd"] == 0.25 })
        #expect(try await account(client, "usage?limit=2").json?["count"] == 2)
        let csv = try await account(client, "usage?format=csv")
        let lines = csv.text.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        #expect(csv.headers["Content-Type"] == "text/csv" && lines.count == 4)
        #expect(Set(lines.map(\.count)).count == 1)
        #expect(
            lines[0].firstIndex(of: "model").map { column in lines.dropFirst().map { $0[column] } } == [
                "kontext", "zimage", "flux",
            ])
    }

    @Test(
        "A limit or number of days out of bounds is named",
        arguments: [
            ("limit=0", "limit"), ("limit=50001", "limit"), ("limit=x", "limit"), ("days=0", "days"),
            ("days=91", "days"), ("days=-1", "days"),
        ])
    func usageBounds(query: String, field: String) async throws {
        let reply = try await account(DirectClient(), "usage?\(query)")
        #expect(reply.status == 400 && reply.fieldErrors == [field])
    }

    @Test("Usage reaches back 30 days unless another number is asked for, and stops before a moment")
    func usageDays() async throws {
        let client = DirectClient()
        _ = try await client.image("?seed=1")
        let first = client.ledger.entries.first?.createdAt ?? ""
        client.pass(40 * 86_400)
        _ = try await client.image("?seed=2")
        func count(_ query: String) async throws -> Int? {
            try await account(client, "usage\(query)").json?["count"]?.integer
        }
        let moment = client.ledger.entries.last?.createdAt ?? ""
        let expected = [
            ("", 1), ("?days=1", 1), ("?days=39", 1), ("?days=41", 2), ("?days=90", 2), ("?days=90&before=\(first)", 0),
            ("?days=90&before=\(moment)", 1),
        ]
        for (query, number) in expected { #expect(try await count(query) == number) }
    }
}
