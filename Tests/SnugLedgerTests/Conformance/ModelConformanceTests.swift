// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugTestSupport
import Testing

/// Any store must pass these: random sequences of verbs against what the documentation promises.
@Suite("Random verbs against the promises") struct ModelConformanceTests {
    struct Case: Sendable {
        var kind: LedgerFixture.Kind
        var seed: UInt64
    }

    static let cases = (UInt64(1)...3).flatMap { seed in
        LedgerFixture.Kind.allCases.map { Case(kind: $0, seed: seed) }
    }

    @Test(
        "States, decisions and books are as promised after every verb, and nothing in doubt is submitted",
        arguments: cases)
    func agrees(_ test: Case) async throws {
        var run = ModelRun(
            fixture: try await LedgerFixture(test.kind, seed: test.seed),
            random: SeededGenerator(seed: test.seed &+ 1000))
        for _ in 0..<60 {
            run.fixture.time.advance(.milliseconds(Int.random(in: 1...5_000, using: &run.random)))
            try await run.act()
            try await run.check()
        }
        #expect(run.model.seen > 4 && run.claims.count < run.model.seen)
    }
}

/// A ledger, what it should be, and the work that is in hand.
private struct ModelRun {
    let fixture: LedgerFixture
    var random: SeededGenerator
    var model = LedgerModel()
    var claims: [ClaimedJob] = []
    private var names: Set<String> = []

    init(fixture: LedgerFixture, random: SeededGenerator) { (self.fixture, self.random) = (fixture, random) }

    func check() async throws {
        let books = try await fixture.books()
        #expect(books.areBalanced && books.seen == model.seen && books.joined == model.joined)
        #expect(books.states.filter { $0.value > 0 } == model.states.filter { $0.value > 0 })
        let jobs = try await fixture.other.list(JobFilter(limit: 1000))
        #expect(Set(jobs.map(\.id)) == Set(model.entries.keys))
        for job in jobs {
            let entry = model.entries[job.id]
            #expect(job.state == entry?.state && job.step == entry?.step && job.isOutcomeUnknown == entry?.isUnknown)
            #expect((job.openIntent != nil) == (entry?.effect != nil))
            #expect((job.state == .running) == claims.contains { $0.job.id == job.id })
        }
    }

    mutating func act() async throws {
        let store = Bool.random(using: &random) ? fixture.store : fixture.other
        switch Int.random(in: 0..<14, using: &random) {
        case 0...2: try await enqueue(store)
        case 3...5:
            let claimed = try await store.claim(ClaimRequest(limit: 2, lease: .seconds(86_400)))
            for claim in claimed {
                let entry = model.entries[claim.job.id]
                #expect(entry?.state == .waiting && claim.job.step == entry?.step)
                // Not while a submission before it may have been paid for.
                #expect(claim.job.step != .submit || entry?.isUnknown == false)
                model.claimed(claim.job.id)
            }
            claims += claimed
        case 6...9:
            guard let index = claims.indices.randomElement(using: &random) else { return }
            try await end(claims.remove(at: index))
        case 10: try await prune(store)
        default:
            let ids = model.entries.keys.sorted()
            let decisions: [JobResolution] = [.retry, .payAgain, .drop, .cancel, .pause(until: nil), .unpause]
            guard let id = ids.randomElement(using: &random), let decision = decisions.randomElement(using: &random)
            else { return }
            let isAllowed = model.resolved(id, decision)
            #expect(try await !store.resolve([id], decision).isEmpty == isAllowed, "\(decision)")
        }
    }

    private mutating func enqueue(_ store: any LedgerStore) async throws {
        let number = Int.random(in: 0..<25, using: &random)
        var new = NewJob.sample("content \(number)", folder: "f\(number % 2)", step: number % 3 == 0 ? .submit : nil)
        new.name = "name \(Int.random(in: 0..<3, using: &random))"
        let result = try await store.enqueue([new])[0]
        model.enqueued(result, isNewName: names.insert("\(result.job.id) \(new.folder) \(new.name)").inserted)
    }

    private mutating func prune(_ store: any LedgerStore) async throws {
        let before = Set(model.entries.keys)
        let count = try await store.prune(
            PruningPolicy(delivered: .seconds(60), cancelled: .seconds(90), failed: .seconds(120)))
        let left = try await Set(store.list(JobFilter(limit: 1000)).map(\.id))
        let gone = before.subtracting(left)
        #expect(gone.count == count)
        for id in gone {
            let entry = model.entries[id]
            #expect([.delivered, .cancelled, .failed].contains(entry?.state) && entry?.isUnknown == false)
        }
        model.forgotten(gone)
    }

    private mutating func end(_ claim: ClaimedJob) async throws {
        let (store, id) = (fixture.store, claim.job.id)
        let kinds: [StepIntent.Repetition] = claim.job.step == .submit ? [.reconcile, .never] : [.safe]
        if !claim.job.isOutcomeUnknown, let kind = kinds.randomElement(using: &random) {
            try await store.recordIntent(StepIntent(kind), under: claim.lease)
            model.intended(id, kind)
        }
        let later = fixture.time.now + .seconds(3)
        let outcomes: [StepOutcome?] = [
            nil, .failed(.test), .held(.test), .unknown(.test), .retry(at: later, .test), .delivered([]),
            .delivered(claim.pendingDeliveries), .advanced(to: .submit), .advanced(to: .collect),
            .advanced(to: .deliver),
        ]
        guard let outcome = outcomes.randomElement(using: &random) ?? nil else {
            try await store.release(claim.lease)
            return model.interrupted(id)
        }
        let pending = try await store.deliveries(of: id).filter { $0.deliveredAt == nil }
        try await store.recordOutcome(outcome, under: claim.lease)
        var isComplete = false
        if case .delivered(let names) = outcome { isComplete = Set(pending).isSubset(of: names) }
        model.ended(id, outcome, isComplete: isComplete)
    }
}
