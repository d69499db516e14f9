// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import SnugHTTP
import SnugSimulator
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugGeneration

/// Sessions whose tokens expire.
@Suite struct SessionRefreshTests {
    private func login(_ fixture: Fixture, as name: String = "elite") async throws -> SessionTokens {
        let response = try await makeClient().send(
            ClientRequest(
                "POST", try HTTPURL(fixture.simulator.addresses[.elumenta] + "/auth/login"),
                headerFields: ["Content-Type": "application/json"],
                body: HTTPBody(bytes: Array(#"{"email":"\#(name)@example.test","password":"password"}"#.utf8))))
        let json = try #require(try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any])
        return SessionTokens(
            access: Secret(try #require(json["access_token"] as? String)),
            refresh: Secret(try #require(json["refresh_token"] as? String)))
    }

    private func refreshes(_ fixture: Fixture) -> [RecordedRequest] {
        fixture.simulator.requests.filter { $0.path.hasSuffix("/auth/refresh") }
    }

    @Test("An expired token is refreshed once for all who meet it, and each image is paid for once")
    func singleFlight() async throws {
        try await Fixture.with(.elumenta) { fixture async throws in
            let client = try fixture.client(session: InMemorySession(try await login(fixture)))
            fixture.simulator.clock.advance(by: .seconds(1000))
            async let one = client.generate(GenerationRequest(prompt: "one"), to: fixture.destination("one"))
            async let two = client.generate(GenerationRequest(prompt: "two"), to: fixture.destination("two"))
            async let three = client.generate(GenerationRequest(prompt: "three"), to: fixture.destination("three"))
            let all = try await [one, two, three]
            #expect(all.allSatisfy { $0.images.count == 1 } && fixture.charges.count == 3)
            #expect(refreshes(fixture).count == 1)
            // The next time round, the token that came with it.
            fixture.simulator.clock.advance(by: .seconds(1000))
            #expect(await fixture.attempt(client).value != nil)
            #expect(refreshes(fixture).count == 2 && refreshes(fixture).allSatisfy { $0.status == 200 })
        }
    }

    @Test("Two clients that share a file refresh once, and the file has the new tokens")
    func shared() async throws {
        try await Fixture.with(.elumenta) { fixture async throws in
            let old = try await login(fixture)
            let refresh = try #require(old.refresh)
            let text = #"{"access_token":"\#(old.access.reveal())","refresh_token":"\#(refresh.reveal())"}"#
            let file = try fixture.folder.write(Array(text.utf8), to: "session.json")
            let clients = try (0..<2).map { _ in try fixture.client(session: FileSession(file)) }
            fixture.simulator.clock.advance(by: .seconds(1000))
            async let one = clients[0].generate(GenerationRequest(prompt: "one"), to: fixture.destination("one"))
            async let two = clients[1].generate(GenerationRequest(prompt: "two"), to: fixture.destination("two"))
            #expect(try await [one, two].count == 2 && refreshes(fixture).count == 1)
            let kept = try await FileSession(file).tokens()
            #expect(kept.access != old.access && kept.refresh != old.refresh)
        }
    }

    @Test("A token that expires while a job is polled is refreshed, and the polls continue")
    func polling() async throws {
        try await Fixture.with(.elumenta, job: JobPlan(pendingPolls: 3)) { fixture async throws in
            let client = try fixture.client(session: InMemorySession(try await login(fixture)))
            let clock = fixture.simulator.clock
            let generation = try await client.generate(.cat, to: fixture.destination()) { event in
                if case .polled(1) = event { clock.advance(by: .seconds(1000)) }
            }
            #expect(generation.images.count == 1 && refreshes(fixture).count == 1)
            #expect(fixture.charges.count == 1 && fixture.submissions.count == 1)
        }
    }

    @Test("A session that is over is reported, and nothing is paid")
    func over() async throws {
        try await Fixture.with(.elumenta) { fixture async throws in
            let tokens = try await login(fixture)
            let client = try fixture.client(session: InMemorySession(tokens))
            // Both tokens are too old.
            fixture.simulator.clock.advance(by: .seconds(31 * 86_400))
            let error = try await fixture.failure(client)
            #expect(error.code == .notAuthenticated && error.message.contains("log in"))
            #expect(fixture.charges.isEmpty && !error.isOutcomeUnknown && error.journalKey == nil)
        }
    }

    @Test("A refresh token that another process used ends the session")
    func rotated() async throws {
        try await Fixture.with(.elumenta) { fixture async throws in
            let tokens = try await login(fixture)
            fixture.simulator.clock.advance(by: .seconds(1000))
            #expect(await fixture.attempt(try fixture.client(session: InMemorySession(tokens))).value != nil)
            let stale = try fixture.client(session: InMemorySession(tokens))
            let error = try await fixture.failure(stale, GenerationRequest(prompt: "a dog"))
            #expect(error.code == .notAuthenticated && fixture.charges.count == 1 && error.journalKey == nil)
        }
    }

    @Test("A key is not refreshed")
    func key() async throws {
        try await Fixture.with(.elumenta) { fixture async throws in
            fixture.simulator.script(API.elumenta.rule(Fault(answer: .named(code: "token_expired"))))
            let error = try await fixture.failure(try fixture.client())
            #expect(error.code == .notAuthenticated && refreshes(fixture).isEmpty && fixture.submissions.count == 1)
        }
    }

    @Test("One refresh does it, or none: a token that is refused again ends the work")
    func once() async throws {
        try await Fixture.with(.elumenta) { fixture async throws in
            fixture.simulator.script(API.elumenta.rule(Fault(answer: .named(code: "token_expired")), times: nil))
            let client = try fixture.client(session: InMemorySession(try await login(fixture)))
            let error = try await fixture.failure(client)
            #expect(error.code == .notAuthenticated && fixture.submissions.count == 2 && refreshes(fixture).count == 1)
        }
    }
}
