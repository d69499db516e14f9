// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import Testing

/// Any store must pass these: what is told about jobs, to the last field.
@Suite("What a ledger tells") struct RecordConformanceTests {
    @Test("A job has all that it was given", arguments: LedgerFixture.Kind.allCases)
    func fields(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let old = try await fixture.add(.sample("old"))
        let due = fixture.time.now + .seconds(9)
        let new = NewJob(
            JobIdentity(contentHash: nil, pipeline: "p \u{1F305}", options: #"{"a":"ü"}"#, version: 7), name: "n\n1",
            folder: "in/ä", source: "s", account: "acc", priority: .interactive, step: .settle, dueAt: due,
            supersedes: old.id, payload: #"{"x":[1,2]}"#)
        let job = try await fixture.add(new)
        let found = try await fixture.other.job(job.id)
        #expect(found == job)
        #expect(found.identity == new.identity && found.name == new.name && found.folder == new.folder)
        #expect(found.account == "acc" && found.priority == .interactive && found.payload == new.payload)
        #expect(found.stage == .discovered && found.state == .waiting && found.step == .settle)
        #expect(found.dueAt == due && found.createdAt == fixture.time.now && found.since == fixture.time.now)
        #expect(found.supersedes == old.id && found.attempt == 0 && found.fence == 0 && found.owner == nil)
        #expect(!found.key.isEmpty && found.key != old.key && found.reason == nil && found.openIntent == nil)
        #expect(try await fixture.store.job(old.id).state == .cancelled)
    }

    @Test("A batch gives one answer for each, in its order", arguments: LedgerFixture.Kind.allCases)
    func batch(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let names = ["b", "a", "b", "c"]
        let jobs = try await fixture.store.enqueue(names.map { .sample($0) })
        #expect(jobs.map(\.job.name) == names && jobs.map(\.isNew) == [true, true, false, true])
        #expect(jobs[0].job.id == jobs[2].job.id)
        #expect(try await fixture.store.enqueue([]).isEmpty)
        #expect(try await fixture.books().seen == 3)
    }

    @Test(
        "An outcome replaces the payload or leaves it, and the key stays with the job",
        arguments: LedgerFixture.Kind.allCases)
    func payload(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let job = try await fixture.add(.sample("a"))
        let first = try await fixture.claim()
        let kept = try await fixture.store.recordOutcome(.advanced(to: .upload), under: first.lease)
        #expect(kept.job.payload == job.payload && kept.job.key == job.key && !kept.isJoined)
        let second = try await fixture.claim()
        let changed = try await fixture.store.recordOutcome(
            .advanced(to: .submit), payload: #"{"url":"u"}"#, under: second.lease)
        #expect(changed.job.payload == #"{"url":"u"}"# && changed.job.key == job.key)
        #expect(try await fixture.other.job(job.id) == changed.job)
    }

    @Test("The history has every change with its reason", arguments: LedgerFixture.Kind.allCases)
    func history(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let job = try await fixture.add(.sample("a"))
        var claim = try await fixture.claim()
        fixture.time.advance(.seconds(1))
        claim.lease = try await fixture.store.renew(claim.lease, for: .seconds(60))
        let reason = JobReason(code: "no_network", message: "no way out", details: #"{"errno":101}"#)
        try await fixture.store.recordOutcome(
            .retry(at: fixture.time.now, reason, consumesAttempt: false), under: claim.lease)
        claim = try await fixture.claim()
        try await fixture.store.recordOutcome(.failed(.test), under: claim.lease)
        try await fixture.store.resolve([job.id], .retry)
        try await fixture.store.resolve([job.id], .pause(until: nil))
        try await fixture.store.resolve([job.id], .unpause)
        try await fixture.store.resolve([job.id], .cancel)
        let events = try await fixture.store.history(of: job.id)
        #expect(events.first?.verb == "enqueue" && events.first?.state == .waiting)
        #expect(
            events.map(\.state) == [
                .waiting, .running, .waiting, .running, .failed, .waiting, .paused, .waiting, .cancelled,
            ])
        #expect(events[2].reason == reason && events[2].attempt == 0)
        #expect(events[3].attempt == 1 && events[3].fence == 2)
        #expect(events[4].reason == .test)
        #expect(events.suffix(4).map(\.verb) == ["retry_requested", "pause", "unpause", "cancel"])
        #expect(events[2].at == fixture.time.now && events[0].at == fixture.time.now - .seconds(1))
        #expect(try await fixture.other.history(of: job.id) == events)
    }

    @Test("The record of an effect has all that it was given", arguments: LedgerFixture.Kind.allCases)
    func effects(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let job = try await fixture.add(at: .submit, "a")
        let claim = try await fixture.claim()
        let intent = StepIntent(
            .reconcile, bodyDigest: "d", deadline: fixture.time.now + .seconds(5),
            keyExpiresAt: fixture.time.now + .seconds(50), payload: #"{"b":1}"#)
        try await fixture.store.recordIntent(intent, under: claim.lease)
        await expectFailure(.notAllowed) { try await fixture.store.recordIntent(intent, under: claim.lease) }
        let open = try #require(try await fixture.other.steps(of: job.id).first)
        #expect(open.state == .intended && open.endedAt == nil && open.begunAt == fixture.time.now)
        #expect(open.step == .submit && open.fence == 1 && open.repetition == .reconcile && open.key == job.key)
        #expect(open.bodyDigest == "d" && open.payload == #"{"b":1}"#)
        #expect(open.deadline == intent.deadline && open.keyExpiresAt == intent.keyExpiresAt)
        #expect(try await fixture.other.job(job.id).openIntent?.id == open.id)
        fixture.time.advance(.seconds(3))
        try await fixture.store.recordOutcome(.advanced(to: .collect), under: claim.lease)
        var done = open
        (done.state, done.endedAt) = (.done, fixture.time.now)
        #expect(try await fixture.store.steps(of: job.id) == [done])
        #expect(try await fixture.store.job(job.id).openIntent == nil)
    }

    @Test(
        "Names of a result are listed in order, with the time at which each had it",
        arguments: LedgerFixture.Kind.allCases)
    func deliveries(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let identity = JobIdentity(contentHash: "h", pipeline: "p")
        func named(_ name: String, in folder: String, _ source: String? = nil) -> NewJob {
            NewJob(identity, name: name, folder: folder, source: source, step: .deliver)
        }
        let job = try await fixture.add(named("b", in: "one", "s1"))
        let claim = try await fixture.claim()
        // Comes while the first is being delivered.
        _ = try await fixture.other.enqueue([named("a", in: "two", "s2"), named("a", in: "one")])
        fixture.time.advance(.seconds(1))
        let result = try await fixture.store.recordOutcome(.delivered(claim.pendingDeliveries), under: claim.lease)
        #expect(result.job.state == .waiting && result.job.step == .deliver)
        let names = try await fixture.store.deliveries(of: job.id)
        #expect(names.map(\.folder) == ["one", "one", "two"] && names.map(\.name) == ["a", "b", "a"])
        #expect(names.map(\.source) == [nil, "s1", "s2"])
        #expect(names.map(\.deliveredAt) == [nil, fixture.time.now, nil])
        let rest = try await fixture.claim()
        #expect(Set(rest.pendingDeliveries.map(\.folder)) == ["one", "two"] && rest.pendingDeliveries.count == 2)
        #expect(try await fixture.store.knownSources(of: "two", among: ["s1", "s2", "s3"]) == ["s2"])
        #expect(try await fixture.store.knownSources(of: "two", among: []).isEmpty)
    }

    @Test("Text is found in names and reasons, in any case and any script", arguments: LedgerFixture.Kind.allCases)
    func text(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        for name in ["Ärger im Büro.jpg", "100%_sure.png", "plain", "ΣΊΣΥΦΟΣ"] { try await fixture.add(.sample(name)) }
        let claim = try await fixture.claim()
        let reason = JobReason(code: "x", message: "Kein Platz für Übung")
        try await fixture.store.recordOutcome(.failed(reason), under: claim.lease)
        func found(_ text: String) async throws -> [String] {
            try await fixture.store.list(JobFilter(text: text)).map(\.name)
        }
        #expect(try await found("ärger") == ["Ärger im Büro.jpg"])
        #expect(try await found("BÜRO") == ["Ärger im Büro.jpg"])
        #expect(try await found("übung") == [claim.job.name])
        #expect(try await found("%_") == ["100%_sure.png"])
        #expect(try await found("'; DROP TABLE jobs; --").isEmpty)
        #expect(try await found("").count == 4)
    }

    @Test("Pages of several states join without a gap", arguments: LedgerFixture.Kind.allCases)
    func pages(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        for number in 0..<23 { try await fixture.add(.sample("job \(number)", folder: "f\(number % 2)")) }
        for claim in try await fixture.store.claim(ClaimRequest(limit: 7)) {
            try await fixture.store.recordOutcome(.failed(.test), under: claim.lease)
        }
        for filter in [JobFilter(states: [.waiting, .failed]), JobFilter(), JobFilter(folder: "f1")] {
            var seen: [Job] = []
            var page = filter
            page.limit = 4
            while let last = try await { () async throws -> Job? in
                let jobs = try await fixture.store.list(page)
                seen += jobs
                return jobs.last
            }() {
                page.before = last.id
            }
            var whole = filter
            whole.limit = 1000
            #expect(seen == (try await fixture.store.list(whole)))
            #expect(seen.count == (filter.folder == nil ? 23 : 11))
        }
        #expect(try await fixture.store.list(JobFilter(limit: 0)).isEmpty)
        #expect(try await fixture.store.list(JobFilter(limit: -1)).isEmpty)
    }

    @Test("Since counts from the moment itself", arguments: LedgerFixture.Kind.allCases)
    func since(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        try await fixture.add(.sample("before"))
        fixture.time.advance(.milliseconds(5))
        try await fixture.add(.sample("at"))
        let moment = fixture.time.now
        fixture.time.advance(.milliseconds(1))
        try await fixture.add(.sample("after"))
        #expect(try await fixture.store.list(JobFilter(since: moment)).map(\.name) == ["after", "at"])
        let later = LedgerInstant(milliseconds: moment.milliseconds + 1)
        #expect(try await fixture.store.list(JobFilter(since: later)).map(\.name) == ["after"])
    }

    @Test("Jobs that are not there are passed over, or named", arguments: LedgerFixture.Kind.allCases)
    func missing(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let job = try await fixture.add(.sample("a"))
        let nobody = try #require(JobID(String(repeating: "0", count: 26)))
        await expectFailure(.notFound) { _ = try await fixture.store.job(nobody) }
        #expect(try await fixture.store.list(JobFilter(ids: [nobody, job.id, job.id])).map(\.id) == [job.id])
        #expect(try await fixture.store.resolve([nobody, job.id, job.id], .cancel).map(\.id) == [job.id])
        #expect(try await fixture.store.history(of: nobody).isEmpty)
        #expect(try await fixture.store.steps(of: nobody).isEmpty)
        #expect(try await fixture.store.deliveries(of: nobody).isEmpty)
    }

    @Test("Holds are listed by kind and scope, and each is kept once", arguments: LedgerFixture.Kind.allCases)
    func holds(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let store = fixture.store
        try await store.pause(.step(.fit), until: nil, reason: .test)
        try await store.pause(.folder("b"), until: nil, reason: .test)
        try await store.pause(.folder("a"), until: nil, reason: .test)
        try await store.pause(.account("a"), until: nil, reason: .test)
        try await store.park(account: "a", until: fixture.time.now + .seconds(5), reason: .test)
        fixture.time.advance(.seconds(1))
        let other = JobReason(code: "again", message: "again", details: "{}")
        try await fixture.other.pause(.folder("a"), until: nil, reason: other)
        let holds = try await store.holds()
        #expect(holds.map(\.kind) == [.park, .pause, .pause, .pause, .pause])
        #expect(holds.map(\.scope) == [.account("a"), .account("a"), .folder("a"), .folder("b"), .step(.fit)])
        #expect(holds[2].reason == other && holds[2].since == fixture.time.now)
        // Lifting a pause leaves the parked account parked.
        try await store.unpause(.account("a"))
        try await store.unpause(.account("never"))
        #expect(try await store.holds().map(\.kind) == [.park, .pause, .pause, .pause])
    }
}
