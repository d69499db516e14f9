// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import Testing

/// Any store must pass these.
@Suite("Putting work in") struct EnqueueConformanceTests {
    @Test("A new job waits for its first step, and is found again", arguments: LedgerFixture.Kind.allCases)
    func found(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let unknown = NewJob(
            JobIdentity(contentHash: nil, pipeline: "p"), name: "n", folder: "in", payload: "{\"a\":1}")
        let job = try await fixture.add(unknown)
        #expect(job.state == .waiting && job.stage == .discovered && job.step == .settle)
        #expect(job.createdAt == fixture.time.now && job.since == fixture.time.now && job.dueAt == fixture.time.now)
        #expect(try await fixture.other.job(job.id) == job)
        let settled = try await fixture.add(.sample("b"))
        #expect(settled.stage == .settled && settled.step == .fit)
        #expect(settled.id > job.id && settled.key != job.key)
        #expect(try await fixture.other.list(JobFilter()) == [settled, job])
        await expectFailure(.notFound) {
            _ = try await fixture.store.job(JobID("00000000000000000000000000") ?? job.id)
        }
    }

    @Test("Equal work is one job with two names, and is delivered under both", arguments: LedgerFixture.Kind.allCases)
    func joined(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        var second = NewJob.sample("a", step: .deliver)
        let first = try await fixture.add(second)
        (second.name, second.folder) = ("b", "other")
        let claimed = try await fixture.claim()
        #expect(claimed.pendingDeliveries.map(\.name) == ["a"])
        // The second name comes while the first is being delivered.
        let enqueued = try await fixture.other.enqueue([second, second])
        #expect(enqueued.map(\.isNew) == [false, false])
        #expect(enqueued.map(\.job.id) == [first.id, first.id])
        let half = try await fixture.store.recordOutcome(
            .delivered(claimed.pendingDeliveries), under: claimed.lease)
        #expect(half.job.state == .waiting && half.job.step == .deliver && half.job.stage != .delivered)
        let rest = try await fixture.claim()
        #expect(rest.pendingDeliveries.map(\.name) == ["b"])
        let whole = try await fixture.store.recordOutcome(.delivered(rest.pendingDeliveries), under: rest.lease)
        #expect(whole.job.state == .delivered && whole.job.stage == .delivered)
        // A third name comes when all is done.
        second.name = "c"
        let third = try #require(try await fixture.store.enqueue([second]).first)
        #expect(!third.isNew && third.job.state == .waiting && third.job.step == .deliver)
        #expect(try await fixture.claim().pendingDeliveries.map(\.name) == ["c"])
        #expect(try await fixture.store.deliveries(of: first.id).map(\.name) == ["a", "b", "c"])
        let books = try await fixture.books()
        #expect(books.seen == 1 && books.joined == 2 && books.areBalanced)
    }

    @Test("Work differs by content, pipeline, options and version", arguments: LedgerFixture.Kind.allCases)
    func identity(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        var identities = [JobIdentity(contentHash: "h", pipeline: "p", options: "{}", version: 1)]
        identities.append(JobIdentity(contentHash: "i", pipeline: "p", options: "{}", version: 1))
        identities.append(JobIdentity(contentHash: "h", pipeline: "q", options: "{}", version: 1))
        identities.append(JobIdentity(contentHash: "h", pipeline: "p", options: "[]", version: 1))
        identities.append(JobIdentity(contentHash: "h", pipeline: "p", options: "{}", version: 2))
        identities.append(JobIdentity(contentHash: nil, pipeline: "p"))
        identities.append(JobIdentity(contentHash: nil, pipeline: "p"))
        let enqueued = try await fixture.store.enqueue(identities.map { NewJob($0, name: "n") })
        #expect(Set(enqueued.map(\.job.id)).count == identities.count)
        #expect(enqueued.map(\.isNew) == identities.map { _ in true })
    }

    @Test("Content that turns out to be known hands its name over", arguments: LedgerFixture.Kind.allCases)
    func identified(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let known = try await fixture.add(.sample("a"))
        let discovered = NewJob(
            JobIdentity(contentHash: nil, pipeline: "p"), name: "b", folder: "in", source: "b 1")
        let copy = try await fixture.add(discovered)
        let fresh = try await fixture.add(NewJob(JobIdentity(contentHash: nil, pipeline: "p"), name: "c", folder: "in"))
        let claims = try await fixture.store.claim(ClaimRequest([.settle], limit: 2))
        #expect(claims.map(\.job.id) == [copy.id, fresh.id])
        let first = try await fixture.store.recordOutcome(
            .identified(contentHash: "hash of a", next: .fit), under: claims[0].lease)
        #expect(first.isJoined && first.job.id == known.id)
        #expect(try await fixture.store.deliveries(of: known.id).map(\.name) == ["a", "b"])
        #expect(try await fixture.store.list(JobFilter(ids: [copy.id])).isEmpty)
        // Its source stays known, so that the next scan does not put it in again.
        #expect(try await fixture.store.knownSources(of: "in", among: ["b 1", "x"]) == ["b 1"])
        let second = try await fixture.store.recordOutcome(
            .identified(contentHash: "new", next: .upload), under: claims[1].lease)
        #expect(!second.isJoined && second.job.stage == .settled && second.job.step == .upload)
        #expect(second.job.identity.contentHash == "new")
        let books = try await fixture.books()
        #expect(books.seen == 2 && books.joined == 1 && books.areBalanced)
    }

    @Test("A source file that is known is not put in again", arguments: LedgerFixture.Kind.allCases)
    func sources(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let new = NewJob(JobIdentity(contentHash: nil, pipeline: "p"), name: "a", folder: "in", source: "a 1 2")
        let job = try await fixture.add(new)
        #expect(try await fixture.other.enqueue([new]).map(\.job) == [job])
        var elsewhere = new
        elsewhere.folder = "out"
        #expect(try await fixture.other.enqueue([elsewhere]).map(\.isNew) == [true])
        #expect(try await fixture.store.knownSources(of: "in", among: ["a 1 2", "a 1 3"]) == ["a 1 2"])
        #expect(try await fixture.store.knownSources(of: "none", among: ["a 1 2"]).isEmpty)
        #expect(try await fixture.books().seen == 2)
    }

    @Test("A later version of a file supersedes one that waits or failed", arguments: LedgerFixture.Kind.allCases)
    func superseded(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let old = try await fixture.add(.sample("a"))
        let claim = try await fixture.claim()
        try await fixture.store.recordOutcome(.failed(.test), under: claim.lease)
        let new = try await fixture.add(.sample("longer a", supersedes: old.id))
        #expect(new.supersedes == old.id)
        let cancelled = try await fixture.store.job(old.id)
        #expect(cancelled.state == .cancelled && cancelled.reason?.code == JobReason.superseded)
        #expect(cancelled.reason?.message.contains(new.id.description) == true)
        #expect(try await fixture.books().areBalanced)
    }
}
