// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import Testing

/// Any store must pass these.
@Suite("Pauses, decisions, lists and forgetting") struct DecisionConformanceTests {
    @Test("A parked account holds up its own submissions and nothing else", arguments: LedgerFixture.Kind.allCases)
    func parked(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let poor = try await fixture.add(at: .submit, "poor", account: "a")
        let paid = try await fixture.add(at: .collect, "paid", account: "a")
        let rich = try await fixture.add(at: .submit, "rich", account: "b")
        let until = fixture.time.now + .seconds(60)
        try await fixture.store.park(account: "a", until: until, reason: .test)
        let hold = try #require(try await fixture.other.holds().first)
        #expect(hold.kind == .park && hold.scope == .account("a") && hold.until == until && hold.reason == .test)
        let claimed = try await fixture.other.claim(ClaimRequest(limit: 9)).map(\.job.id)
        #expect(Set(claimed) == [paid.id, rich.id])
        fixture.time.advance(.seconds(60))
        #expect(try await fixture.store.holds().isEmpty)
        #expect(try await fixture.claim().job.id == poor.id)
        let next = try await fixture.add(at: .submit, "next", account: "a")
        try await fixture.store.park(account: "a", until: fixture.time.now + .seconds(60), reason: .test)
        #expect(try await fixture.store.claim(ClaimRequest()).isEmpty)
        try await fixture.other.unpark(account: "a")
        #expect(try await fixture.claim().job.id == next.id)
    }

    static let scopes: [PauseScope] = [.all, .folder("in"), .account("a"), .step(.upload)]

    @Test("A pause lasts until its time or until it is lifted", arguments: LedgerFixture.Kind.allCases, scopes)
    func paused(kind: LedgerFixture.Kind, scope: PauseScope) async throws {
        let fixture = try await LedgerFixture(kind)
        _ = try await fixture.add(at: .upload, "x", account: "a")
        let other = NewJob.sample("y", folder: "other", account: "b", step: .fit)
        try await fixture.add(other)
        try await fixture.store.pause(scope, until: nil, reason: .test)
        let claimed = try await fixture.other.claim(ClaimRequest(limit: 9)).map(\.job.name)
        #expect(claimed == (scope == .all ? [] : ["y"]))
        try await fixture.other.pause(scope, until: fixture.time.now + .seconds(5), reason: .test)
        #expect(try await fixture.store.holds().count == 1)
        #expect(try await !fixture.store.claim(ClaimRequest(limit: 9)).contains { $0.job.name == "x" })
        fixture.time.advance(.seconds(5))
        #expect(try await fixture.store.claim(ClaimRequest(limit: 9)).contains { $0.job.name == "x" })
        try await fixture.store.pause(scope, until: nil, reason: .test)
        try await fixture.store.unpause(scope)
        #expect(try await fixture.store.holds().isEmpty)
    }

    @Test("A single job is paused and comes back", arguments: LedgerFixture.Kind.allCases)
    func pausedJob(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let job = try await fixture.add(.sample("a"))
        #expect(try await fixture.store.resolve([job.id], .pause(until: nil)).map(\.state) == [.paused])
        #expect(try await fixture.store.claim(ClaimRequest()).isEmpty)
        #expect(try await fixture.books().waiting == 1)
        #expect(try await fixture.store.resolve([job.id], .unpause).map(\.state) == [.waiting])
        try await fixture.store.resolve([job.id], .pause(until: fixture.time.now + .seconds(5)))
        #expect(try await fixture.store.claim(ClaimRequest()).isEmpty)
        fixture.time.advance(.seconds(5))
        #expect(try await fixture.claim().job.id == job.id)
    }

    @Test("A job that runs is cancelled when its worker next asks", arguments: LedgerFixture.Kind.allCases)
    func cancelled(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let job = try await fixture.add(.sample("a"))
        let claim = try await fixture.claim()
        #expect(try await fixture.other.resolve([job.id], .cancel).map(\.state) == [.running])
        #expect(try await fixture.store.renew(claim.lease, for: .seconds(60)).isCancelRequested)
        #expect(try await fixture.store.release(claim.lease).state == .cancelled)
        let waiting = try await fixture.add(.sample("b"))
        #expect(try await fixture.store.resolve([waiting.id], .cancel).map(\.state) == [.cancelled])
        #expect(try await fixture.store.resolve([waiting.id], .cancel).isEmpty)
        // Cancelled while it may be being paid for: nobody forgets that.
        let paid = try await fixture.add(at: .submit, "c")
        let submission = try await fixture.claim()
        try await fixture.store.recordIntent(StepIntent(.reconcile), under: submission.lease)
        try await fixture.store.resolve([paid.id], .cancel)
        let held = try await fixture.store.release(submission.lease)
        #expect(held.state == .held && held.isOutcomeUnknown)
        #expect(try await fixture.store.resolve([paid.id], .drop).map(\.state) == [.cancelled])
        #expect(try await fixture.books().areBalanced)
    }

    @Test("Decisions apply where the state allows them", arguments: LedgerFixture.Kind.allCases)
    func decisions(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let job = try await fixture.add(.sample("a"))
        for decision in [JobResolution.retry, .payAgain, .drop, .unpause] {
            #expect(try await fixture.store.resolve([job.id], decision).isEmpty)
        }
        var claim = try await fixture.claim()
        try await fixture.store.recordOutcome(.failed(.test), under: claim.lease)
        #expect(try await fixture.store.job(job.id).reason == .test)
        #expect(try await fixture.store.resolve([job.id], .retry).map(\.state) == [.waiting])
        claim = try await fixture.claim()
        try await fixture.store.recordOutcome(.held(.test), under: claim.lease)
        #expect(try await fixture.store.resolve([job.id], .drop).map(\.state) == [.cancelled])
        #expect(try await fixture.store.resolve([job.id], .retry).map(\.state) == [.waiting])
        claim = try await fixture.claim()
        try await fixture.store.recordOutcome(.delivered(claim.pendingDeliveries), under: claim.lease)
        for decision in [JobResolution.retry, .payAgain, .drop, .cancel, .pause(until: nil)] {
            #expect(try await fixture.store.resolve([job.id], decision).isEmpty)
        }
    }

    @Test("Lists filter by all that they offer, newest first, page by page", arguments: LedgerFixture.Kind.allCases)
    func lists(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        var jobs: [Job] = []
        for number in 0..<12 {
            let new = NewJob.sample(
                "Name \(number)", folder: "f\(number % 2)", account: "a\(number % 3)",
                priority: number % 2 == 0 ? .background : .interactive)
            jobs.append(try await fixture.add(new))
            fixture.time.advance(.seconds(1))
        }
        try await fixture.store.resolve([jobs[3].id, jobs[4].id], .cancel)
        func names(_ filter: JobFilter) async throws -> [Int] {
            try await fixture.other.list(filter).map { job in jobs.firstIndex { $0.id == job.id } ?? -1 }
        }
        #expect(try await names(JobFilter()) == Array((0..<12).reversed()))
        #expect(try await names(JobFilter(states: [.cancelled])) == [4, 3])
        #expect(try await names(JobFilter(states: [.cancelled, .waiting], folder: "f1")) == [11, 9, 7, 5, 3, 1])
        #expect(try await names(JobFilter(account: "a0")) == [9, 6, 3, 0])
        #expect(try await names(JobFilter(folder: "f0", account: "a1")) == [10, 4])
        #expect(try await names(JobFilter(since: jobs[9].createdAt)) == [11, 10, 9])
        #expect(try await names(JobFilter(text: "name 1")) == [11, 10, 1])
        #expect(try await names(JobFilter(text: "CANCELLED")) == [4, 3])
        #expect(try await names(JobFilter(limit: 3)) == [11, 10, 9])
        #expect(try await names(JobFilter(before: jobs[9].id, limit: 3)) == [8, 7, 6])
        #expect(try await names(JobFilter(ids: [jobs[2].id, jobs[7].id])) == [7, 2])
        #expect(try await names(JobFilter(limit: 0)).isEmpty)
    }

    @Test("What is over is forgotten in its time, and stays in the books", arguments: LedgerFixture.Kind.allCases)
    func pruned(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        for (name, outcome) in [("f", StepOutcome.failed(.test)), ("h", .held(.test))] {
            try await fixture.add(.sample(name))
            let claim = try await fixture.claim()
            try await fixture.store.recordOutcome(outcome, under: claim.lease)
        }
        for (name, keyAge) in [("plain", 0), ("key", 60)] {
            _ = try await fixture.add(at: .submit, name)
            let claim = try await fixture.claim()
            let intent = StepIntent(.never, keyExpiresAt: fixture.time.now + .seconds(keyAge * 86_400))
            try await fixture.store.recordIntent(intent, under: claim.lease)
            try await fixture.store.recordOutcome(.delivered(claim.pendingDeliveries), under: claim.lease)
        }
        let waiting = try await fixture.add(.sample("w"))
        fixture.time.advance(.seconds(29 * 86_400))
        #expect(try await fixture.store.prune(PruningPolicy()) == 0)
        fixture.time.advance(.seconds(2 * 86_400))
        #expect(try await fixture.store.prune(PruningPolicy()) == 1)
        #expect(try await Set(fixture.store.list(JobFilter()).map(\.name)) == ["f", "h", "key", "w"])
        fixture.time.advance(.seconds(30 * 86_400))
        #expect(try await fixture.store.prune(PruningPolicy(failed: .seconds(86_400))) == 2)
        #expect(try await Set(fixture.store.list(JobFilter()).map(\.name)) == ["h", "w"])
        let books = try await fixture.books()
        #expect(books.seen == 5 && books.areBalanced && books.count(.delivered) == 2 && books.count(.failed) == 1)
        #expect(try await fixture.claim().job.id == waiting.id)
    }
}
