// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSimulator
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugGeneration

/// Many requests at once while everything goes wrong by chance.
@Suite struct CampaignTests {
    private static let requests = 24

    @Test("Whatever goes wrong, nothing is paid for twice and nothing is lost", arguments: API.allCases, 1...5)
    func chaos(api: API, seed: Int) async throws {
        try await Fixture.with(api) { fixture async throws in
            var random = SeededGenerator(seed: UInt64(seed))
            let losses = Loss.all.filter { $0.connection == nil && !$0.isStall && $0.fault != Fault() }
            // Refusals, losses, and successes between them.
            for _ in 0..<60 {
                let fault: Fault =
                    switch Int.random(in: 0..<5, using: &random) {
                    case 0: Fault(answer: .status(code: [429, 503, 521, 525].randomElement(using: &random) ?? 503))
                    case 1, 2: losses.randomElement(using: &random)?.fault ?? Fault()
                    default: Fault()
                    }
                // Elumenta's 429 asks for a quarter of an hour.
                if api == .elumenta, fault.answer == .status(code: 429) { continue }
                fixture.simulator.script(api.rule(fault))
            }
            let folder = fixture.folder.path.appending("journal")
            let http = try makeClient { $0.retryBudget.capacity = 10_000 }
            let client = try fixture.client(http: http, journal: try await openJournal(folder)) {
                $0.breaker.threshold = 1000
            }
            let results = await run(fixture, client, seed)
            fixture.simulator.clearScript()
            try await check(fixture, client, results)
            // The next process goes on with what can go on, and leaves alone what it cannot.
            let next = try fixture.client(http: http, journal: try await openJournal(folder))
            let open = try await next.pending()
            let sent = fixture.submissions.count
            for record in open where record.state != .held {
                #expect(await fixture.attempt(next, record.request, name: record.id).value != nil)
            }
            if api == .openAI { #expect(fixture.submissions.count == sent) }
            #expect(try await next.pending().allSatisfy { $0.state == .held })
            for number in 0..<Self.requests { #expect(charges(fixture, number) <= 1, "request \(number)") }
        }
    }

    private func charges(_ fixture: Fixture, _ number: Int) -> Int {
        fixture.simulator.ledger.charges(prompt: "request \(number)").count
    }

    private func run(
        _ fixture: Fixture, _ client: GenerationClient, _ seed: Int
    ) async -> [Int: Swift.Result<Generation, any Error>] {
        await withTaskGroup(of: (Int, Swift.Result<Generation, any Error>).self) { group in
            for number in 0..<Self.requests {
                group.addTask {
                    let request = GenerationRequest(prompt: "request \(number)")
                    return (number, await fixture.attempt(client, request, name: "w\(number)"))
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    private func check(
        _ fixture: Fixture, _ client: GenerationClient, _ results: [Int: Swift.Result<Generation, any Error>]
    ) async throws {
        let pending = try await client.pending()
        for (number, result) in results {
            let count = charges(fixture, number)
            let isOpen = pending.contains { $0.id == "w\(number)" }
            switch result {
            case .success(let generation):
                #expect(count == 1 && generation.images.count == 1 && !isOpen, "request \(number)")
            case .failure(let error as GenerationError) where error.isOutcomeUnknown:
                #expect(count <= 1 && isOpen && error.journalKey == "w\(number)", "request \(number): \(error)")
            case .failure(let error):
                #expect(count == 0 && !isOpen, "request \(number): \(error)")
            }
        }
        #expect(results.values.contains { $0.value != nil })
    }

    @Test(
        "Twins, some of whose answers are lost, never share an image and never cost more than they are",
        arguments: 1...4)
    func twins(seed: Int) async throws {
        try await Fixture.with(.elumenta) { fixture async throws in
            var random = SeededGenerator(seed: UInt64(seed))
            for _ in 0..<8 {
                let fault: Fault =
                    switch Int.random(in: 0..<3, using: &random) {
                    case 0: Fault(request: .closeAfterBody, takesEffect: true)
                    case 1: Fault(request: .closeAfterBody)
                    default: Fault()
                    }
                fixture.simulator.script(API.elumenta.rule(fault))
            }
            let client = try fixture.client { $0.breaker.threshold = 1000 }
            let results = await withTaskGroup(of: Swift.Result<Generation, any Error>.self) { group in
                for number in 0..<8 { group.addTask { await fixture.attempt(client, .cat, name: "t\(number)") } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let made = results.compactMap(\.value)
            #expect(Set(made.compactMap(\.id)).count == made.count && fixture.images.count == made.count)
            #expect(fixture.charges.count == made.count && fixture.submissions.count == 8)
            #expect(try await client.pending().count == 8 - made.count)
        }
    }
}
