// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugLedger

/// Rescues compare what they saw with what is there: two that rescue at once, or one that comes late, change nothing twice.
@Suite("Rescues that meet") struct RescueTests {
    let folder: TemporaryFolder
    let time = TestTime()
    let policy = LedgerPolicy(maximumCrashes: 5)

    init() throws { folder = try TemporaryFolder() }

    private func open() async throws -> SQLiteLedger {
        try await SQLiteLedger.open(
            folder.path.appending("ledger.sqlite"),
            configuration: LedgerConfiguration(policy: policy, environment: time.environment))
    }

    private func rescue(_ seen: Job, in ledger: SQLiteLedger) async throws {
        let policy = policy
        try await ledger.transact { try $0.rescue(seen, .leaseExpired, policy: policy) }
    }

    @Test("The same loss is rescued once, whoever sees it how often")
    func twice() async throws {
        let (one, two) = (try await open(), try await open())
        _ = try await one.enqueue([.sample("a")])
        let claim = try await one.claim(ClaimRequest())[0]
        let seen = try await two.job(claim.job.id)
        time.advance(.milliseconds(1))
        try await rescue(seen, in: two)
        let rescued = try await one.job(seen.id)
        #expect(rescued.state == .waiting && rescued.crashes == 1 && rescued.attempt == 1)
        try await rescue(seen, in: one)
        try await rescue(seen, in: two)
        #expect(try await one.job(seen.id) == rescued)
        #expect(try await one.history(of: seen.id).map(\.verb) == ["enqueue", "claim", "rescue"])
    }

    @Test("A lease that was renewed between the look and the rescue stays")
    func renewed() async throws {
        let (one, two) = (try await open(), try await open())
        _ = try await one.enqueue([.sample("a")])
        let claim = try await one.claim(ClaimRequest())[0]
        let seen = try await two.job(claim.job.id)
        time.advance(.seconds(1))
        let lease = try await one.renew(claim.lease, for: .seconds(60))
        try await rescue(seen, in: two)
        #expect(try await two.job(seen.id).state == .running)
        #expect(try await one.recordOutcome(.advanced(to: .upload), under: lease).job.step == .upload)
    }

    @Test("A job that went to another worker between the look and the rescue stays with that")
    func claimedAgain() async throws {
        let (one, two) = (try await open(), try await open())
        _ = try await one.enqueue([.sample("a")])
        let first = try await one.claim(ClaimRequest())[0]
        let seen = try await two.job(first.job.id)
        try await one.release(first.lease)
        let second = try await one.claim(ClaimRequest())[0]
        // The same worker, the same moment and attempt: only the number of the claim differs.
        #expect(second.lease.owner == first.lease.owner && second.lease.attempt == first.lease.attempt)
        try await rescue(seen, in: two)
        #expect(try await two.job(seen.id).state == .running)
        await expectFailure(.staleLease) { _ = try await one.release(first.lease) }
        try await one.release(second.lease)
    }

    @Test("An effect under way is closed with the rescue, once, and the key stays for whoever asks the provider")
    func effects() async throws {
        let (one, two) = (try await open(), try await open())
        _ = try await one.enqueue([.sample("a", step: .submit)])
        let claim = try await one.claim(ClaimRequest())[0]
        try await one.recordIntent(StepIntent(.reconcile, bodyDigest: "d"), under: claim.lease)
        let seen = try await two.job(claim.job.id)
        time.advance(.seconds(5))
        try await rescue(seen, in: two)
        try await rescue(seen, in: one)
        let steps = try await two.steps(of: seen.id)
        #expect(steps.map(\.state) == [.unknown] && steps[0].endedAt == time.now && steps[0].key == claim.job.key)
        let job = try await two.job(seen.id)
        #expect(job.step == .reconcile && job.isOutcomeUnknown && job.key == claim.job.key)
        // The worker that was away learns that it lost the job, and records nothing.
        await expectFailure(.staleLease) {
            _ = try await one.recordOutcome(.advanced(to: .collect), under: claim.lease)
        }
        #expect(try await two.steps(of: seen.id) == steps)
    }

    @Test("A change that was made meanwhile is not overwritten: the one who comes late is told")
    func compareAndSet() async throws {
        let ledger = try await open()
        let job = try await ledger.enqueue([.sample("a")])[0].job
        let stale = job
        try await ledger.resolve([job.id], .cancel)
        await expectFailure(.staleLease) {
            try await ledger.transact { transaction in
                var changed = stale
                changed.claim(by: "nobody", for: .seconds(60), now: transaction.now)
                try transaction.save(changed, replacing: stale, verb: "claim")
            }
        }
        #expect(try await ledger.job(job.id).state == .cancelled)
        #expect(try await ledger.history(of: job.id).map(\.verb) == ["enqueue", "cancel"])
    }

    @Test("Many that claim while leases run out hand each job to one worker, and count each loss once")
    func crowd() async throws {
        let first = try await open()
        _ = try await first.enqueue((0..<20).map { .sample("job \($0)") })
        let lost = try await first.claim(ClaimRequest(limit: 20, lease: .seconds(10)))
        #expect(lost.count == 20)
        var ledgers: [SQLiteLedger] = []
        for _ in 0..<3 { ledgers.append(try await open()) }
        for ledger in ledgers {
            time.advance(.seconds(10))
            #expect(try await ledger.claim(ClaimRequest([.settle])).isEmpty)
        }
        time.advance(.seconds(10))
        let claimed = try await withThrowingTaskGroup(of: [ClaimedJob].self) { group in
            for ledger in ledgers { group.addTask { try await ledger.claim(ClaimRequest(limit: 20)) } }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        // One that has lost a worker runs alone; so each round hands out one.
        #expect(Set(claimed.map(\.job.id)).count == claimed.count && !claimed.isEmpty)
        for job in try await first.list(JobFilter()) {
            let events = try await first.history(of: job.id).map(\.verb)
            #expect(events.filter { $0 == "rescue" }.count == 1, "\(job.name)")
            #expect(job.fence == (job.state == .running ? 2 : 1))
        }
    }
}
