// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugSimulator

/// The hour and day windows, to the second where a moment can be named.
@Suite struct ElumentaRateWindowTests {
    /// The documented requests an hour and a day.
    static let plans: [(ElumentaAccount.Plan, Int, Int)] = [
        (.free, 5, 20), (.basic, 30, 200), (.pro, 60, 500), (.vip, 100, 1000),
    ]

    private func state(_ plan: ElumentaAccount.Plan) -> ElumentaState {
        ElumentaState(ElumentaSettings(accounts: [ElumentaAccount(name: "a", plan: plan)]))
    }

    private func refusal(_ state: inout ElumentaState, at now: Int) -> ElumentaError? {
        do throws(ElumentaError) {
            try state.admit("a", now: now)
            return nil
        } catch {
            return error
        }
    }

    // MARK: A window

    @Test("A window begins with its first request and ends a length later, not a second earlier")
    func window() {
        var window = RateWindow(limit: 2, length: 60)
        window.roll(to: 1000)
        #expect(window.reset == 1060 && window.remaining == 2)
        window.count()
        window.roll(to: 1030)
        window.count()
        #expect(window.reset == 1060 && window.remaining == 0)
        window.roll(to: 1059)
        #expect(window.remaining == 0)
        window.roll(to: 1060)
        #expect(window.reset == 1120 && window.remaining == 2)
    }

    @Test("An idle window moves along, so that the first request finds all of its length before it")
    func idleWindow() {
        var window = RateWindow(limit: 1, length: 60)
        for now in [1000, 1010, 5000] {
            window.roll(to: now)
            #expect(window.reset == now + 60)
        }
    }

    // MARK: Plans

    @Test("A plan lets through its number of requests and then says how long to wait", arguments: plans)
    func hour(plan: ElumentaAccount.Plan, hour: Int, day: Int) {
        var state = state(plan)
        for request in 0..<hour {
            #expect(refusal(&state, at: 10_000 + request) == nil)
            #expect(
                state.rateHeaders("a", now: 10_000 + request)["X-RateLimit-Remaining-Hour"] == "\(hour - request - 1)")
        }
        let now = 10_000 + hour
        let error = refusal(&state, at: now)
        #expect(error?.status == 429 && error?.code == "rate_limit_exceeded")
        #expect(error?.extra["retry_after"]?.integer == 3600 - hour)
        #expect(error?.extra["limit_hour"]?.integer == hour && error?.extra["limit_day"]?.integer == day)
        #expect(error?.extra["plan"]?.text == plan.rawValue)
        #expect(refusal(&state, at: 13_599) != nil)
        #expect(refusal(&state, at: 13_600) == nil)
    }

    @Test("The day holds when every hour had room, and the wait reaches to its end", arguments: plans)
    func day(plan: ElumentaAccount.Plan, hour: Int, day: Int) {
        var state = state(plan)
        var now = 0
        for request in 0..<day {
            if request % hour == 0 { now += 3600 }
            #expect(refusal(&state, at: now) == nil)
        }
        now += 3600
        #expect(refusal(&state, at: now)?.extra["retry_after"]?.integer == 3600 + 86_400 - now)
        #expect(refusal(&state, at: 3600 + 86_399) != nil)
        #expect(refusal(&state, at: 3600 + 86_400) == nil)
    }

    @Test("With both windows full the wait is the longer one")
    func bothWindows() {
        let settings = ElumentaSettings(accounts: [ElumentaAccount(name: "a", plan: .free)], day: 11_000)
        var state = ElumentaState(settings)
        for burst in 0..<4 {
            for _ in 0..<5 { #expect(refusal(&state, at: burst * 3600) == nil) }
        }
        // The hour lasts until 14,400 and the day only until 11,000.
        #expect(refusal(&state, at: 10_900)?.extra["retry_after"]?.integer == 3500)
        #expect(refusal(&state, at: 11_000)?.extra["retry_after"]?.integer == 3400)
        #expect(state.rateHeaders("a", now: 11_000)["X-RateLimit-Remaining-Day"] == "20")
    }

    @Test("Refused requests do not lengthen the wait")
    func refusalsAreFree() {
        var state = state(.free)
        for _ in 0..<5 { #expect(refusal(&state, at: 100) == nil) }
        for now in 101...200 { #expect(refusal(&state, at: now)?.extra["retry_after"]?.integer == 3700 - now) }
        #expect(refusal(&state, at: 3700) == nil)
        #expect(state.rateHeaders("a", now: 3700)["X-RateLimit-Remaining-Day"] == "14")
    }

    @Test("Elite has no limits, and no headers that speak of them")
    func elite() async throws {
        var state = state(.elite)
        for _ in 0..<5000 { #expect(refusal(&state, at: 0) == nil) }
        let reply = try await DirectClient().elumenta(model: "photon")
        #expect(reply.headers.fields.allSatisfy { !$0.name.lowercased().hasPrefix("x-ratelimit") })
    }

    // MARK: Requests

    private func starter(countsPolls: Bool = false) -> DirectClient {
        let account = ElumentaAccount(name: "starter", plan: .free, balance: 1000)
        var configuration = Simulator.Configuration()
        configuration.elumenta = ElumentaSettings(
            accounts: [account], accessTokenLifetime: 1_000_000, countsPolls: countsPolls)
        return DirectClient(configuration)
    }

    static let names = [
        "X-RateLimit-Limit-Hour", "X-RateLimit-Remaining-Hour", "X-RateLimit-Limit-Day", "X-RateLimit-Remaining-Day",
        "X-RateLimit-Reset-Hour",
    ]

    @Test("Every response to an account with limits has all five headers, failures included")
    func headersEverywhere() async throws {
        let client = starter()
        let key = try await client.login().access
        let replies = [
            try await client.elumenta("GET", "/balance", key: key),
            try await client.elumenta("GET", "/user/me", key: key),
            try await client.elumenta(model: "photon", key: key), try await client.elumenta(model: "none", key: key),
            try await client.elumenta(model: "photon", ["size": "1x1"], key: key),
            try await client.elumenta("GET", "/generate/1", key: key),
            try await client.elumenta("GET", "/none", key: key),
        ]
        #expect(replies.map(\.status) == [200, 200, 200, 404, 422, 404, 404])
        for reply in replies {
            for name in Self.names { #expect(reply.headers[name].flatMap { Int($0) } != nil) }
        }
    }

    @Test("Only submissions count, unless polls are made to", arguments: [false, true])
    func polls(countsPolls: Bool) async throws {
        let client = starter(countsPolls: countsPolls)
        let key = try await client.login().access
        let id = try await client.elumenta(model: "photon", key: key).json?["id"]?.integer ?? 0
        var remaining: [String?] = []
        for _ in 0..<3 {
            let poll = try await client.elumenta("GET", "/generate/\(id)", key: key)
            remaining.append(poll.headers["X-RateLimit-Remaining-Hour"])
            _ = try await client.elumenta("GET", "/user/history", key: key)
        }
        #expect(remaining == (countsPolls ? ["3", "2", "1"] : ["4", "4", "4"]))
        if countsPolls {
            _ = try await client.elumenta("GET", "/generate/\(id)", key: key)
            #expect(try await client.elumenta("GET", "/generate/\(id)", key: key).status == 429)
        }
    }

    @Test("The reset header names the moment that the body's wait leads to")
    func headerAndBodyAgree() async throws {
        let client = starter()
        let key = try await client.login().access
        for _ in 0..<5 { _ = try await client.elumenta(model: "photon", key: key) }
        client.pass(1000)
        let before = client.world.clock.seconds
        let refused = try await client.elumenta(model: "photon", key: key)
        let after = client.world.clock.seconds
        let wait = refused.json?["retry_after"]?.integer ?? 0
        let reset = refused.headers["X-RateLimit-Reset-Hour"].flatMap { Int($0) } ?? 0
        #expect(wait <= 2600)
        #expect((before...after).contains(reset - wait))
        #expect(refused.headers["X-RateLimit-Remaining-Hour"] == "0")
        #expect(refused.headers["X-RateLimit-Remaining-Day"] == "15")
        client.pass(wait)
        #expect(try await client.elumenta(model: "photon", key: key).status == 200)
    }

    @Test("One account's requests leave another's window alone")
    func accountsApart() async throws {
        let accounts = ["a", "b"].map { ElumentaAccount(name: $0, plan: .free) }
        var configuration = Simulator.Configuration()
        configuration.elumenta = ElumentaSettings(accounts: accounts)
        let client = DirectClient(configuration)
        let (first, second) = (try await client.login("a").access, try await client.login("b").access)
        for _ in 0..<5 { _ = try await client.elumenta(model: "photon", key: first) }
        #expect(try await client.elumenta(model: "photon", key: first).status == 429)
        let other = try await client.elumenta(model: "photon", key: second)
        #expect(other.status == 200 && other.headers["X-RateLimit-Remaining-Hour"] == "4")
    }

    @Test("A response shows the windows as they are when it leaves, however long it took")
    func slowGeneration() async throws {
        let client = DirectClient(Simulator.Configuration(job: JobPlan(duration: 4_000_000)))
        async let reply = client.elumenta(model: "photon", key: ElumentaAccount.key("vip"))
        while client.ledger.entries.isEmpty { await Task.yield() }
        client.pass(4000)
        let headers = try await reply.headers
        #expect(headers["X-RateLimit-Remaining-Hour"] == "100" && headers["X-RateLimit-Remaining-Day"] == "999")
        #expect(Int(headers["X-RateLimit-Reset-Hour"] ?? "").map { $0 > client.world.clock.seconds } == true)
    }
}
