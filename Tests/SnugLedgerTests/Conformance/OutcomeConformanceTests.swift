// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import Testing

/// Any store must pass these.
@Suite("Recording what happened") struct OutcomeConformanceTests {
    @Test("Each step brings the job to its stage", arguments: LedgerFixture.Kind.allCases)
    func stages(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        var job = try await fixture.add(.sample("a"))
        let path: [(JobStep, JobStage)] = [
            (.upload, .fitted), (.submit, .uploaded), (.collect, .submitted), (.deliver, .completed),
        ]
        for (next, stage) in path {
            let claim = try await fixture.claim()
            fixture.time.advance(.seconds(1))
            job = try await fixture.store.recordOutcome(
                .advanced(to: next), payload: "{\"next\":\"\(next)\"}", under: claim.lease
            ).job
            #expect(job.stage == stage && job.step == next && job.state == .waiting && job.attempt == 0)
            #expect(job.payload == "{\"next\":\"\(next)\"}" && job.since == fixture.time.now)
            #expect(try await fixture.other.job(job.id) == job)
        }
        let claim = try await fixture.claim()
        job = try await fixture.store.recordOutcome(.delivered(claim.pendingDeliveries), under: claim.lease).job
        #expect(job.stage == .delivered && job.state == .delivered && job.owner == nil)
        #expect(try await fixture.store.claim(ClaimRequest()).isEmpty)
        #expect(try await fixture.books().count(.delivered) == 1)
    }

    @Test(
        "Attempts are counted, but not those that a shutdown or the surroundings ended",
        arguments: LedgerFixture.Kind.allCases)
    func attempts(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        try await fixture.add(.sample("a"))
        var claim = try await fixture.claim()
        #expect(try await fixture.store.release(claim.lease).attempt == 0)
        claim = try await fixture.claim()
        let soon = fixture.time.now + .seconds(5)
        var job = try await fixture.store.recordOutcome(
            .retry(at: soon, .test, consumesAttempt: false), under: claim.lease
        ).job
        #expect(job.attempt == 0 && job.dueAt == soon && job.reason == .test && job.state == .waiting)
        #expect(try await fixture.store.claim(ClaimRequest()).isEmpty)
        fixture.time.advance(.seconds(5))
        claim = try await fixture.claim()
        #expect(claim.job.attempt == 1)
        job = try await fixture.store.recordOutcome(.retry(at: fixture.time.now, .test), under: claim.lease).job
        #expect(job.attempt == 1 && job.crashes == 0)
        #expect(try await fixture.claim().job.attempt == 2)
    }

    @Test("An effect is on record before it happens, and its end after", arguments: LedgerFixture.Kind.allCases)
    func effects(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let job = try await fixture.add(at: .submit)
        var claim = try await fixture.claim()
        let intent = StepIntent(
            .never, bodyDigest: "d", deadline: fixture.time.now + .seconds(9),
            keyExpiresAt: fixture.time.now + .seconds(99), payload: "{\"model\":\"m\"}")
        try await fixture.store.recordIntent(intent, under: claim.lease)
        var record = try #require(try await fixture.other.steps(of: job.id).first)
        #expect(record.state == .intended && record.key == job.key && record.bodyDigest == "d")
        #expect(record.deadline == intent.deadline && record.keyExpiresAt == intent.keyExpiresAt)
        #expect(record.payload == intent.payload && record.begunAt == fixture.time.now && record.endedAt == nil)
        await expectFailure(.notAllowed) { _ = try await fixture.store.recordIntent(intent, under: claim.lease) }
        fixture.time.advance(.seconds(1))
        try await fixture.store.recordOutcome(.retry(at: fixture.time.now, .test), under: claim.lease)
        record = try #require(try await fixture.other.steps(of: job.id).first)
        #expect(record.state == .failed && record.endedAt == fixture.time.now)
        claim = try await fixture.claim()
        try await fixture.store.recordIntent(intent, under: claim.lease)
        try await fixture.store.recordOutcome(.advanced(to: .collect), under: claim.lease)
        #expect(try await fixture.other.steps(of: job.id).map(\.state) == [.failed, .done])
        #expect(try await Set(fixture.other.steps(of: job.id).map(\.key)) == [job.key])
    }

    enum Ending: String, Sendable, CaseIterable { case release, lostLease, unknown }

    @Test(
        "A submission under way is never repeated by itself", arguments: LedgerFixture.Kind.allCases, Ending.allCases)
    func unknown(kind: LedgerFixture.Kind, ending: Ending) async throws {
        let fixture = try await LedgerFixture(kind)
        let job = try await fixture.add(at: .submit)
        let claim = try await fixture.claim(lease: .seconds(10))
        try await fixture.store.recordIntent(StepIntent(.never), under: claim.lease)
        try await end(ending, claim, fixture)
        let held = try await fixture.store.job(job.id)
        #expect(held.state == .held && held.isOutcomeUnknown && held.step == .submit)
        #expect(held.openIntent == nil)
        #expect(try await fixture.store.steps(of: job.id).map(\.state) == [.unknown])
        // A careless retry changes nothing; paying again is a decision of its own, with a key of its own.
        #expect(try await fixture.store.resolve([job.id], .retry).isEmpty)
        #expect(try await fixture.store.claim(ClaimRequest()).isEmpty)
        let again = try #require(try await fixture.store.resolve([job.id], .payAgain).first)
        #expect(again.state == .waiting && again.step == .submit && again.key != job.key && !again.isOutcomeUnknown)
        #expect(try await fixture.claim().job.id == job.id)
        #expect(try await fixture.books().areBalanced)
    }

    @Test(
        "A submission that the provider can be asked about is reconciled first",
        arguments: LedgerFixture.Kind.allCases, Ending.allCases)
    func reconciled(kind: LedgerFixture.Kind, ending: Ending) async throws {
        let fixture = try await LedgerFixture(kind)
        let job = try await fixture.add(at: .submit)
        var claim = try await fixture.claim(lease: .seconds(10))
        try await fixture.store.recordIntent(StepIntent(.reconcile), under: claim.lease)
        try await end(ending, claim, fixture)
        #expect(try await fixture.store.claim(ClaimRequest([.submit])).isEmpty)
        claim = try await fixture.claim([.reconcile])
        #expect(claim.job.isOutcomeUnknown)
        await expectFailure(.notAllowed) {
            _ = try await fixture.store.recordIntent(StepIntent(.never), under: claim.lease)
        }
        try await fixture.store.recordOutcome(.retry(at: fixture.time.now, .test), under: claim.lease)
        claim = try await fixture.claim()
        #expect(claim.job.step == .reconcile && claim.job.isOutcomeUnknown)
        // It never arrived, so that it may be sent, with its first key.
        let back = try await fixture.store.recordOutcome(.advanced(to: .submit), under: claim.lease).job
        #expect(back.step == .submit && !back.isOutcomeUnknown && back.key == job.key && back.stage == job.stage)
    }

    @Test("An upload under way just starts over", arguments: LedgerFixture.Kind.allCases, Ending.allCases)
    func safe(kind: LedgerFixture.Kind, ending: Ending) async throws {
        let fixture = try await LedgerFixture(kind)
        let job = try await fixture.add(at: .upload)
        let claim = try await fixture.claim(lease: .seconds(10))
        try await fixture.store.recordIntent(StepIntent(.safe), under: claim.lease)
        try await end(ending, claim, fixture)
        let waiting = try await fixture.store.job(job.id)
        #expect(waiting.state == .waiting && waiting.step == .upload && !waiting.isOutcomeUnknown)
        #expect(try await fixture.claim().job.id == job.id)
    }

    private func end(_ ending: Ending, _ claim: ClaimedJob, _ fixture: LedgerFixture) async throws {
        switch ending {
        case .release: try await fixture.store.release(claim.lease)
        case .unknown: try await fixture.store.recordOutcome(.unknown(.test), under: claim.lease)
        case .lostLease:
            for _ in 0..<2 {
                fixture.time.advance(.seconds(10))
                _ = try await fixture.other.claim(ClaimRequest([.settle]))
            }
        }
    }
}
