// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugLedger

/// Jobs whose input has to be brought first, and jobs of some folders only.
@Suite("Jobs of several hosts, one by one") struct SetBackTests {
    @Test(
        "A step that needs its input first has reached nothing", arguments: [JobStep.fit, .upload, .submit, .deliver])
    func setBack(step: JobStep) async throws {
        let fixture = try await LedgerFixture(.memory)
        let before = try await fixture.add(at: step).stage
        let claim = try await fixture.claim()
        let job = try await fixture.store.recordOutcome(.advanced(to: .settle), under: claim.lease).job
        #expect(job.step == .settle && job.state == .waiting && job.stage == before && job.attempt == 0)
        let again = try await fixture.claim([.settle])
        let brought = try await fixture.store.recordOutcome(.advanced(to: .fit), under: again.lease).job
        #expect(brought.step == .fit && brought.stage == .settled)
    }

    @Test("A host forgets the jobs of its own folders only", arguments: LedgerFixture.Kind.allCases)
    func pruning(kind: LedgerFixture.Kind) async throws {
        let fixture = try await LedgerFixture(kind)
        for folder in ["in@a", "in@b", "in@c"] {
            let job = try await fixture.add(.sample("job of \(folder)", folder: folder))
            _ = try await fixture.store.resolve([job.id], .cancel)
        }
        fixture.time.advance(.seconds(100))
        var policy = PruningPolicy(cancelled: .seconds(10))
        policy.folders = []
        #expect(try await fixture.store.prune(policy) == 0)
        policy.folders = ["in@a", "in@c", "in@d"]
        #expect(try await fixture.store.prune(policy) == 2)
        #expect(try await fixture.store.list(JobFilter()).map(\.folder) == ["in@b"])
        policy.folders = nil
        #expect(try await fixture.store.prune(policy) == 1)
        #expect(try await fixture.books().areBalanced)
    }

    @Test("A service is a ledger that hosts share, and a file is none")
    func shared() throws {
        #expect(try !LedgerLocation("/var/lib/snug/ledger.sqlite", isPrivate: true).isShared)
        #if Postgres
            #expect(try LedgerLocation("postgres://h/d", isPrivate: true).isShared)
        #endif
    }
}
