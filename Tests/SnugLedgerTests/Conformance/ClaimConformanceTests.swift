// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import Testing

/// Any store must pass these.
@Suite("Handing work out") struct ClaimConformanceTests {
    @Test("A job has one worker at a time, and a number that grows", arguments: LedgerFixture.Kind.allCases)
    func claims(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let job = try await fixture.add(.sample("a"))
        let claim = try await fixture.claim()
        #expect(claim.job.id == job.id && claim.job.state == .running && claim.job.attempt == 1)
        #expect(claim.lease.until == fixture.time.now + .seconds(60))
        #expect(try await fixture.other.claim(ClaimRequest()).isEmpty)
        try await fixture.store.release(claim.lease)
        let again = try #require(try await fixture.other.claim(ClaimRequest()).first)
        #expect(again.lease.fence > claim.lease.fence)
        // What the first worker still says does not count.
        await expectFailure(.staleLease) { _ = try await fixture.store.renew(claim.lease, for: .seconds(1)) }
        await expectFailure(.staleLease) {
            _ = try await fixture.store.recordOutcome(.delivered([]), under: claim.lease)
        }
        await expectFailure(.staleLease) {
            _ = try await fixture.store.recordIntent(StepIntent(.never), under: claim.lease)
        }
        await expectFailure(.staleLease) { _ = try await fixture.store.release(claim.lease) }
    }

    @Test("Workers get the steps that they ask for, when they are due", arguments: LedgerFixture.Kind.allCases)
    func steps(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let upload = try await fixture.add(at: .upload, "u")
        var later = NewJob.sample("f")
        later.dueAt = fixture.time.now + .seconds(5)
        let fit = try await fixture.add(later)
        #expect(try await fixture.store.claim(ClaimRequest([.fit, .submit], limit: 5)).isEmpty)
        #expect(try await fixture.store.claim(ClaimRequest([.upload], limit: 5)).map(\.job.id) == [upload.id])
        fixture.time.advance(.seconds(5))
        #expect(try await fixture.store.claim(ClaimRequest([.fit], limit: 5)).map(\.job.id) == [fit.id])
    }

    @Test("Folders take turns, however much is in each", arguments: LedgerFixture.Kind.allCases)
    func fairness(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        for number in 0..<20 { try await fixture.add(.sample("big \(number)", folder: "big")) }
        for number in 0..<3 { try await fixture.add(.sample("small \(number)", folder: "small")) }
        let claimed = try await fixture.store.claim(ClaimRequest(limit: 6))
        #expect(claimed.map(\.job.folder) == ["big", "small", "big", "small", "big", "small"])
        #expect(claimed.filter { $0.job.folder == "big" }.map(\.job.name) == ["big 0", "big 1", "big 2"])
    }

    @Test("However many jobs one claim takes, they are those of many claims", arguments: LedgerFixture.Kind.allCases)
    func manyAtOnce(kind: LedgerFixture.Kind) async throws {
        var names: [[String]] = []
        for limit in [1, 7, 90] {
            let fixture = try await LedgerFixture(kind)
            for number in 0..<80 { try await fixture.add(.sample("big \(number)", folder: "big")) }
            for number in 0..<45 { try await fixture.add(.sample("small \(number)", folder: "small")) }
            var claimed: [String] = []
            while claimed.count < 90 {
                let jobs = try await fixture.store.claim(ClaimRequest(limit: min(limit, 90 - claimed.count)))
                try #require(!jobs.isEmpty)
                claimed += jobs.map(\.job.name)
            }
            names.append(claimed)
            let rest = try await fixture.store.claim(ClaimRequest(limit: 100)).map(\.job.name)
            #expect(rest.count == 35 && Set(rest + claimed).count == 125)
            #expect(try await fixture.store.claim(ClaimRequest(limit: 100)).isEmpty)
        }
        #expect(names[0].prefix(4) == ["big 0", "small 0", "big 1", "small 1"])
        #expect(names[1] == names[0] && names[2] == names[0])
    }

    @Test("Interactive work goes first, and background work still gets a turn", arguments: LedgerFixture.Kind.allCases)
    func priorities(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind, policy: LedgerPolicy(ageing: .seconds(30)))
        for number in 0..<5 { try await fixture.add(.sample("slow \(number)")) }
        fixture.time.advance(.seconds(10))
        for number in 0..<10 { try await fixture.add(.sample("fast \(number)", priority: .interactive)) }
        #expect(try await fixture.store.claim(ClaimRequest(limit: 3)).allSatisfy { $0.job.priority == .interactive })
        fixture.time.advance(.seconds(20))
        // One of the background has waited long enough; it takes one turn, not all of them.
        let mixed = try await fixture.store.claim(ClaimRequest(limit: 4)).map(\.job.priority)
        #expect(mixed.filter { $0 == .background }.count == 1)
        fixture.time.advance(.seconds(30))
        let later = try await fixture.store.claim(ClaimRequest(limit: 4)).map(\.job.priority)
        #expect(later.filter { $0 == .background }.count == 1)
    }

    @Test("A lease that is renewed lasts; one that is not is taken away", arguments: LedgerFixture.Kind.allCases)
    func leases(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        try await fixture.add(.sample("a"))
        var claim = try await fixture.claim(lease: .seconds(60))
        for _ in 0..<5 {
            fixture.time.advance(.seconds(50))
            claim.lease = try await fixture.store.renew(claim.lease, for: .seconds(60))
            #expect(try await fixture.other.claim(ClaimRequest()).isEmpty)
        }
        fixture.time.advance(.seconds(60))
        #expect(try await fixture.other.claim(ClaimRequest()).isEmpty)
        fixture.time.advance(.seconds(60))
        let rescued = try #require(try await fixture.other.claim(ClaimRequest()).first)
        #expect(rescued.lease.fence == claim.lease.fence + 1)
        await expectFailure(.staleLease) { _ = try await fixture.store.renew(claim.lease, for: .seconds(60)) }
        #expect(
            try await fixture.store.history(of: claim.job.id).map(\.verb) == ["enqueue", "claim", "rescue", "claim"])
    }

    @Test(
        "Work that loses its worker twice is quarantined, until a person retries it",
        arguments: LedgerFixture.Kind.allCases)
    func quarantine(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let job = try await fixture.add(.sample("a"))
        for _ in 0..<2 {
            _ = try await fixture.claim(lease: .seconds(10))
            for _ in 0..<2 {
                fixture.time.advance(.seconds(10))
                _ = try await fixture.other.claim(ClaimRequest([.upload]))
            }
        }
        #expect(try await fixture.other.claim(ClaimRequest()).isEmpty)
        let held = try await fixture.store.job(job.id)
        #expect(held.state == .held && held.reason?.code == JobReason.quarantined && held.crashes == 2)
        #expect(try await fixture.store.resolve([job.id], .retry).map(\.state) == [.waiting])
        #expect(try await fixture.claim().job.id == job.id)
        #expect(try await fixture.books().areBalanced)
    }

    @Test("A step that succeeds clears the suspicion", arguments: LedgerFixture.Kind.allCases)
    func cleared(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let job = try await fixture.add(.sample("a"))
        for step in [JobStep.upload, .submit, .collect] {
            _ = try await fixture.claim(lease: .seconds(10))
            for _ in 0..<2 {
                fixture.time.advance(.seconds(10))
                _ = try await fixture.other.claim(ClaimRequest([.reconcile]))
            }
            let claim = try await fixture.claim()
            try await fixture.store.recordOutcome(.advanced(to: step), under: claim.lease)
        }
        let now = try await fixture.store.job(job.id)
        #expect(now.state == .waiting && now.step == .collect && now.stage == .submitted && now.crashes == 0)
    }
}
