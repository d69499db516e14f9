// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugTestSupport
import Testing

/// Any store must pass these: whose turn it is, against a list that is searched from end to end for each claim.
@Suite("Turns, against a plain list") struct TurnModelTests {
    struct Case: Sendable {
        var kind: LedgerFixture.Kind
        var seed: UInt64
    }

    static let cases = (UInt64(1)...3).flatMap { seed in
        LedgerFixture.Kind.allCases.map { Case(kind: $0, seed: seed) }
    }

    @Test(
        "Each claim hands out those jobs, in that order, that the rules of turns, ageing and holds name",
        arguments: cases)
    func agrees(_ test: Case) async throws {
        let policy = LedgerPolicy(ageing: .seconds(30))
        var run = TurnRun(
            fixture: try await LedgerFixture(test.kind, policy: policy, seed: test.seed),
            random: SeededGenerator(seed: test.seed &+ 77))
        for _ in 0..<90 {
            run.fixture.time.advance(.milliseconds(Int.random(in: 1...12_000, using: &run.random)))
            try await run.act()
        }
        #expect(run.handedOut > 20 && run.aged > 0 && run.heldUp > 0)
    }
}

/// What the documentation says about turns, without lanes, indexes or tables.
private struct TurnModel {
    struct Waiting {
        var job: Job
        var dueAt: Int
    }

    struct Lane: Hashable {
        var folder: String
        var account: String
        var step: JobStep
        var priority: JobPriority

        init(_ job: Job) { (folder, account, step, priority) = (job.folder, job.account, job.step, job.priority) }
    }

    var waiting: [Waiting] = []
    /// Each folder's place in the order of turns: the later served, the greater.
    var turns: [String: Int] = [:]
    var lastTurn: [Lane: Int] = [:]
    var holds: [(scope: PauseScope, isPark: Bool, until: Int)] = []

    func isHeld(_ job: Job, _ now: Int) -> Bool {
        holds.contains { hold in
            guard hold.until > now, !hold.isPark || job.step == .submit else { return false }
            return switch hold.scope {
            case .all: true
            case .folder(let name): job.folder == name
            case .account(let name): job.account == name
            case .step(let step): job.step == step
            }
        }
    }

    /// Background work whose lane had no turn in half a minute, although a job of it could have run.
    func isAged(_ entry: Waiting, _ now: Int) -> Bool {
        entry.job.priority == .background && now - max(entry.dueAt, lastTurn[Lane(entry.job)] ?? 0) >= 30_000
    }

    mutating func claim(_ steps: Set<JobStep>, _ limit: Int, _ now: Int) -> (ids: [JobID], aged: Int, held: Int) {
        var (ids, aged, held) = ([JobID](), 0, 0)
        for _ in 0..<limit {
            let due = waiting.filter { steps.contains($0.job.step) && $0.dueAt <= now }
            let free = due.filter { !isHeld($0.job, now) }
            held += due.count - free.count
            func rank(_ entry: Waiting) -> (Int, Int, Int, JobID) {
                let isUrgent = entry.job.priority == .interactive || isAged(entry, now)
                return (isUrgent ? 0 : 1, turns[entry.job.folder] ?? 0, entry.dueAt, entry.job.id)
            }
            guard let best = free.min(by: { rank($0) < rank($1) }) else { break }
            if isAged(best, now) { aged += 1 }
            waiting.removeAll { $0.job.id == best.job.id }
            turns[best.job.folder] = (turns.values.max() ?? 0) + 1
            lastTurn[Lane(best.job)] = now
            ids.append(best.job.id)
        }
        return (ids, aged, held)
    }
}

private struct TurnRun {
    let fixture: LedgerFixture
    var random: SeededGenerator
    var model = TurnModel()
    var claims: [ClaimedJob] = []
    var (handedOut, aged, heldUp) = (0, 0, 0)
    private var count = 0

    init(fixture: LedgerFixture, random: SeededGenerator) { (self.fixture, self.random) = (fixture, random) }

    private var now: Int { fixture.time.now.milliseconds }

    mutating func act() async throws {
        let store = Bool.random(using: &random) ? fixture.store : fixture.other
        switch Int.random(in: 0..<10, using: &random) {
        case 0...2: try await enqueue(store)
        case 3...5: try await claim(store)
        case 6...7: try await hold(store)
        default:
            guard let index = claims.indices.randomElement(using: &random) else { return }
            try await end(claims.remove(at: index))
        }
    }

    private mutating func enqueue(_ store: any LedgerStore) async throws {
        var new: [NewJob] = []
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            count += 1
            var job = NewJob.sample(
                "job \(count)", folder: "f\(Int.random(in: 0..<3, using: &random))",
                account: "a\(count % 2)", priority: count % 3 == 0 ? .interactive : .background,
                step: [.fit, .upload, .submit].randomElement(using: &random))
            job.dueAt = fixture.time.now + .milliseconds(Int.random(in: -40_000...20_000, using: &random))
            new.append(job)
        }
        for enqueued in try await store.enqueue(new) {
            model.waiting.append(.init(job: enqueued.job, dueAt: enqueued.job.dueAt.milliseconds))
        }
    }

    private mutating func claim(_ store: any LedgerStore) async throws {
        let all: [JobStep] = [.fit, .upload, .submit]
        let steps = Set(Bool.random(using: &random) ? all : [all.randomElement(using: &random) ?? .fit])
        let limit = Int.random(in: 1...4, using: &random)
        let expected = model.claim(steps, limit, now)
        let claimed = try await store.claim(ClaimRequest(steps, limit: limit, lease: .seconds(86_400)))
        #expect(claimed.map(\.job.id) == expected.ids)
        (handedOut, aged, heldUp) = (handedOut + claimed.count, aged + expected.aged, heldUp + expected.held)
        claims += claimed
    }

    private mutating func hold(_ store: any LedgerStore) async throws {
        let scopes: [PauseScope] = [.all, .folder("f0"), .folder("f1"), .account("a0"), .step(.upload), .step(.submit)]
        let scope = scopes.randomElement(using: &random) ?? .all
        let until = fixture.time.now + .milliseconds(Int.random(in: 1...60_000, using: &random))
        let isPark = if case .account = scope { Bool.random(using: &random) } else { false }
        model.holds.removeAll { $0.scope == scope && $0.isPark == isPark }
        if Int.random(in: 0..<2, using: &random) == 0 {
            if isPark { try await store.unpark(account: "a0") } else { try await store.unpause(scope) }
            return
        }
        model.holds.append((scope, isPark, until.milliseconds))
        if isPark {
            try await store.park(account: "a0", until: until, reason: .test)
        } else {
            try await store.pause(scope, until: until, reason: .test)
        }
    }

    private mutating func end(_ claim: ClaimedJob) async throws {
        let at = fixture.time.now + .milliseconds(Int.random(in: -5_000...15_000, using: &random))
        let next = [JobStep.fit, .upload, .submit].randomElement(using: &random) ?? .fit
        let outcome: StepOutcome =
            Bool.random(using: &random) ? .advanced(to: next, at: at) : .retry(at: at, .test)
        let job = try await fixture.store.recordOutcome(outcome, under: claim.lease).job
        #expect(job.dueAt == at)
        model.waiting.append(.init(job: job, dueAt: at.milliseconds))
    }
}
