// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugTestSupport
import Testing

/// The stores in databases against the plain one in memory.
@Suite("Random work") struct RandomWorkTests {
    /// The parts of a job that both must agree on.
    private struct Shape: Equatable {
        var name: String
        var stage: JobStage
        var state: JobState
        var step: JobStep
        var counts: [Int]
        var flags: [Bool]
        var reason: String?

        init(_ job: Job) {
            (name, stage, state, step) = (job.name, job.stage, job.state, job.step)
            counts = [job.attempt, job.crashes, job.fence, job.dueAt.milliseconds, job.since.milliseconds]
            flags = [job.isOutcomeUnknown, job.isCancelRequested, job.openIntent != nil, job.leaseUntil != nil]
            reason = job.reason?.code
        }
    }

    @Test("All stores come to the same end, and the books balance at every moment", arguments: UInt64(1)...6)
    func agree(seed: UInt64) async throws {
        var fixtures: [LedgerFixture] = []
        for kind in LedgerFixture.Kind.allCases { fixtures.append(try await LedgerFixture(kind, seed: seed)) }
        var shapes: [[Shape]] = []
        for fixture in fixtures {
            var random = SeededGenerator(seed: seed)
            var claims: [ClaimedJob] = []
            for _ in 0..<120 {
                fixture.time.advance(.milliseconds(Int.random(in: 1...9_000, using: &random)))
                try await act(on: fixture, &claims, &random)
                #expect(try await fixture.store.books().values.allSatisfy { $0.areBalanced })
            }
            shapes.append(try await fixture.store.list(JobFilter(limit: 1000)).map { Shape($0) })
        }
        #expect(shapes.dropFirst().allSatisfy { $0 == shapes[0] })
        #expect(shapes[0].count > 10)
    }

    private func act(
        on fixture: LedgerFixture, _ claims: inout [ClaimedJob], _ random: inout SeededGenerator
    ) async throws {
        let store = Bool.random(using: &random) ? fixture.store : fixture.other
        switch Int.random(in: 0..<12, using: &random) {
        case 0...2:
            let number = Int.random(in: 0..<30, using: &random)
            let new = NewJob.sample(
                "job \(number)", folder: "f\(number % 3)", account: "a\(number % 2)",
                priority: number % 4 == 0 ? .interactive : .background, step: number % 5 == 0 ? .submit : nil)
            _ = try await store.enqueue([new])
        case 3...5: claims += try await store.claim(ClaimRequest(limit: 2, lease: .seconds(86_400)))
        case 6...9:
            guard let index = claims.indices.randomElement(using: &random) else { return }
            try await end(claims.remove(at: index), fixture, &random)
        case 10:
            let until = fixture.time.now + .seconds(Int.random(in: 1...30, using: &random))
            if Bool.random(using: &random) {
                try await store.park(account: "a0", until: until, reason: .test)
            } else {
                try await store.pause(.folder("f1"), until: until, reason: .test)
            }
        default:
            let jobs = try await store.list(JobFilter(limit: 1000))
            guard let job = jobs.randomElement(using: &random) else { return }
            let decisions: [JobResolution] = [.retry, .payAgain, .drop, .cancel, .pause(until: nil), .unpause]
            try await store.resolve([job.id], decisions.randomElement(using: &random) ?? .retry)
        }
    }

    private func end(
        _ claim: ClaimedJob, _ fixture: LedgerFixture, _ random: inout SeededGenerator
    ) async throws {
        let store = fixture.store
        let repetition = [StepIntent.Repetition.safe, .reconcile, .never].randomElement(using: &random) ?? .safe
        if claim.job.step != .reconcile, Bool.random(using: &random) {
            try await store.recordIntent(StepIntent(repetition), under: claim.lease)
        }
        let steps: [JobStep] = [.fit, .upload, .submit, .collect, .deliver]
        switch Int.random(in: 0..<8, using: &random) {
        case 0: try await store.release(claim.lease)
        case 1: try await store.recordOutcome(.failed(.test), under: claim.lease)
        case 2: try await store.recordOutcome(.held(.test), under: claim.lease)
        case 3: try await store.recordOutcome(.unknown(.test), under: claim.lease)
        case 4:
            let soon = fixture.time.now + .seconds(5)
            let counts = Bool.random(using: &random)
            try await store.recordOutcome(.retry(at: soon, .test, consumesAttempt: counts), under: claim.lease)
        case 5: try await store.recordOutcome(.delivered(claim.pendingDeliveries), under: claim.lease)
        default:
            let next = steps.randomElement(using: &random) ?? .deliver
            try await store.recordOutcome(.advanced(to: next), under: claim.lease)
        }
    }
}
