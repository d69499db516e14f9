// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugLedger
import SnugTestSupport
import SnugUpload
import Synchronization
import Testing

/// All statements that a ledger executes.
final class StatementLog: Sendable {
    private let kept = Mutex<Set<String>>([])
    var all: Set<String> { kept.withLock { $0 } }
    func add(_ sql: String) { kept.withLock { _ = $0.insert(sql) } }
}

/// Uses every verb and every store on a ledger, so that all their statements are seen.
struct AllVerbs {
    let ledger: SQLiteLedger

    init(_ ledger: SQLiteLedger) { self.ledger = ledger }

    func use() async throws {
        try await work()
        try await decide()
        try await look()
        try await keep()
        try await ledger.prune(PruningPolicy(delivered: .zero, cancelled: .zero, failed: .zero))
        try await ledger.checkIntegrity()
    }

    private var digestPayload: String { "\"\(String(repeating: "0123456789abcdef", count: 4))\"" }

    private func work() async throws {
        let new = (0..<12).map { NewJob.sample("job \($0)", folder: "f\($0 % 3)", account: "a", source: "s\($0)") }
        let jobs = try await ledger.enqueue(new + [new[0]])
        #expect(jobs.count == 13 && !jobs[12].isNew)
        var claims = try await ledger.claim(ClaimRequest(limit: 12))
        claims[0].lease = try await ledger.renew(claims[0].lease, for: .seconds(60))
        ledger.beginWork(under: claims[0].lease)
        ledger.endWork(under: claims[0].lease)
        try await ledger.recordIntent(StepIntent(.safe, keyExpiresAt: claims[0].lease.until), under: claims[0].lease)
        try await ledger.recordOutcome(.advanced(to: .upload), payload: digestPayload, under: claims[0].lease)
        try await ledger.recordOutcome(.delivered(claims[1].pendingDeliveries), under: claims[1].lease)
        try await ledger.recordOutcome(.failed(.test), under: claims[2].lease)
        try await ledger.recordOutcome(.held(.test), under: claims[3].lease)
        try await ledger.recordOutcome(.retry(at: claims[4].lease.until, .test), under: claims[4].lease)
        let hash = claims[5].job.identity.contentHash ?? ""
        try await ledger.recordOutcome(.identified(contentHash: hash, next: .fit), under: claims[6].lease)
        try await ledger.recordIntent(StepIntent(.never), under: claims[7].lease)
        try await ledger.release(claims[7].lease)
        try await ledger.release(claims[8].lease)
    }

    private func decide() async throws {
        let until = LedgerInstant(milliseconds: 1)
        try await ledger.park(account: "a", until: until, reason: .test)
        try await ledger.unpark(account: "a")
        for scope in [PauseScope.all, .folder("x"), .account("y"), .step(.fit)] {
            try await ledger.pause(scope, until: until, reason: .test)
            try await ledger.unpause(scope)
        }
        _ = try await ledger.holds()
        let jobs = try await ledger.list(JobFilter())
        for decision in [JobResolution.retry, .payAgain, .drop, .pause(until: until), .unpause, .cancel] {
            try await ledger.resolve(jobs.map(\.id), decision)
        }
        _ = try await ledger.claim(ClaimRequest([.settle]))
        let later = NewJob.sample("later", supersedes: jobs[0].id)
        _ = try await ledger.enqueue([later])
    }

    private func look() async throws {
        let jobs = try await ledger.list(JobFilter())
        let job = try #require(jobs.last)
        let now = job.createdAt
        let filters = [
            JobFilter(ids: jobs.map(\.id)), JobFilter(states: [.waiting, .held]), JobFilter(folder: "f1"),
            JobFilter(account: "a", since: now), JobFilter(text: "Job 1", before: jobs[0].id), JobFilter(text: "Größe"),
            JobFilter(states: [.failed], folder: "f1", account: "a", text: "x", limit: 3),
        ]
        for filter in filters { _ = try await ledger.list(filter) }
        _ = try await ledger.history(of: job.id)
        _ = try await ledger.steps(of: job.id)
        _ = try await ledger.deliveries(of: job.id)
        _ = try await ledger.knownSources(of: "f1", among: ["s1"])
        _ = try await ledger.referredObjects(among: ["d1", "d2"])
        _ = try await ledger.books()
        _ = try await ledger.facts()
    }

    private func keep() async throws {
        let uploads = LedgerUploadStore(ledger)
        _ = try await uploads.records()
        try await uploads.lock("k")
        await uploads.unlock("k")
        try await uploads.remove("k")
        try await uploads.saveHostLimit(HostLimit(ceiling: 1, until: 2), of: "h")
        let stores = GenerationStores.ledger(ledger)
        _ = try await stores.journal.records()
        #expect(try await stores.journal.claim("a"))
        await stores.journal.release("a")
        #expect(try await stores.jobClaims.claim("7", account: "x", for: "a", now: 1))
        #expect(try await !LedgerJobClaims(ledger).claim("7", account: "x", for: "b", now: 1))
        _ = try await stores.jobClaims.jobs(of: "x", exceptFor: "b")
        try await stores.accountLimits.takeSlot("x", of: 2)?.release()
        try await stores.accountStates.update("x") { $0 = AccountState() }
        for kind in DocumentKind.allCases {
            try await ledger.save("{}", as: kind, "k", expiresAt: LedgerInstant(milliseconds: .max))
            _ = try await ledger.documents(kind)
            try await ledger.remove(kind, "k")
        }
    }
}
