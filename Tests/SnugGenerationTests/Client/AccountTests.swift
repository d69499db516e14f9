// SPDX-License-Identifier: Apache-2.0
import Foundation
import SnugHTTP
import SnugSimulator
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugGeneration

/// CostEstimate, limits and budgets, which all calls of an account share.
@Suite struct AccountTests {
    // MARK: CostEstimate

    @Test("An account without enough is left alone until it is topped up", arguments: [API.elumenta, .pollinations])
    func payment(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            let (account, least) = api == .elumenta ? ("elite", 3.0) : ("paid", 0.1)
            fixture.simulator.setBalance(least, account: account, service: api.service)
            let client = try fixture.client()
            var request = GenerationRequest.cat
            if api == .elumenta { request.model = "flux-1.1-pro" }
            let error = try await fixture.failure(client, request)
            #expect(error.code == .paymentRequired && fixture.submissions.count == 1)
            if api == .elumenta { #expect(error.required == 4 && error.available == 3) }
            for _ in 0..<3 {
                let next = try await fixture.failure(client, request)
                #expect(next.code == .paymentRequired && next.required == error.required && next.attempts.isEmpty)
            }
            #expect(fixture.submissions.count == 1 && fixture.charges.isEmpty)
            fixture.simulator.setBalance(50, account: account, service: api.service)
            try await client.resumeAccount()
            #expect(await fixture.attempt(client, request).value != nil && fixture.charges.count == 1)
        }
    }

    @Test("A quota that never comes back is no reason to wait")
    func quota() async throws {
        try await Fixture.with(.openAI) { fixture async throws in
            fixture.simulator.script(API.openAI.rule(Fault(answer: .named(code: "insufficient_quota"))))
            let client = try fixture.client()
            #expect(try await fixture.failure(client).code == .paymentRequired)
            #expect(try await fixture.failure(client).code == .paymentRequired)
            #expect(fixture.submissions.count == 1 && fixture.time.waits.isEmpty)
        }
    }

    @Test("A cost above the balance is known before anything is sent")
    func plan() async throws {
        try await Fixture.with(.elumenta) { fixture async throws in
            fixture.simulator.setBalance(3, account: "elite", service: .elumenta)
            let plan = try await fixture.client().plan(GenerationRequest(prompt: "a", model: "flux-1.1-pro"))
            #expect(
                plan.cost == 4...4 && plan.balance?.amount == 3 && plan.exceedsBalance && fixture.submissions.isEmpty)
        }
    }

    // MARK: Limits

    @Test("A wait of 847 s with a minute's time returns at once, says when, and holds back the others")
    func parked() async throws {
        try await Fixture.with(.elumenta) { fixture async throws in
            fixture.simulator.script(API.elumenta.rule(Fault(answer: .status(code: 429))))
            let state = fixture.folder.path.appending("state")
            let client = try fixture.client(stores: try await openStores(state)) { $0.timeout = .seconds(60) }
            let before = Int(Date().timeIntervalSince1970)
            let error = try await fixture.failure(client)
            #expect(error.code == .rateLimited && error.retryAfter == .seconds(847) && fixture.time.waits.isEmpty)
            #expect(error.retryAt.map { $0 >= before + 847 } == true && error.status == 429)
            let other = try fixture.client(stores: try await openStores(state)) { $0.timeout = .seconds(60) }
            for next in [client, other] {
                let refused = try await fixture.failure(next, GenerationRequest(prompt: "b"))
                #expect(refused.code == .rateLimited && refused.attempts.isEmpty)
                #expect(refused.retryAfter.map { $0 > .seconds(700) && $0 <= .seconds(847) } == true)
                #expect(refused.retryAt.map { $0 >= before + 840 } == true)
            }
            #expect(fixture.submissions.count == 1)
            fixture.time.pass(.seconds(850))
            #expect(await fixture.attempt(client, GenerationRequest(prompt: "c")).value != nil)
        }
    }

    @Test("One at a time where the provider says so")
    func concurrency() async throws {
        try await Fixture.with(.pollinations) { fixture async throws in
            fixture.simulator.script(fixture.api.rule(Fault(job: JobPlan(duration: 2000))))
            let client = try fixture.client(key: "sk_free") { options in
                options.retry.maximumAttempts = 10
                // Other waits than the fake ones, for the provider takes its time too.
                options.environment.sleep = { try await Task.sleep(for: min($0, .milliseconds(400))) }
                options.limiterSleep = { try await Task.sleep(for: $0) }
                options.limiterNow = { Date().timeIntervalSince1970 }
            }
            let requests = (0..<4).map { GenerationRequest(prompt: "cat \($0)") }
            let made = try await withThrowingTaskGroup(of: Int.self) { group in
                for (number, request) in requests.enumerated() {
                    group.addTask {
                        try await client.generate(request, to: fixture.destination("p\(number)")).images.count
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(made == 4 && fixture.simulator.ledger.entries.count == 4)
            let refused = fixture.submissions.filter { $0.status == 429 }.count
            #expect(refused >= 1 && refused <= 3 * 3, "\(refused)")
        }
    }

    @Test("Two clients of one account never send one more than its limit", arguments: [true, false])
    func sharedWindow(isSecondKey: Bool) async throws {
        var configuration = API.openAI.configuration()
        configuration.openAI.accounts = [
            OpenAIAccount(name: "main", keys: ["sk-main", "sk-second"], requestsPerMinute: 3)
        ]
        try await withSimulator(configuration) { simulator async throws in
            let fixture = try Fixture(simulator, .openAI)
            fixture.time.drive(simulator.clock)
            let state = fixture.folder.path.appending("state")
            let clients = [
                try fixture.client(stores: try await openStores(state)),
                try fixture.client(key: isSecondKey ? "sk-second" : nil, stores: try await openStores(state)),
            ]
            for number in 0..<8 {
                let result = await fixture.attempt(
                    clients[number % 2], GenerationRequest(prompt: "\(number)"), name: "p\(number)")
                #expect(result.value != nil, "\(number): \(result)")
            }
            let refused = fixture.submissions.filter { $0.status == 429 }.count
            // Keys of one account cannot be told to be so: what the other one used shows in the answers.
            #expect(isSecondKey || refused == 0)
            #expect(fixture.charges.count == 8 && fixture.submissions.count == 8 + refused)
        }
    }

    // MARK: Budget and breaker

    @Test("A hundred failures at once do not spend more than the budget", arguments: API.plain)
    func budget(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            fixture.simulator.script(
                api.rule(Fault(answer: .custom(status: 521, contentType: "text/html", body: "down")), times: nil))
            let http = try makeClient { configuration in
                configuration.retryBudget.capacity = 100
                configuration.retryBudget.retryCost = 14
                configuration.retryBudget.tokensPerSecond = 0
            }
            let client = try fixture.client(http: http)
            let codes = await withTaskGroup(of: GenerationError.Code?.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        // Each of its own model: what is counted is the budget, not the breaker.
                        let request = GenerationRequest(prompt: "a", model: "model-\(number)")
                        return await fixture.attempt(client, request).error?.code
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(codes.count == 100 && codes.allSatisfy { $0 == .notSent || $0 == .retriesSpent })
            #expect(codes.contains(.retriesSpent))
            #expect(fixture.submissions.count == 107 && fixture.charges.isEmpty)
        }
    }

    @Test("After five failures in a row a model is left alone, and another one is not", arguments: API.plain)
    func breaker(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            fixture.simulator.script(api.rule(Fault(answer: .status(code: 503)), times: nil))
            let client = try fixture.client { $0.timeout = .seconds(20) }
            #expect(try await fixture.failure(client).code == .noCapacity)
            // The fifth opens it, and thirty seconds are more than there is time.
            let opened = try await fixture.failure(client)
            #expect(opened.code == .circuitOpen || opened.code == .noCapacity)
            #expect(fixture.submissions.count == 5)
            let refused = try await fixture.failure(client)
            #expect(refused.code == .circuitOpen && refused.retryAfter.map { $0 > .seconds(20) } == true)
            #expect(fixture.submissions.count == 5 && refused.attempts.isEmpty)
            // Another model is not affected, and a fallback is taken at once.
            fixture.simulator.clearScript()
            let models = [API.pollinations: "zimage", .elumenta: "photon", .openAI: "gpt-image-1.5"]
            let other = GenerationRequest(prompt: "b", fallbackModels: [models[api] ?? ""])
            let generation = try await client.generate(other, to: fixture.destination())
            #expect(generation.model == models[api] && fixture.submissions.count == 6)
        }
    }

    @Test("One request finds out whether a model works again")
    func probe() async throws {
        try await Fixture.with(.openAI) { fixture async throws in
            fixture.simulator.script(API.openAI.rule(Fault(answer: .status(code: 503)), times: nil))
            let client = try fixture.client { options in
                options.retry.maximumAttempts = 1
                options.breaker.firstRest = .seconds(2)
                options.breakerNow = { [time = fixture.time, start = ContinuousClock.now] in start + time.passed }
            }
            func crowd() async -> [GenerationError.Code?] {
                await withTaskGroup(of: GenerationError.Code?.self) { group in
                    for _ in 0..<5 { group.addTask { await fixture.attempt(client).error?.code } }
                    return await group.reduce(into: []) { $0.append($1) }
                }
            }
            for _ in 0..<5 { #expect(await fixture.attempt(client).error?.code == .noCapacity) }
            #expect(await fixture.attempt(client).error?.code == .circuitOpen && fixture.submissions.count == 5)
            fixture.time.pass(.milliseconds(2050))
            let asked = await crowd()
            #expect(asked.count { $0 == .noCapacity } == 1 && asked.count { $0 == .circuitOpen } == 4)
            #expect(fixture.submissions.count == 6)
            fixture.simulator.clearScript()
            #expect(await fixture.attempt(client).error?.code == .circuitOpen)
            // It stays open twice as long after a probe that failed.
            fixture.time.pass(.milliseconds(4050))
            #expect(await fixture.attempt(client).value != nil)
            #expect(await crowd().allSatisfy { $0 == nil } && fixture.submissions.count == 12)
        }
    }
}
