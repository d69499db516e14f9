// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugSimulator

/// API keys, access tokens and refresh tokens.
@Suite struct ElumentaSessionTests {
    private func refresh(_ client: DirectClient, _ token: String?, cookie: String? = nil) async throws -> Reply {
        var headers: Headers = ["Content-Type": "application/json"]
        if let cookie { headers["Cookie"] = cookie }
        let body = token.map { (["refresh_token": .text($0)] as JSON).bytes } ?? []
        return try await client.send("POST", .elumenta, "/api/v2/auth/refresh", headers: headers, body: body)
    }

    private func status(_ client: DirectClient, _ token: String) async throws -> Int {
        try await client.elumenta("GET", "/balance", key: token).status
    }

    // MARK: Logging in

    @Test("A login gives both tokens, how long one lives, and who it is")
    func login() async throws {
        let body: JSON = ["email": "starter@example.test", "password": "password"]
        let reply = try await DirectClient().elumenta("POST", "/auth/login", body, key: nil)
        #expect(reply.status == 200)
        #expect(reply.json?["token_type"] == "bearer" && reply.json?["expires_in"] == 900)
        #expect(reply.json?["access_token"]?.text?.isEmpty == false)
        #expect(reply.json?["refresh_token"]?.text?.isEmpty == false)
        let user = reply.json?["user"]
        #expect(user?["plan"] == "free" && user?["token_balance"] == 20 && user?["id"]?.integer != nil)
        #expect(user?["name"] == "starter")
    }

    static let wrongLoginTable: [(JSON, Int)] = [
        (["email": "starter@example.test", "password": "passwort"], 401),
        (["email": "nobody@example.test", "password": "password"], 401), (["email": "starter@example.test"], 401),
        (["password": "password"], 401), ([:], 401), (["email": 5, "password": "password"], 401), ([], 400),
        ("starter", 400),
    ]

    @Test("A wrong login opens nothing", arguments: wrongLoginTable)
    func wrongLogins(body: JSON, status: Int) async throws {
        let reply = try await DirectClient().elumenta("POST", "/auth/login", body, key: nil)
        #expect(reply.status == status)
        #expect(reply.word == (status == 401 ? "not_authenticated" : "bad_request"))
        #expect(reply.json?["access_token"] == nil)
    }

    @Test("Logins are requests of their own method and path")
    func otherLogins() async throws {
        let client = DirectClient()
        #expect(try await client.elumenta("GET", "/auth/login", key: nil).status == 400)
        #expect(try await client.elumenta("POST", "/auth/google", [:], key: nil).status == 404)
        #expect(try await client.elumenta("POST", "/auth", [:], key: nil).status == 400)
    }

    @Test("Two logins are two sessions, and the second does not end the first")
    func twoSessions() async throws {
        let client = DirectClient()
        let (first, second) = (try await client.login(), try await client.login())
        #expect(first.access != second.access && first.refresh != second.refresh)
        #expect(try await status(client, first.access) == 200)
        #expect(try await status(client, second.access) == 200)
    }

    // MARK: Credentials

    static let credentials: [(String?, String)] = [
        (nil, "not_authenticated"), ("", "not_authenticated"), ("Bearer ", "not_authenticated"),
        ("Bearer nb_unknown", "not_authenticated"),
        ("Basic " + Client.elite, "not_authenticated"), (Client.elite, "not_authenticated"),
    ]

    @Test("A credential that is none is refused as such, and nothing is charged", arguments: credentials)
    func noCredential(header: String?, word: String) async throws {
        let client = DirectClient()
        var headers: Headers = ["Content-Type": "application/json"]
        if let header { headers["Authorization"] = header }
        let body: JSON = ["model": "photon", "prompt": "a"]
        let reply = try await client.send(
            "POST", .elumenta, "/api/v2/generate", headers: headers, body: body.bytes)
        #expect(reply.status == 401 && reply.word == word)
        #expect(client.ledger.entries.isEmpty)
    }

    @Test(
        "A key is 48 characters that begin with nb_", arguments: ["", "a", "elite", String(repeating: "x", count: 60)])
    func keyForm(name: String) {
        let key = ElumentaAccount.key(name)
        #expect(key.count == 48 && key.hasPrefix("nb_"))
        #expect(key.hasSuffix(name.suffix(45)))
    }

    @Test("Keys work on VIP and Elite only; tokens work on every plan", arguments: ElumentaAccount.Plan.allCases)
    func keysByPlan(plan: ElumentaAccount.Plan) async throws {
        let account = ElumentaAccount(name: "a", plan: plan, keys: [ElumentaAccount.key("a")])
        var configuration = Simulator.Configuration()
        configuration.elumenta = ElumentaSettings(accounts: [account])
        let client = DirectClient(configuration)
        let reply = try await client.elumenta("GET", "/balance", key: ElumentaAccount.key("a"))
        let mayUseKeys = plan == .vip || plan == .elite
        #expect(reply.status == (mayUseKeys ? 200 : 403))
        if !mayUseKeys { #expect(reply.word == "insufficient_plan") }
        #expect(try await status(client, try await client.login("a").access) == 200)
    }

    @Test("Models need their plan", arguments: ElumentaAccount.Plan.allCases)
    func modelsByPlan(plan: ElumentaAccount.Plan) async throws {
        var configuration = Simulator.Configuration()
        configuration.elumenta = ElumentaSettings(accounts: [ElumentaAccount(name: "a", plan: plan)])
        let client = DirectClient(configuration)
        let key = try await client.login("a").access
        #expect(try await client.elumenta(model: "photon", key: key).status == 200)
        let reply = try await client.elumenta(model: "nano-banana-pro", key: key)
        #expect(reply.status == (plan == .free ? 403 : 200))
        #expect(client.ledger.entries.count == (plan == .free ? 1 : 2))
    }

    // MARK: Lifetimes

    @Test("An access token lives 15 minutes, then says that it has expired")
    func accessTokenLifetime() async throws {
        let client = DirectClient()
        let token = try await client.login().access
        client.pass(895)
        #expect(try await status(client, token) == 200)
        client.pass(5)
        let reply = try await client.elumenta("GET", "/balance", key: token)
        #expect(reply.status == 401 && reply.word == "token_expired")
    }

    @Test("A refresh token lives 30 days", arguments: [(30 * 86_400 - 10, 200), (30 * 86_400, 401)])
    func refreshTokenLifetime(seconds: Int, expected: Int) async throws {
        let client = DirectClient()
        let token = try await client.login().refresh
        client.pass(seconds)
        let reply = try await refresh(client, token)
        #expect(reply.status == expected)
        if expected == 401 { #expect(reply.word == "not_authenticated") }
    }

    @Test("A key does not expire")
    func keysLast() async throws {
        let client = DirectClient()
        client.pass(400 * 86_400)
        #expect(try await status(client, Client.elite) == 200)
    }

    // MARK: Refreshing

    @Test("A refresh replaces both tokens, and what it replaced works no more")
    func rotation() async throws {
        let client = DirectClient()
        var tokens = try await client.login()
        for _ in 0..<3 {
            let reply = try await refresh(client, tokens.refresh)
            #expect(reply.status == 200 && reply.json?["token_type"] == "bearer")
            let next = (reply.json?["access_token"]?.text ?? "", reply.json?["refresh_token"]?.text ?? "")
            #expect(next.0 != tokens.access && next.1 != tokens.refresh)
            #expect(try await status(client, tokens.access) == 401)
            #expect(try await refresh(client, tokens.refresh).status == 401)
            #expect(try await status(client, next.0) == 200)
            tokens = next
        }
    }

    @Test("Two workers that refresh with one token: the second is left without a session")
    func race() async throws {
        let client = DirectClient()
        let token = try await client.login().refresh
        let replies = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 { group.addTask { try await refresh(client, token).status } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(replies.sorted() == [200] + Array(repeating: 401, count: 7))
    }

    @Test("The token may come by cookie, among others, and the body outranks it")
    func cookies() async throws {
        let client = DirectClient()
        let tokens = try await client.login()
        #expect(try await refresh(client, nil, cookie: "lang=ru").status == 401)
        #expect(try await refresh(client, "nonsense", cookie: "refresh_token=\(tokens.refresh)").status == 401)
        let reply = try await refresh(client, nil, cookie: "lang=ru; refresh_token=\(tokens.refresh); theme=dark")
        #expect(reply.status == 200)
        let renewed = try #require(reply.json?["refresh_token"]?.text)
        let cookie = try #require(reply.headers["Set-Cookie"])
        #expect(cookie.hasPrefix("refresh_token=\(renewed);") && cookie.contains("HttpOnly"))
    }

    @Test("An access token is no refresh token, nor the other way round")
    func kindsApart() async throws {
        let client = DirectClient()
        let tokens = try await client.login()
        #expect(try await refresh(client, tokens.access).status == 401)
        #expect(try await status(client, tokens.refresh) == 401)
    }

    @Test("Revoking reaches keys, access tokens and refresh tokens, and only the one named")
    func revoking() async throws {
        let client = DirectClient()
        let (first, second) = (try await client.login(), try await client.login())
        for token in [first.access, second.refresh, ElumentaAccount.key("vip")] { client.providers.revoke(token) }
        #expect(try await status(client, first.access) == 401)
        #expect(try await status(client, second.access) == 200)
        #expect(try await refresh(client, second.refresh).status == 401)
        #expect(try await status(client, ElumentaAccount.key("vip")) == 401)
        #expect(try await status(client, ElumentaAccount.key("vip2")) == 200)
        #expect(try await refresh(client, first.refresh).status == 200)
    }
}
