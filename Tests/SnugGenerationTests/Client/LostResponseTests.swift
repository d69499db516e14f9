// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSimulator
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugGeneration

/// Whatever becomes of a response, an image is paid for once and delivered, or held for a person: never paid for twice.
@Suite struct LostResponseTests {
    @Test("Lost before it begins", arguments: API.allCases, Loss.beforeAnswer)
    func beforeAnswer(api: API, loss: Loss) async throws { try await check(api, loss) }

    @Test("Lost on its way", arguments: API.allCases, Loss.withinAnswer)
    func withinAnswer(api: API, loss: Loss) async throws { try await check(api, loss) }

    @Test("A response from a proxy", arguments: API.allCases, Loss.byProxy)
    func byProxy(api: API, loss: Loss) async throws { try await check(api, loss) }

    private func check(_ api: API, _ loss: Loss) async throws {
        try await Fixture.with(api) { fixture async throws in
            let journal = try await openJournal(fixture.folder.path.appending("journal"))
            let client = try fixture.client(journal: journal) { options in
                // Long enough for a busy provider to begin.
                if loss.isStall { options.firstAttemptTimeout = .seconds(5) }
            }
            // What it asks of the account beforehand is not what this is about.
            if api == .elumenta { #expect(try await client.plan(.cat).balance != nil) }
            if let fault = loss.connection {
                fixture.simulator.scriptConnections(fault, service: api.service)
            } else {
                fixture.simulator.script(api.rule(loss.fault))
            }
            switch (await fixture.attempt(client, name: "work"), Ending(api.contract, loss)) {
            case (.success(let generation), .delivered):
                #expect(generation.images.count == 1 && fixture.images.count == 1)
                #expect(generation.isRecovered || !loss.takesEffect || loss.isWholeAsJSON)
                #expect(fixture.charges.count == 1)
                #expect(try await client.pending().isEmpty)
            case (.failure(let error as GenerationError), .held):
                #expect(error.isOutcomeUnknown && error.journalKey == "work", "\(error)")
                try await checkHeld(fixture, client, loss)
            case (let result, let ending):
                Issue.record("\(result) instead of \(ending)")
            }
        }
    }

    /// It waits for a person, costs nothing more on its own, and goes on as the person says.
    private func checkHeld(_ fixture: Fixture, _ client: GenerationClient, _ loss: Loss) async throws {
        let count = loss.takesEffect ? 1 : 0
        #expect(fixture.charges.count == count && fixture.images.isEmpty)
        let record = try #require(try await client.pending().first)
        #expect(record.state == .held && record.id == "work" && record.note?.isEmpty == false)
        let sent = fixture.submissions.count
        #expect(sent <= (fixture.api == .rejectDuplicate ? 2 : 1))
        let again = try await fixture.failure(client, name: "work")
        #expect(again.code == .outcomeUnknown && again.isOutcomeUnknown && fixture.submissions.count == sent)
        let generation = try await client.resume("work")
        #expect(generation.images.count == 1 && fixture.charges.count == count + 1)
        #expect(try await client.pending().isEmpty)
    }
}
