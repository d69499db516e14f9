// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugLedger

/// Any store must pass these: every text that it is given comes from a stranger.
@Suite("Hostile text") struct HostileTextTests {
    static let texts = [
        "", " ", "'", "''; DROP TABLE jobs; --", "\" OR 1=1", ":id", "?1", "$x", "@y", "%", "_%", "a\\", "\r\n\t",
        "\u{1B}[2J", "{\"a\":1}", "<b onclick=x>", "NULL", "caf\u{E9}", "cafe\u{301}", "\u{202E}gpj.exe",
        "\u{FEFF}bom", "\u{10FFFF}", "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}", "-rf", "../../x",
        String(repeating: "long \u{1F305} ", count: 4000),
    ]

    /// The plain store compares texts as Swift does, by what they look like.
    private static func texts(for kind: LedgerFixture.Kind) -> [String] {
        kind != .memory ? texts : texts.filter { !$0.unicodeScalars.contains("\u{301}") }
    }

    private static func same(_ left: String?, _ right: String?) -> Bool {
        left.map { Array($0.utf8) } == right.map { Array($0.utf8) }
    }

    @Test(
        "Every text of a job comes back to the byte, and the job is found by it", arguments: LedgerFixture.Kind.allCases
    )
    func jobs(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        for (number, text) in Self.texts(for: kind).enumerated() {
            let new = NewJob(
                JobIdentity(contentHash: "\(number)\(text)", pipeline: text, options: text), name: text, folder: text,
                source: text, account: text, payload: text)
            let job = try await fixture.add(new)
            let found = try await fixture.other.job(job.id)
            for field in [found.name, found.folder, found.account, found.payload, found.identity.options] {
                #expect(Self.same(field, text))
            }
            #expect(Self.same(found.identity.pipeline, text))
            #expect(Self.same(found.identity.contentHash, "\(number)\(text)"))
            let delivery = try #require(try await fixture.other.deliveries(of: job.id).first)
            #expect(Self.same(delivery.name, text) && Self.same(delivery.source, text))
            // The same work, the same source: not put in twice.
            #expect(try await fixture.other.enqueue([new])[0].isNew == false)
            #expect(try await fixture.other.list(JobFilter(folder: text)).contains { $0.id == job.id })
            #expect(try await fixture.other.list(JobFilter(account: text)).contains { $0.id == job.id })
            #expect(try await fixture.other.knownSources(of: text, among: [text, "other"]) == [text])
        }
        #expect(try await fixture.store.list(JobFilter(limit: 1000)).count == Self.texts(for: kind).count)
        let books = try await fixture.books()
        #expect(books.areBalanced && books.seen == Self.texts(for: kind).count)
    }

    @Test(
        "Text is looked for as it is: no wildcard, no pattern, and nothing is everything",
        arguments: LedgerFixture.Kind.allCases)
    func search(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let names = ["100%", "a_b", "axb", "[x]", "x*", "quote'd", "back\\slash"]
        for name in names { try await fixture.add(.sample(name)) }
        for (text, expected) in [
            ("%", ["100%"]), ("a_b", ["a_b"]), ("_", ["a_b"]), ("[x]", ["[x]"]), ("*", ["x*"]), ("'", ["quote'd"]),
            ("\\", ["back\\slash"]), ("zzz", []), ("", names), ("\u{0}", []), ("a\u{0}zzz", []),
        ] {
            let found = try await fixture.store.list(JobFilter(text: text)).map(\.name)
            #expect(Set(found) == Set(expected) && found.count == expected.count, "\(text)")
        }
    }

    @Test("Reasons, effects and holds keep what a provider or a person said", arguments: LedgerFixture.Kind.allCases)
    func reasons(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        for text in Self.texts(for: kind) {
            let job = try await fixture.add(.sample("job of \(text.prefix(40))\(text.count)", step: .submit))
            let claim = try await fixture.claim()
            let intent = StepIntent(.never, bodyDigest: text, payload: text)
            try await fixture.store.recordIntent(intent, under: claim.lease)
            let reason = JobReason(code: text, message: text, details: text)
            try await fixture.store.recordOutcome(.failed(reason), payload: text, under: claim.lease)
            let failed = try await fixture.other.job(job.id)
            #expect(Self.same(failed.reason?.message, text) && Self.same(failed.reason?.code, text))
            #expect(Self.same(failed.reason?.details, text) && Self.same(failed.payload, text))
            let step = try #require(try await fixture.other.steps(of: job.id).first)
            #expect(Self.same(step.bodyDigest, text) && Self.same(step.payload, text))
            let event = try #require(try await fixture.other.history(of: job.id).last)
            #expect(Self.same(event.reason?.message, text))
            try await fixture.store.pause(.folder(text), until: nil, reason: reason)
            try await fixture.store.park(account: text, until: fixture.time.now + .seconds(9), reason: reason)
            let holds = try await fixture.other.holds()
            #expect(holds.count == 2 && holds.allSatisfy { Self.same($0.reason.message, text) })
            #expect(holds.contains { $0.scope == .folder(text) } && holds.contains { $0.scope == .account(text) })
            try await fixture.store.unpause(.folder(text))
            try await fixture.store.unpark(account: text)
            #expect(try await fixture.other.holds().isEmpty)
        }
    }

    @Test("Names that look alike and differ in bytes are two deliveries", arguments: LedgerFixture.Kind.allCases)
    func alike(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
        var new = NewJob.sample(composed, step: .deliver)
        let job = try await fixture.add(new)
        new.name = decomposed
        try await fixture.add(new)
        #expect(try await fixture.store.deliveries(of: job.id).count == 2)
        let claim = try await fixture.claim()
        let first = claim.pendingDeliveries.filter { Self.same($0.name, composed) }
        #expect(first.count == 1)
        try await fixture.store.recordOutcome(.delivered(first), under: claim.lease)
        #expect(try await fixture.store.job(job.id).state == .waiting)
        let rest = try await fixture.claim()
        #expect(rest.pendingDeliveries.count == 1 && Self.same(rest.pendingDeliveries.first?.name, decomposed))
        try await fixture.store.recordOutcome(.delivered(rest.pendingDeliveries), under: rest.lease)
        #expect(try await fixture.store.job(job.id).state == .delivered)
    }

    @Test(
        "Folders that look alike and differ in bytes have books that balance", arguments: LedgerFixture.Kind.shared)
    func books(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        for (number, folder) in ["caf\u{E9}", "cafe\u{301}", "caf\u{E9}"].enumerated() {
            try await fixture.add(.sample("job \(number)", folder: folder))
        }
        let books = try await fixture.store.books()
        #expect(books.values.allSatisfy { $0.areBalanced })
        #expect(try await fixture.books().seen == 3)
        try await (fixture.store as? any SharedLedger)?.checkIntegrity()
    }

    @Test(
        "Names of documents and of locks are bytes, and values come back as they were",
        arguments: LedgerFixture.Kind.shared)
    func documents(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let ledger = try #require(fixture.store as? any SharedLedger)
        for text in Self.texts {
            try await ledger.save(text, as: .generations, text)
            let document = try await ledger.document(.generations, text)
            #expect(Self.same(document?.payload, text))
        }
        #expect(try await ledger.documents(.generations).count == Self.texts.count)
        for text in ["caf\u{E9}", "cafe\u{301}"] {
            try await ledger.save(text, as: .uploads, "k")
            let document = try await ledger.document(.uploads, "k")
            #expect(Self.same(document?.payload, text))
        }
        for text in Self.texts {
            let lock = try await ledger.lock(text)
            #expect(Self.same(lock?.name, text))
        }
        for text in Self.texts { #expect(try await ledger.lock(text) == nil) }
        // The database would take it for "a": one person's work would be another's.
        await expectFailure(.notAllowed) { try await ledger.save("1", as: .generations, "a\u{0}b") }
        await expectFailure(.notAllowed) { _ = try await ledger.document(.generations, "a\u{0}b") }
        await expectFailure(.notAllowed) { try await ledger.remove(.generations, "a\u{0}b") }
        await expectFailure(.notAllowed) { _ = try await ledger.lock("a\u{0}b") }
    }
}
