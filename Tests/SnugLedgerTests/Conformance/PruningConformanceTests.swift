// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugTestSupport
import Testing

/// Any store must pass these.
@Suite("Forgetting, by age and state") struct PruningConformanceTests {
    /// Each state by the verbs that lead there.
    private func bring(_ job: Job, to state: JobState, in fixture: LedgerFixture) async throws {
        func claim() async throws -> ClaimedJob {
            try #require(try await fixture.store.claim(ClaimRequest(limit: 99)).first { $0.job.id == job.id })
        }
        switch state {
        case .waiting: break
        case .running: _ = try await claim()
        case .paused: try await fixture.store.resolve([job.id], .pause(until: nil))
        case .cancelled: try await fixture.store.resolve([job.id], .cancel)
        case .failed: try await fixture.store.recordOutcome(.failed(.test), under: claim().lease)
        case .held: try await fixture.store.recordOutcome(.held(.test), under: claim().lease)
        case .delivered:
            let claim = try await claim()
            try await fixture.store.recordOutcome(.delivered(claim.pendingDeliveries), under: claim.lease)
        }
    }

    static let ages: [(policy: PruningPolicy, ages: [JobState: Duration])] = [
        (PruningPolicy(), [.delivered: .seconds(2_592_000), .cancelled: .seconds(2_592_000)]),
        (PruningPolicy(delivered: nil, cancelled: nil, failed: nil), [:]),
        (
            PruningPolicy(delivered: .seconds(5), cancelled: nil, failed: .seconds(5)),
            [.delivered: .seconds(5), .failed: .seconds(5)]
        ),
        (PruningPolicy(delivered: nil, cancelled: .milliseconds(1), failed: nil), [.cancelled: .milliseconds(1)]),
    ]

    @Test(
        "A job is forgotten a millisecond after its time, and states without one are kept for ever",
        arguments: LedgerFixture.Kind.allCases, ages.indices)
    func states(kind: LedgerFixture.Kind, row: Int) async throws {
        let (policy, ages) = Self.ages[row]
        for state in JobState.allCases {
            let fixture = try await LedgerFixture(kind)
            let job = try await fixture.add(.sample("\(state)"))
            fixture.time.advance(.seconds(1))
            try await bring(job, to: state, in: fixture)
            guard let age = ages[state] else {
                fixture.time.advance(.seconds(400 * 86_400))
                #expect(try await fixture.store.prune(policy) == 0, "\(state)")
                continue
            }
            // From when it came into its state, not from when it was put in.
            fixture.time.advance(age)
            #expect(try await fixture.store.prune(policy) == 0, "\(state)")
            fixture.time.advance(.milliseconds(1))
            #expect(try await fixture.other.prune(policy) == 1, "\(state)")
            #expect(try await fixture.store.list(JobFilter()).isEmpty)
            #expect(try await fixture.store.history(of: job.id).isEmpty)
            #expect(try await fixture.store.deliveries(of: job.id).isEmpty)
            let books = try await fixture.books()
            #expect(books.areBalanced && books.seen == 1 && books.count(state) == 1)
        }
    }

    @Test(
        "A key that a provider may still honour keeps its job, to the millisecond",
        arguments: LedgerFixture.Kind.allCases)
    func keys(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let job = try await fixture.add(at: .submit)
        let expiry = fixture.time.now + .seconds(100)
        let claim = try await fixture.claim()
        try await fixture.store.recordIntent(StepIntent(.never, keyExpiresAt: expiry), under: claim.lease)
        try await fixture.store.recordOutcome(.failed(.test), under: claim.lease)
        let policy = PruningPolicy(failed: .seconds(1))
        fixture.time.advance(.milliseconds(99_999))
        #expect(try await fixture.store.prune(policy) == 0)
        // Putting the same work in again finds it, so that its key is sent again instead of a new one.
        let again = try await fixture.add(.sample("a", step: .submit))
        #expect(again.id == job.id && again.key == job.key)
        fixture.time.advance(.milliseconds(1))
        #expect(try await fixture.store.prune(policy) == 1)
        #expect(try await fixture.add(.sample("a", step: .submit)).key != job.key)
    }

    @Test(
        "What may have been paid for is never forgotten, also when it was given up",
        arguments: LedgerFixture.Kind.allCases)
    func unknown(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let job = try await fixture.add(at: .submit)
        let claim = try await fixture.claim()
        try await fixture.store.recordIntent(StepIntent(.never), under: claim.lease)
        try await fixture.store.recordOutcome(.unknown(.test), under: claim.lease)
        try await fixture.store.resolve([job.id], .drop)
        fixture.time.advance(.seconds(1000 * 86_400))
        #expect(try await fixture.store.prune(PruningPolicy(failed: .zero)) == 0)
        let kept = try await fixture.store.job(job.id)
        #expect(kept.state == .cancelled && kept.isOutcomeUnknown)
        // And it can still be decided on.
        #expect(try await fixture.store.resolve([job.id], .payAgain).count == 1)
    }

    @Test(
        "A folder and a source that were forgotten may come again, and count again",
        arguments: LedgerFixture.Kind.allCases)
    func again(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        let new = NewJob.sample("a", source: "s")
        for round in 1...3 {
            let job = try await fixture.add(new)
            #expect(try await fixture.store.knownSources(of: "in", among: ["s"]) == ["s"])
            try await fixture.store.resolve([job.id], .cancel)
            fixture.time.advance(.seconds(2))
            #expect(try await fixture.store.prune(PruningPolicy(cancelled: .seconds(1))) == 1)
            #expect(try await fixture.store.knownSources(of: "in", among: ["s"]).isEmpty)
            let books = try await fixture.books()
            #expect(books.seen == round && books.count(.cancelled) == round && books.areBalanced)
        }
    }

    @Test("Thousands are forgotten in one call, with their names and histories, and one that is not due stays")
    func many() async throws {
        let fixture = try await LedgerFixture(.sqlite)
        let jobs = try await fixture.store.enqueue((0..<1_203).map { .sample("job \($0)", folder: "f\($0 % 7)") })
        try await fixture.store.resolve(jobs.map(\.job.id), .cancel)
        fixture.time.advance(.seconds(2))
        let late = try await fixture.add(.sample("late"))
        try await fixture.store.resolve([late.id], .cancel)
        #expect(try await fixture.store.prune(PruningPolicy(cancelled: .seconds(1))) == 1_203)
        #expect(try await fixture.store.list(JobFilter()).map(\.id) == [late.id])
        let books = try await fixture.store.books()
        #expect(books.count == 8 && books.values.allSatisfy { $0.areBalanced })
        #expect(books["f0"]?.count(.cancelled) == 172 && books["f6"]?.count(.cancelled) == 171)
    }

    @Test("Pruning that is cancelled stops between its transactions, and leaves the books balanced")
    func cancelled() async throws {
        let fixture = try await LedgerFixture(.sqlite)
        let job = try await fixture.add(.sample("a"))
        try await fixture.store.resolve([job.id], .cancel)
        fixture.time.advance(.seconds(2))
        let store = fixture.store
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await store.prune(PruningPolicy(cancelled: .seconds(1)))
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(try await fixture.books().areBalanced)
        #expect(try await store.list(JobFilter()).count == 1)
    }
}
