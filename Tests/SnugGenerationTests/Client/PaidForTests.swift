// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugLedger
import SnugSimulator
import SnugSystem
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugGeneration

/// What is paid for is here, or named, or still asked for; and what is held stays so until something comes of it.
@Suite struct PaidForTests {
    /// Fails to keep what has one of these states.
    private actor WilfulJournal: GenerationJournal {
        private let inner: LedgerJournal
        private let refused: GenerationRecord.State
        nonisolated var isDurable: Bool { true }

        init(_ inner: LedgerJournal, refusing state: GenerationRecord.State) {
            self.inner = inner
            refused = state
        }

        func record(_ id: String) async throws -> GenerationRecord? { try await inner.record(id) }
        func save(_ record: GenerationRecord) async throws {
            guard record.state != refused else { throw Errno.noSpace }
            try await inner.save(record)
        }
        func remove(_ id: String) async throws { try await inner.remove(id) }
        func records() async throws -> [GenerationRecord] { try await inner.records() }
        func claim(_ id: String) async throws -> Bool { try await inner.claim(id) }
        func release(_ id: String) async { await inner.release(id) }
    }

    @Test("Held work stays held when sending it again does not even start")
    func heldStaysHeld() async throws {
        try await Fixture.with(.openAI) { fixture async throws in
            let journal = try await openJournal(fixture.folder.path.appending("journal"))
            let client = try fixture.client(journal: journal)
            fixture.simulator.script(fixture.api.rule(Fault(request: .closeAfterBody, takesEffect: true)))
            _ = try await fixture.failure(client, name: "work")
            let before = try #require(try await journal.record("work"))
            #expect(before.state == .held)
            let dead = try fixture.client(at: "http://127.0.0.1:1/v1", journal: journal)
            await #expect(throws: GenerationError.self) { _ = try await dead.resume("work") }
            #expect(try await journal.record("work") == before)
            fixture.simulator.script(fixture.api.rule(Fault(answer: .status(code: 402))))
            await #expect(throws: GenerationError.self) { _ = try await client.resume("work") }
            #expect(try await journal.record("work") == before)
            #expect(try await fixture.client(journal: journal).resume("work").images.count == 1)
            #expect(try await journal.records().isEmpty)
        }
    }

    @Test("A lost job that may be sent again stays open when it is not sent again now")
    func lostStaysOpen() async throws {
        try await Fixture.with(.elumenta) { fixture async throws in
            let journal = try await openJournal(fixture.folder.path.appending("journal"))
            let client = try fixture.client(journal: journal) { $0.repeatsLost = true }
            fixture.simulator.script(
                fixture.api.rule(
                    Fault(answer: .html(status: 504), hints: [.retryAfter(text: "2400")], takesEffect: false)))
            let error = try await fixture.failure(client, name: "work")
            #expect(error.isOutcomeUnknown && error.journalKey == "work")
            #expect(try await journal.record("work")?.state == .held)
            #expect(fixture.submissions.count == 1)
        }
    }

    @Test("An image that cannot be looked at is not thrown away where it cannot be had again")
    func badImageIsKept() async throws {
        try await Fixture.with(.openAI, job: JobPlan(image: .truncated)) { fixture async throws in
            let journal = try await openJournal(fixture.folder.path.appending("journal"))
            let error = try await fixture.failure(try fixture.client(journal: journal), name: "work")
            #expect(error.code == .badImage && error.isOutcomeUnknown)
            let kept = fixture.folder.files().filter { $0.hasPrefix("spool/") }
            #expect(kept.count == 1 && error.message.contains(kept.first ?? "?"), "\(error) \(kept)")
            #expect(try await journal.record("work")?.note?.contains(kept.first ?? "?") == true)
        }
    }

    @Test("An entry without an image does not take the others with it")
    func emptyEntry() async throws {
        try await Fixture.with(.openAI) { fixture async throws in
            let image = png().bytes.base64
            let body = "{\"data\": [{\"b64_json\": null}, {\"b64_json\": \"\(image)\"}, {\"b64_json\": \"\"}]}"
            fixture.simulator.script(
                fixture.api.rule(
                    Fault(answer: .custom(status: 200, contentType: "application/json", body: body))))
            var request = GenerationRequest.cat
            request.count = 3
            let generation = try await fixture.client().generate(request, to: fixture.destination())
            #expect(generation.images.count == 1 && fixture.images.count == 1)
        }
    }

    @Test("A journal that fails once the response is here does not keep the images from their places")
    func journalFails() async throws {
        try await Fixture.with(.openAI) { fixture async throws in
            let inner = try await openJournal(fixture.folder.path.appending("journal"))
            let journal = WilfulJournal(inner, refusing: .completed)
            let generation = try await fixture.client(journal: journal).generate(
                .cat, to: fixture.destination(), name: "work")
            #expect(generation.images.count == 1 && fixture.charges.count == 1)
            #expect(try await inner.records().isEmpty)
        }
    }

    @Test("Images that were kept without a record of it are found, and not paid for again")
    func keptWithoutRecord() async throws {
        try await Fixture.with(.openAI) { fixture async throws in
            let journal = try await openJournal(fixture.folder.path.appending("journal"))
            // As a kill between keeping the image and noting it leaves things.
            fixture.simulator.script(fixture.api.rule(Fault(request: .closeAfterBody, takesEffect: true)))
            _ = try await fixture.failure(try fixture.client(journal: journal), name: "work")
            var record = try #require(try await journal.record("work"))
            record.state = .sending
            try await journal.save(record)
            try fixture.folder.write(png().bytes, to: "spool/\(record.key)-0")
            let generation = try await fixture.client(journal: journal).generate(
                .cat, to: fixture.destination(), name: "work")
            #expect(generation.isRecovered && generation.images.count == 1)
            #expect(fixture.submissions.count == 1)
            #expect(try await journal.records().isEmpty)
            #expect(fixture.folder.files().filter { $0.hasPrefix("spool/") }.isEmpty)
        }
    }

    @Test(
        "A kept image that is gone is asked for again where that is free, and held elsewhere",
        arguments: [API.replay, .openAI])
    func keptIsGone(api: API) async throws {
        try await Fixture.with(api) { fixture async throws in
            let journal = try await openJournal(fixture.folder.path.appending("journal"))
            fixture.simulator.script(api.rule(Fault(request: .closeAfterBody, takesEffect: true)))
            let client = try fixture.client(journal: journal) { $0.retry.maximumAttempts = 1 }
            _ = try await fixture.failure(client, name: "work")
            var record = try #require(try await journal.record("work"))
            record.state = .completed
            record.resultURLs = ["file:" + fixture.folder.path.appending("spool/gone").string]
            try await journal.save(record)
            let result = await fixture.attempt(try fixture.client(journal: journal), name: "work")
            #expect((result.value?.images.count == 1) == (api == .replay), "\(result)")
            #expect(fixture.charges.count == 1)
            #expect(try await journal.record("work")?.state == (api == .replay ? nil : .held))
        }
    }

    @Test("Of several results those that can be had are fetched, whatever becomes of the others")
    func rest() async throws {
        try await Fixture.with(.openAI) { fixture async throws in
            let good = png().bytes.base64
            let bad = Array(png().bytes.prefix(20)).base64
            let body =
                "{\"data\": [{\"b64_json\": \"\(good)\"}, {\"b64_json\": \"\(bad)\"}, {\"b64_json\": \"\(good)\"}]}"
            fixture.simulator.script(
                fixture.api.rule(
                    Fault(answer: .custom(status: 200, contentType: "application/json", body: body))))
            var request = GenerationRequest.cat
            request.count = 3
            let result = await fixture.attempt(try fixture.client(), request)
            let error = try #require(result.error)
            #expect(error.code == .badImage && error.delivered.count == 2)
            #expect(fixture.images == ["image-1.png", "image-3.png"])
        }
    }

    @Test("A refresh continues when its caller is cancelled: the old token may be worth nothing already")
    func refreshOutlivesCaller() async throws {
        let session = InMemorySession(SessionTokens(access: Secret("a0"), refresh: Secret("r0")))
        let (begun, go) = (Signal(), Signal())
        let caller = Task {
            try await session.renew(after: Secret("a0")) { _ in
                begun.set()
                await go.wait()
                return SessionTokens(access: Secret("a1"))
            }
        }
        await begun.wait()
        caller.cancel()
        go.set()
        _ = await caller.result
        #expect(await session.tokens() == SessionTokens(access: Secret("a1"), refresh: Secret("r0")))
    }
}

/// Something that happens once.
private final class Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    init() { (stream, continuation) = AsyncStream<Void>.makeStream() }
    func set() { continuation.finish() }
    func wait() async { for await _ in stream {} }
}
