// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import Testing

/// Any store must pass these: clocks are set back by administrators, by NTP and by machines without a battery.
@Suite("A clock that is set back") struct ClockConformanceTests {
    private let day = Duration.seconds(86_400)

    @Test("Jobs stay in the order in which they came", arguments: LedgerFixture.Kind.allCases)
    func order(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        var names: [String] = []
        for number in 0..<6 {
            names.append("job \(number)")
            try await fixture.add(.sample("job \(number)"))
            if number == 2 { fixture.time.setForward(.zero - day) }
        }
        #expect(try await fixture.store.list(JobFilter()).map(\.name) == names.reversed())
        #expect(try await fixture.store.claim(ClaimRequest(limit: 9)).count >= 3)
    }

    @Test(
        "What waits is due after its own delay, and not after the jump as well",
        arguments: LedgerFixture.Kind.allCases)
    func due(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let job = try await fixture.add(.sample("a"))
        let claim = try await fixture.claim()
        let at = fixture.time.now + .seconds(60)
        try await fixture.store.recordOutcome(.retry(at: at, .test), under: claim.lease)
        fixture.time.setForward(.zero - day)
        // Whoever looks first notices the jump: the delay begins again.
        #expect(try await fixture.store.claim(ClaimRequest()).isEmpty)
        fixture.time.advance(.seconds(59))
        #expect(try await fixture.store.claim(ClaimRequest()).isEmpty)
        fixture.time.advance(.seconds(1))
        #expect(try await fixture.claim().job.id == job.id)
    }

    @Test(
        "An account parked for minutes is parked for minutes, and a pause until a named moment lasts until then",
        arguments: LedgerFixture.Kind.allCases)
    func holds(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        try await fixture.store.park(account: "a", until: fixture.time.now + .seconds(300), reason: .test)
        let named = fixture.time.now + .seconds(400)
        try await fixture.store.pause(
            .folder("f"), until: named, reason: JobReason(code: JobReason.byRequest, message: "paused by a person"))
        fixture.time.setForward(.zero - day)
        #expect(try await fixture.store.claim(ClaimRequest()).isEmpty)
        #expect(try await fixture.store.holds().count == 2)
        fixture.time.advance(.seconds(300))
        let left = try await fixture.store.holds()
        #expect(left.map(\.kind) == [.pause] && left.first?.until == named)
    }

    @Test(
        "A worker that lives keeps its job, and a lease that is not renewed ends",
        arguments: LedgerFixture.Kind.allCases)
    func leases(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        try await fixture.add(.sample("a"))
        var claim = try await fixture.claim(lease: .seconds(60))
        fixture.time.setForward(.zero - day)
        for _ in 0..<4 {
            fixture.time.advance(.seconds(30))
            claim.lease = try await fixture.store.renew(claim.lease, for: .seconds(60))
            #expect(try await fixture.other.claim(ClaimRequest()).isEmpty)
        }
        for _ in 0..<2 {
            fixture.time.advance(.seconds(61))
            _ = try await fixture.other.claim(ClaimRequest([.settle]))
        }
        #expect(try await fixture.other.claim(ClaimRequest()).count == 1)
        await expectFailure(.staleLease) { _ = try await fixture.store.renew(claim.lease, for: .seconds(60)) }
    }

    @Test("Nothing is forgotten too early", arguments: LedgerFixture.Kind.allCases)
    func pruning(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        _ = try await fixture.add(at: .deliver, "done")
        let claim = try await fixture.claim()
        try await fixture.store.recordOutcome(.delivered(claim.pendingDeliveries), under: claim.lease)
        fixture.time.setForward(.zero - day * 100)
        #expect(try await fixture.store.prune(PruningPolicy(delivered: .seconds(1))) == 0)
        fixture.time.setForward(day * 100)
        fixture.time.advance(.seconds(2))
        #expect(try await fixture.store.prune(PruningPolicy(delivered: .seconds(1))) == 1)
        #expect(try await fixture.books().areBalanced)
    }

    @Test("Pauses end with their time, however the clock came there", arguments: LedgerFixture.Kind.allCases)
    func pauses(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let job = try await fixture.add(.sample("a"))
        try await fixture.store.pause(.all, until: fixture.time.now + .seconds(10), reason: .test)
        fixture.time.setForward(.zero - day)
        #expect(try await fixture.store.claim(ClaimRequest()).isEmpty)
        #expect(try await fixture.store.holds().count == 1)
        fixture.time.setForward(day + .seconds(10))
        #expect(try await fixture.store.holds().isEmpty)
        #expect(try await fixture.claim().job.id == job.id)
    }

    @Test(
        "Moments at the ends of all numbers are long ago and never, and stop no other work",
        arguments: LedgerFixture.Kind.allCases)
    func extremes(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        for (name, moment) in [("never", Int.max), ("ago", .min)].map({ ($0, LedgerInstant(milliseconds: $1)) }) {
            try await fixture.add(.sample("\(name) again"))
            let claim = try await fixture.claim()
            #expect(claim.job.name == "\(name) again")
            try await fixture.store.recordOutcome(.retry(at: moment, .test), under: claim.lease)
            var new = NewJob.sample("\(name) due")
            new.dueAt = moment
            try await fixture.add(new)
            try await fixture.store.pause(.folder(name), until: moment, reason: .test)
            try await fixture.store.park(account: name, until: moment, reason: .test)
        }
        for jump in [.zero - day, day, .zero - day * 1000] {
            fixture.time.setForward(jump)
            fixture.time.advance(.seconds(1))
            let claims = try await fixture.store.claim(ClaimRequest(limit: 9))
            #expect(Set(claims.map(\.job.name)) == ["ago due", "ago again"])
            #expect(try await fixture.store.holds().map(\.scope) == [.account("never"), .folder("never")])
            for claim in claims { try await fixture.store.release(claim.lease) }
        }
    }

    @Test("The history tells the times as they were, in the order of happening", arguments: LedgerFixture.Kind.allCases)
    func history(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let job = try await fixture.add(.sample("a"))
        let first = fixture.time.now
        let claim = try await fixture.claim()
        fixture.time.setForward(.zero - day)
        try await fixture.store.release(claim.lease)
        let events = try await fixture.store.history(of: job.id)
        #expect(events.map(\.verb) == ["enqueue", "claim", "release"])
        #expect(events.map(\.at) == [first, first, first - day])
    }
}
