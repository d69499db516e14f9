// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugTestSupport
import Testing

/// Any store must pass these: the reach of random requests, against a list that is searched from end to end.
@Suite("Reach, against a plain list") struct ReachModelTests {
    struct Case: Sendable {
        var kind: LedgerFixture.Kind
        var seed: UInt64
    }

    static let cases = (UInt64(1)...4).flatMap { seed in
        LedgerFixture.Kind.allCases.map { Case(kind: $0, seed: seed) }
    }

    @Test("A host is handed exactly the jobs within its reach, and together they are handed all", arguments: cases)
    func agrees(_ test: Case) async throws {
        let fixture = try await LedgerFixture(test.kind, seed: test.seed)
        var random = SeededGenerator(seed: test.seed &+ 500)
        let hosts = ["a", "b", "c"]
        let (folders, steps) = (
            hosts.flatMap { ["in@\($0)", "more@\($0)"] }, [JobStep.fit, .submit, .collect, .deliver]
        )
        for _ in 0..<60 {
            let number = Int.random(in: 0..<25, using: &random)
            var new = NewJob.sample(
                "content \(number)", folder: folders.randomElement(using: &random) ?? "",
                account: ["", "rich", "poor"][number % 3], step: steps[number % 4])
            new.name = "name \(Int.random(in: 0..<4, using: &random))"
            _ = try await fixture.store.enqueue([new])
        }
        // Some names are delivered.
        for claim in try await fixture.store.claim(ClaimRequest([.deliver], limit: 4)) {
            let some = Array(claim.pendingDeliveries.dropLast())
            try await fixture.store.recordOutcome(.delivered(some), under: claim.lease)
        }
        for _ in 0..<25 {
            let reach = ClaimReach(
                boundSteps: Set(steps.filter { _ in Bool.random(using: &random) }),
                folders: Set(folders.filter { _ in Int.random(in: 0..<3, using: &random) == 0 }),
                accounts: Bool.random(using: &random) ? nil : ["rich"])
            let asked = Set(steps.filter { _ in Int.random(in: 0..<4, using: &random) > 0 })
            var expected: Set<JobID> = []
            for job in try await fixture.store.list(JobFilter(states: [.waiting], limit: 1000)) {
                let waiting = try await fixture.store.deliveries(of: job.id).filter { $0.deliveredAt == nil }
                let isNear =
                    !reach.boundSteps.contains(job.step) || waiting.contains { reach.folders.contains($0.folder) }
                let canPay = reach.accounts == nil || job.account != "poor" || ![.submit, .collect].contains(job.step)
                if asked.contains(job.step), isNear, canPay { expected.insert(job.id) }
            }
            let claimed = try await fixture.other.claim(ClaimRequest(asked, limit: 1000, reach: reach))
            #expect(Set(claimed.map(\.job.id)) == expected)
            for claim in claimed { _ = try await fixture.other.release(claim.lease) }
        }
        #expect(try await fixture.books().areBalanced)
    }
}
