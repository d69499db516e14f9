// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugSimulator

/// The checklist's rows "rate windows" and "auth".
@Suite struct AccountConformanceTests {
    private let vip = ElumentaAccount.key("vip")

    /// The access and refresh tokens of a fresh login.
    private func login(_ client: Client, _ name: String = "starter") async throws -> (access: String, refresh: String) {
        let body: JSON = ["email": .text("\(name)@example.test"), "password": "password"]
        let answer = try await client.post(client.simulator.addresses[.elumenta] + "/auth/login", body, key: "")
        #expect(answer.json?["token_type"] == "bearer")
        return (
            try #require(answer.json?["access_token"]?.text), try #require(answer.json?["refresh_token"]?.text)
        )
    }

    private func refresh(_ client: Client, _ token: String) async throws -> Curl.Response {
        let url = client.simulator.addresses[.elumenta] + "/auth/refresh"
        return try await client.post(url, ["refresh_token": .text(token)], key: "")
    }

    // MARK: Rate windows

    @Test("Elumenta counts the hour down in its headers, refuses the sixth, and starts anew after the reset")
    func hourWindow() async throws {
        try await withSimulator { simulator async throws in
            let client = Client(simulator)
            let token = try await login(client).access
            let body: JSON = ["model": "photon", "prompt": "a"]
            for left in (0..<5).reversed() {
                let answer = try await client.generate(body, key: token)
                #expect(answer.status == 200)
                #expect(answer.headers["X-RateLimit-Limit-Hour"] == "5")
                #expect(answer.headers["X-RateLimit-Remaining-Hour"] == String(left))
                #expect(answer.headers["X-RateLimit-Limit-Day"] == "20")
                #expect(answer.headers["X-RateLimit-Remaining-Day"] == String(left + 15))
            }
            let before = simulator.clock.seconds
            let refused = try await client.generate(body, key: token)
            let after = simulator.clock.seconds
            #expect(refused.status == 429)
            let wait = try #require(refused.json?["retry_after"]?.integer)
            #expect((3000...3600).contains(wait))
            #expect(refused.json?["limit_hour"] == 5)
            let reset = try #require(refused.headers["X-RateLimit-Reset-Hour"].flatMap { Int($0) })
            #expect((before - 1...after + 1).contains(reset - wait))
            simulator.clock.advance(by: .seconds(wait))
            let renewed = try await login(client).access
            #expect(try await client.generate(body, key: renewed).status == 200)
        }
    }

    @Test("The day window holds when the hour is over")
    func dayWindow() async throws {
        let account = ElumentaAccount(name: "starter", plan: .free)
        let settings = ElumentaSettings(accounts: [account], accessTokenLifetime: 1_000_000)
        try await withSimulator(Simulator.Configuration(elumenta: settings)) { simulator async throws in
            let client = Client(simulator)
            let token = try await login(client).access
            let body: JSON = ["model": "photon", "prompt": "a"]
            for request in 0..<20 {
                if request % 5 == 0 { simulator.clock.advance(by: .seconds(3600)) }
                #expect(try await client.generate(body, key: token).status == 200)
            }
            simulator.clock.advance(by: .seconds(3600))
            let refused = try await client.generate(body, key: token)
            #expect(refused.status == 429)
            #expect((refused.json?["retry_after"]?.integer ?? 0) > 3600)
            #expect(refused.headers["X-RateLimit-Remaining-Hour"] == "5")
            #expect(refused.headers["X-RateLimit-Remaining-Day"] == "0")
        }
    }

    @Test("Two keys of one account share its limits", arguments: [ServiceName.elumenta, .openai])
    func sharedLimits(service: ServiceName) async throws {
        let openAI = OpenAISettings(accounts: [
            OpenAIAccount(name: "main", keys: ["sk-main", "sk-second"], requestsPerMinute: 2)
        ])
        try await withSimulator(Simulator.Configuration(openAI: openAI)) { simulator async throws in
            let client = Client(simulator)
            if service == .elumenta {
                let first = try await client.generate(key: vip)
                let second = try await client.generate(key: ElumentaAccount.key("vip2"))
                #expect(first.headers["X-RateLimit-Remaining-Hour"] == "99")
                #expect(second.headers["X-RateLimit-Remaining-Hour"] == "98")
            } else {
                let first = try await client.openAI(key: "sk-main")
                #expect(first.headers["x-ratelimit-remaining-requests"] == "1")
                #expect(try await client.openAI(key: "sk-second").headers["x-ratelimit-remaining-requests"] == "0")
                let refused = try await client.openAI(key: "sk-main")
                #expect(refused.status == 429)
                #expect(refused.headers["retry-after"] != nil && refused.headers["retry-after-ms"] != nil)
                simulator.clock.advance(by: .seconds(60))
                #expect(try await client.openAI(key: "sk-main").status == 200)
            }
        }
    }

    @Test("Without paid balance, a second generation at once is refused for a second")
    func concurrencyOfOne() async throws {
        try await withSimulator(Simulator.Configuration(job: JobPlan(duration: 600_000))) { simulator async throws in
            let client = Client(simulator)
            async let first = client.image("?seed=1", key: "sk_free")
            try await simulator.wait { $0.count == 1 }
            while simulator.ledger.entries.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
            let second = try await client.image("?seed=2", key: "sk_free")
            #expect(second.status == 429)
            #expect(second.json?["error"] == "concurrency_limit_exceeded")
            #expect(second.headers["Retry-After"] == "1")
            simulator.clock.advance(by: .seconds(600))
            #expect(try await first.status == 200)
        }
    }

    @Test("A publishable key spends one pollen an hour")
    func publishableAllowance() async throws {
        try await withSimulator { simulator async throws in
            let client = Client(simulator)
            for seed in 1...4 { #expect(try await client.image("?seed=\(seed)", key: "pk_site").status == 200) }
            let refused = try await client.image("?seed=5", key: "pk_site")
            #expect(refused.status == 429)
            #expect(refused.json?["retryAfterSeconds"]?.integer != nil)
            simulator.clock.advance(by: .seconds(3600))
            #expect(try await client.image("?seed=5", key: "pk_site").status == 200)
        }
    }

    @Test("A free model takes one request in 45 seconds")
    func freeModelSpacing() async throws {
        try await withSimulator { simulator async throws in
            let client = Client(simulator)
            #expect(try await client.image("?model=sana&seed=1").status == 200)
            let refused = try await client.image("?model=sana&seed=2")
            #expect(refused.json?["error"]?["code"] == "RATE_LIMITED")
            #expect(refused.headers["Retry-After"] != nil)
            simulator.clock.advance(by: .seconds(45))
            #expect(try await client.image("?model=sana&seed=2").status == 200)
        }
    }

    // MARK: Auth

    @Test("An expired access token is told apart from a wrong one, and a refresh brings a new one")
    func expiryAndRefresh() async throws {
        try await withSimulator { simulator async throws in
            let client = Client(simulator)
            let tokens = try await login(client)
            #expect(try await client.elumenta("/balance", key: tokens.access).status == 200)
            simulator.clock.advance(by: .seconds(900))
            let expired = try await client.elumenta("/balance", key: tokens.access)
            #expect(expired.status == 401)
            #expect(expired.json?["error"] == "token_expired")
            let renewed = try await refresh(client, tokens.refresh)
            let access = try #require(renewed.json?["access_token"]?.text)
            #expect(try await client.elumenta("/balance", key: access).status == 200)
            #expect(try await client.elumenta("/balance", key: "nonsense").json?["error"] == "not_authenticated")
        }
    }

    @Test("A refresh token works once, in the body or in the cookie")
    func rotation() async throws {
        try await withSimulator { simulator async throws in
            let client = Client(simulator)
            let first = try await login(client)
            let renewed = try await refresh(client, first.refresh)
            let second = try #require(renewed.json?["refresh_token"]?.text)
            #expect(second != first.refresh)
            #expect(renewed.headers["Set-Cookie"]?.contains(second) == true)
            #expect(try await refresh(client, first.refresh).status == 401)
            let url = simulator.addresses[.elumenta] + "/auth/refresh"
            let byCookie = try await client.curl.run(["-X", "POST", "-H", "Cookie: refresh_token=\(second)", url])
            #expect(byCookie.status == 200)
        }
    }

    @Test(
        "A revoked key is refused",
        arguments: [(ServiceName.elumenta, Client.elite), (.pollinations, "sk_paid"), (.openai, "sk-main")])
    func revoked(service: ServiceName, key: String) async throws {
        try await withSimulator { simulator async throws in
            #expect(try await Client(simulator).submit(to: service).status == 200)
            simulator.revoke(key: key)
            #expect(try await Client(simulator).submit(to: service).status == 401)
        }
    }

    @Test("An error body can quote the key", arguments: zip(ServiceName.paid, [Client.elite, "sk_paid", "sk-main"]))
    func echoedKey(service: ServiceName, key: String) async throws {
        try await withSimulator { simulator async throws in
            simulator.script(Rule(Fault(answer: .echoesKey(status: 401))))
            let answer = try await Client(simulator).submit(to: service)
            #expect(answer.status == 401)
            #expect(answer.text.contains(key))
        }
    }

    @Test("Plans decide about keys and models, and balances about the rest")
    func plansAndBalances() async throws {
        let basic = ElumentaAccount(name: "basic", plan: .basic, keys: [ElumentaAccount.key("basic")])
        let settings = ElumentaSettings(accounts: [basic] + ElumentaSettings().accounts)
        try await withSimulator(Simulator.Configuration(elumenta: settings)) { simulator async throws in
            let client = Client(simulator)
            #expect(try await client.generate(key: ElumentaAccount.key("basic")).json?["error"] == "insufficient_plan")
            simulator.setBalance(3, account: "elite", service: .elumenta)
            let poor = try await client.generate(["model": "flux-1.1-pro", "prompt": "a"])
            #expect(poor.status == 402)
            #expect(poor.json?["details"] == ["required": 4, "available": 3])
            let token = try await login(client).access
            let proud = try await client.generate(["model": "nano-banana-pro", "prompt": "a"], key: token)
            #expect(proud.json?["error"] == "insufficient_plan")
            simulator.setBalance(0.1, account: "paid", service: .pollinations)
            #expect(try await client.image("?seed=3").status == 402)
        }
    }
}
