// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugLedger
import SnugSimulator
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugGeneration

/// A journal whose disk is full at one moment.
private final class FullJournal: GenerationJournal {
    struct Full: Error {}
    private let inner: LedgerJournal
    private let failing: Mutex<Int>

    /// - Parameter save: The one that fails, 1 for the first.
    init(_ folder: FilePath, failingAt save: Int) async throws {
        inner = try await openJournal(folder)
        failing = Mutex(save)
    }

    var isDurable: Bool { true }
    func record(_ id: String) async throws -> GenerationRecord? { try await inner.record(id) }
    func records() async throws -> [GenerationRecord] { try await inner.records() }
    func remove(_ id: String) async throws { try await inner.remove(id) }
    func claim(_ id: String) async throws -> Bool { try await inner.claim(id) }
    func release(_ id: String) async { await inner.release(id) }

    func save(_ record: GenerationRecord) async throws {
        let left = failing.withLock { left in
            left -= 1
            return left
        }
        if left == 0 { throw Full() }
        try await inner.save(record)
    }
}

/// What cannot be remembered is not sent, and what was sent is not forgotten.
@Suite struct JournalTroubleTests {
    @Test("A journal that fails at any moment costs no second charge", arguments: API.allCases, 1...4)
    func full(api: API, save: Int) async throws {
        let plan = api == .elumenta ? JobPlan(pendingPolls: 1) : JobPlan()
        try await Fixture.with(api, job: plan) { fixture async throws in
            let folder = fixture.folder.path.appending("journal")
            let client = try fixture.client(journal: try await FullJournal(folder, failingAt: save))
            let result = await fixture.attempt(client, name: "work")
            if save == 1 {
                #expect(result.error?.code == .journalFailed && fixture.submissions.isEmpty, "\(result)")
            }
            if result.value == nil {
                #expect(result.error?.code == .journalFailed, "\(result)")
                let next = try fixture.client(journal: try await openJournal(folder))
                let again = await fixture.attempt(next, name: "work")
                #expect(again.value != nil || again.error?.isOutcomeUnknown == true, "\(again)")
            }
            #expect(fixture.charges.count == 1)
        }
    }

    @Test("A job that no search found is sent again where the options allow it", arguments: [true, false])
    func repeatsLost(takesEffect: Bool) async throws {
        try await Fixture.with(.elumenta) { fixture async throws in
            fixture.simulator.script(
                API.elumenta.rule(Fault(request: .closeAfterBody, takesEffect: takesEffect)))
            let generation = try await fixture.client { $0.repeatsLost = true }.generate(
                .cat, to: fixture.destination())
            #expect(generation.images.count == 1 && fixture.charges.count == 1)
            #expect(fixture.submissions.count == (takesEffect ? 1 : 2))
            let looks = fixture.simulator.requests.filter { $0.path.hasSuffix("/user/history") }.count
            #expect(looks == (takesEffect ? 1 : 3))
            #expect(fixture.time.waits.map(\.seconds).prefix(looks) == [2, 10, 30].prefix(looks))
        }
    }

    @Test("A job that is listed late is found late")
    func listedLate() async throws {
        try await Fixture.with(.elumenta) { fixture async throws in
            let empty = SubstituteResponse.custom(
                status: 200, contentType: nil, body: #"{"items":[],"total":0,"page":1,"limit":100}"#)
            fixture.simulator.script(
                API.elumenta.rule(Fault(answer: .html(status: 504), takesEffect: true)),
                Rule(Fault(answer: empty), service: .elumenta, path: "*/user/history", times: 2))
            let generation = try await fixture.client().generate(.cat, to: fixture.destination())
            #expect(generation.isRecovered && fixture.charges.count == 1 && fixture.submissions.count == 1)
        }
    }

    @Test("A lost job stays open when the listing cannot be read, and is found later")
    func noListing() async throws {
        try await Fixture.with(.elumenta) { fixture async throws in
            fixture.simulator.script(
                API.elumenta.rule(Fault(request: .closeAfterBody, takesEffect: true)),
                Rule(Fault(answer: .html(status: 502)), service: .elumenta, path: "*/user/history", times: nil))
            let client = try fixture.client()
            let error = try await fixture.failure(client, name: "work")
            #expect(error.isOutcomeUnknown && error.journalKey == "work")
            #expect(try await client.pending().map(\.state) == [.sending])
            fixture.simulator.clearScript()
            #expect(await fixture.attempt(client, name: "work").value?.isRecovered == true)
            #expect(fixture.charges.count == 1 && fixture.submissions.count == 1)
        }
    }

    @Test("Two candidates are left to a person")
    func ambiguous() async throws {
        try await Fixture.with(.elumenta) { fixture async throws in
            // Another machine of the same account, with the same request at the same moment.
            let client = try fixture.client()
            fixture.simulator.script(API.elumenta.rule(Fault(request: .closeAfterBody, takesEffect: true)))
            let other = try fixture.client()
            #expect(await fixture.attempt(other, name: "other").value != nil || fixture.charges.count == 1)
            fixture.simulator.script(API.elumenta.rule(Fault(request: .closeAfterBody, takesEffect: true)))
            let error = try await fixture.failure(client, name: "work")
            #expect(error.isOutcomeUnknown && error.message.contains("could be it"))
            #expect(fixture.submissions.count == 2)
            #expect(try await client.pending().map(\.state) == [.held])
        }
    }
}
