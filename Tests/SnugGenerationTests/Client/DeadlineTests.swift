// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSimulator
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugGeneration

/// What the end of the time does to what is under way.
@Suite struct DeadlineTests {
    @Test("The time ends while the provider works: the submission is found later, or held", arguments: API.allCases)
    func inFlight(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            let folder = fixture.folder.path.appending("journal")
            let impatient = try fixture.client(journal: try await openJournal(folder)) { $0.timeout = .seconds(15) }
            if api == .elumenta { _ = try await impatient.balance() }
            fixture.simulator.script(api.rule(Fault(delay: 120_000)))
            let error = try await fixture.failure(impatient, name: "work")
            #expect(error.isOutcomeUnknown && error.journalKey == "work", "\(error)")
            #expect(fixture.charges.count == 1 && fixture.submissions.count == 1)
            let patient = try fixture.client(journal: try await openJournal(folder))
            let result = await fixture.attempt(patient, name: "work")
            let isFound = [RepeatContract.join, .history, .replay].contains(api.contract)
            #expect((result.value != nil) == isFound && fixture.charges.count == 1, "\(result)")
            #expect(try await patient.pending().map(\.state) == (isFound ? [] : [.held]))
        }
    }

    @Test("Hosting that never ends is ended by the deadline")
    func hosting() async throws {
        let error = await #expect(throws: GenerationError.self) {
            try await Deadline.run(until: .now + .milliseconds(20), doing: "a.jpg was being hosted") {
                while !Task.isCancelled { try await Task.sleep(for: .seconds(3600)) }
            }
        }
        #expect(error?.code == .deadlineExceeded && error?.message.contains("a.jpg") == true)
        #expect(try await Deadline.run(until: .now + .seconds(600), doing: "") { 7 } == 7)
        await #expect(throws: CancellationError.self) {
            try await Deadline.run(until: .now + .seconds(600), doing: "") { throw CancellationError() }
        }
    }

    @Test("Questions end with the time that a call has", arguments: API.plain)
    func questions(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            let client = try fixture.client { $0.timeout = .zero }
            await #expect(throws: GenerationError.self) { _ = try await client.models() }
            #expect(fixture.simulator.requests.isEmpty)
        }
    }

    @Test("With no time left nothing is sent", arguments: API.plain)
    func noTime(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            let client = try fixture.client { $0.timeout = .zero }
            let error = try await fixture.failure(client)
            #expect(error.code == .deadlineExceeded && fixture.simulator.requests.isEmpty && error.journalKey == nil)
        }
    }

    @Test("A wait longer than the remaining time does not start", arguments: API.plain)
    func waits(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            let answer = SubstituteResponse.custom(
                status: 503, contentType: nil, body: #"{"error":{"message":"busy"}}"#)
            fixture.simulator.script(
                api.rule(Fault(answer: answer, hints: [.retryAfter(text: "30")]), times: nil))
            let error = try await fixture.failure(try fixture.client { $0.timeout = .seconds(20) })
            #expect(error.code == .noCapacity && error.retryAfter == .seconds(30) && error.retryAt != nil)
            #expect(fixture.submissions.count == 1 && fixture.time.waits.isEmpty)
        }
    }
}
