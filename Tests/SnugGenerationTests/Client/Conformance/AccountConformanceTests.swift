// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import SnugHTTP
import SnugSimulator
import SnugTestSupport
import Testing

@testable import SnugGeneration

/// Rate windows, authentication and billing. More of each is in ``AccountTests``, ``SessionRefreshTests`` and
/// ``LostResponseTests``.
@Suite struct AccountConformanceTests {
    // MARK: Rate windows

    /// An account with five requests an hour and twenty a day.
    private func starter(_ fixture: Fixture) async throws -> SessionTokens {
        let response = try await makeClient().send(
            ClientRequest(
                "POST", try HTTPURL(fixture.simulator.addresses[.elumenta] + "/auth/login"),
                headerFields: ["Content-Type": "application/json"],
                body: HTTPBody(bytes: Array(#"{"email":"starter@example.test","password":"password"}"#.utf8))))
        let json = try #require(try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any])
        return SessionTokens(
            access: Secret(try #require(json["access_token"] as? String)),
            refresh: Secret(try #require(json["refresh_token"] as? String)))
    }

    @Test("hour and day counters with Elumenta's headers: the server never has to refuse")
    func windows() async throws {
        try await Fixture.with(.elumenta) { fixture async throws in
            fixture.simulator.setBalance(1000, account: "starter", service: .elumenta)
            fixture.time.drive(fixture.simulator.clock)
            let client = try fixture.client(session: InMemorySession(try await starter(fixture)))
            var made = 0
            for hour in 0..<4 {
                for _ in 0..<5 {
                    made += 1
                    let result = await fixture.attempt(client, GenerationRequest(prompt: "\(made)"))
                    #expect(result.value != nil, "hour \(hour), number \(made): \(result)")
                }
                let error = try await fixture.failure(client)
                #expect(error.code == .rateLimited && error.attempts.isEmpty && error.retryAfter != nil, "\(error)")
                fixture.time.pass(.seconds(3650))
            }
            // The hour is new, the day is not.
            let error = try await fixture.failure(client)
            #expect(error.code == .rateLimited && error.message.contains("day"), "\(error)")
            #expect(fixture.submissions.count == 20 + fixture.submissions.count { $0.status == 401 })
            #expect(!fixture.submissions.contains { $0.status == 429 } && fixture.charges.count == 20)
        }
    }

    @Test("concurrency of one with Retry-After: 1")
    func concurrency() async throws {
        try await Fixture.with(.pollinations) { fixture async throws in
            fixture.simulator.script(
                API.pollinations.rule(Fault(answer: .named(code: "concurrency_limit_exceeded")), times: 2))
            let generation = try await fixture.client().generate(.cat, to: fixture.destination())
            #expect(generation.attempts.map(\.status) == [429, 429, 200])
            #expect(fixture.time.waits.count == 2 && fixture.time.waits.allSatisfy { $0 >= .seconds(1) })
        }
    }

    @Test("limits shared by two keys of one account: what the other used is known from the headers")
    func twoKeys() async throws {
        try await Fixture.with(.elumenta) { fixture async throws in
            fixture.time.drive(fixture.simulator.clock)
            let first = try fixture.client(key: ElumentaAccount.key("vip"))
            let second = try fixture.client(key: ElumentaAccount.key("vip2"))
            for number in 0..<3 {
                #expect(await fixture.attempt(first, GenerationRequest(prompt: "a\(number)")).value != nil)
                #expect(await fixture.attempt(second, GenerationRequest(prompt: "b\(number)")).value != nil)
            }
            // 100 an hour, of which the other key has used three.
            #expect(try await second.context.limiter.available() == 94)
        }
    }

    // MARK: Authentication

    @Test("a revoked key", arguments: API.plain)
    func revoked(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            let client = try fixture.client()
            #expect(await fixture.attempt(client).value != nil)
            fixture.simulator.revoke(key: api.key)
            let error = try await fixture.failure(client, GenerationRequest(prompt: "b"))
            #expect(error.code == .notAuthenticated && error.status == 401 && fixture.submissions.count == 2)
            #expect(fixture.charges.count == 1 && error.message.contains("key"))
        }
    }

    @Test("a key that is echoed in an error", arguments: API.plain)
    func echoed(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            fixture.simulator.script(api.rule(Fault(answer: .echoesKey(status: 401))))
            let error = try await fixture.failure(try fixture.client())
            #expect(error.code == .notAuthenticated && !String(reflecting: error).contains(api.key))
        }
    }

    // MARK: Billing

    @Test("the ledger counts charges, not calls", arguments: API.allCases)
    func ledger(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            fixture.simulator.script(api.rule(Fault(request: .closeAfterBody, takesEffect: true)))
            let client = try fixture.client()
            let result = await fixture.attempt(client, name: "work")
            let ledger = fixture.simulator.ledger
            #expect(ledger.charges.count == 1 && ledger.duplicates.isEmpty)
            switch api {
            case .pollinations:
                // By seed and body.
                #expect(fixture.submissions.count == 2 && ledger.entries[0].joins == 1)
                #expect(result.value?.isRecovered == true && result.value?.seed == ledger.entries[0].seed)
            case .elumenta:
                // By nothing: found in the history.
                #expect(fixture.submissions.count == 1 && result.value?.isRecovered == true)
            case .openAI:
                #expect(fixture.submissions.count == 1 && result.error?.isOutcomeUnknown == true)
            case .replay, .rejectDuplicate:
                // By key.
                let key = try #require(fixture.submissions.first?.headers["Idempotency-Key"])
                #expect(fixture.submissions.allSatisfy { $0.headers["Idempotency-Key"] == key })
                #expect(fixture.submissions.count == 2 && ledger.charges(idempotencyKey: key).count == 1)
                #expect((result.value != nil) == (api == .replay))
            }
        }
    }
}
