// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugLedger
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// What becomes of jobs while the storage, the ledger or a host fails.
@Suite(.serialized) struct FleetFaultTests {
    private let fleet: FleetFixture

    init() async throws { fleet = try await FleetFixture() }

    @Test(
        "While the storage is away work stands still, which is told; no job fails, and all is done afterwards",
        arguments: [StorageError.Code.unavailable, .damaged])
    func outage(code: StorageError.Code) async throws {
        fleet.storage.fail(with: StorageError(code, "the storage is away", retryAfter: .milliseconds(1)))
        for number in 0..<3 { try fleet.folder.write(WatchImages.small(number), to: "a/inbox/\(number).jpg") }
        let fleet = fleet
        try await fleet.whileRunning([try await fleet.host("a"), try await fleet.worker()]) {
            try await fleet.waitUntil("refusals") { fleet.storage.refusedCount >= 3 }
            try await fleet.waitUntil("the reason") {
                let jobs = try await fleet.jobs()
                return jobs.count == 3 && jobs.allSatisfy { $0.reason?.code == code.rawValue && $0.attempt == 0 }
            }
            #expect(fleet.files("a/outbox") == [] && fleet.files("a/failed") == [])
            guard code == .unavailable else { return }
            #expect(fleet.count(on: "a") { if case .paused = $0 { true } else { false } } == 1)
            fleet.storage.fail(with: nil)
            try await fleet.waitUntil("results") { fleet.files("a/done").count == 3 }
        }
        if code == .unavailable { try await fleet.check(hosts: ["a", "worker"]) }
    }

    @Test("An input that the storage has lost is brought again by the host that has the file")
    func lostInput() async throws {
        try fleet.folder.write(WatchImages.small(1), to: "a/inbox/a.jpg")
        let (fleet, host) = (fleet, try await fleet.host("a"))
        try await fleet.whileRunning([host]) {
            try await fleet.waitUntil("the job") { try await fleet.jobs().first?.step == .fit }
            let digest = try #require(try await fleet.jobs().first?.identity.contentHash)
            try await fleet.storage.remove(digest)
            try await fleet.whileRunning([try await fleet.worker()]) {
                try await fleet.waitUntil("the result") { fleet.files("a/done") == ["a.jpg"] }
            }
            let job = try #require(try await fleet.jobs().first)
            let steps = try await fleet.ledger.history(of: job.id).filter { $0.verb == "advance" }.map(\.step)
            #expect(steps == [.fit, .settle, .fit, .deliver] && job.state == .delivered)
        }
        try await fleet.check(hosts: ["a", "worker"])
    }

    @Test("A fitted image that the storage has lost is made again")
    func lostResult() async throws {
        try fleet.folder.write(WatchImages.small(1), to: "a/inbox/a.jpg")
        let fleet = fleet
        // The host goes once its input is stored, and comes back when the result is gone.
        try await fleet.whileRunning([try await fleet.host("a")]) {
            try await fleet.waitUntil("the job") { try await fleet.jobs().first?.step == .fit }
        }
        try await fleet.worker().runOnce()
        let job = try #require(try await fleet.jobs().first)
        #expect(job.step == .deliver)
        try await fleet.storage.remove(try #require(JobPayload(text: job.payload).fitted).digest)
        try await fleet.whileRunning([try await fleet.host("a"), try await fleet.worker()]) {
            try await fleet.waitUntil("the result") { fleet.files("a/done") == ["a.jpg"] }
        }
        try await fleet.check(hosts: ["a", "worker"])
    }

    @Test("A job of a host without a storage says what it waits for when a worker sends it back")
    func mixed() async throws {
        try fleet.folder.write(WatchImages.small(1), to: "a/inbox/a.jpg")
        let fleet = fleet
        try await fleet.whileRunning([try await fleet.host("a", hasStorage: false), try await fleet.worker()]) {
            try await fleet.waitUntil("the reason") { try await fleet.jobs().first?.reason?.code == "storage_needed" }
        }
        try await fleet.whileRunning([try await fleet.host("a"), try await fleet.worker()]) {
            _ = try await fleet.ledger.resolve(try await fleet.jobs().map(\.id), .pause(until: nil))
            _ = try await fleet.ledger.resolve(try await fleet.jobs().map(\.id), .cancel)
            _ = try await fleet.ledger.resolve(try await fleet.jobs().map(\.id), .retry)
            try await fleet.waitUntil("the result") { fleet.files("a/outbox") == ["a.jpg"] }
        }
    }

    @Test("A worker whose lease ran out leaves no trace: another does the job, and there is one result")
    func lateWorker() async throws {
        try fleet.folder.write(WatchImages.small(1), to: "a/inbox/a.jpg")
        let fleet = fleet
        let (begun, goes) = (AsyncEvent(), AsyncEvent())
        let late = try await fleet.worker(
            "late", ledger: DeafLedger(try await fleet.open()),
            fit: { source, limits, policy in
                begun.signal()
                await goes.wait()
                return try await DaemonFixture.engine(source, limits, policy)
            }, lease: .milliseconds(300))
        try await fleet.whileRunning([try await fleet.host("a")]) {
            try await fleet.waitUntil("the job") { try await fleet.jobs().first?.step == .fit }
            try await fleet.whileRunning([late]) {
                await begun.wait()
                try await fleet.whileRunning([try await fleet.worker()]) {
                    try await fleet.waitUntil("the result") { fleet.files("a/done") == ["a.jpg"] }
                }
                goes.signal()
            }
        }
        #expect(fleet.files("a/outbox") == ["a.jpg"])
        let job = try #require(try await fleet.jobs().first)
        #expect(try await fleet.ledger.history(of: job.id).contains { $0.verb == "rescue" })
        try await fleet.check(hosts: ["a", "late", "worker"])
    }

    @Test("A host whose lease ran out while it fitted does not deliver: whoever has the job does")
    func lateHost() async throws {
        try fleet.folder.write(WatchImages.small(1), to: "a/inbox/a.jpg")
        let fleet = fleet
        let (begun, goes) = (AsyncEvent(), AsyncEvent())
        let isFirst = Mutex(true)
        let host = try await fleet.host(
            "a", fits: 1, ledger: DeafLedger(try await fleet.open()),
            fit: { source, limits, policy in
                if isFirst.withLock({ first in
                    defer { first = false }; return first
                }) {
                    begun.signal()
                    await goes.wait()
                    // Another result than the one that counts.
                    return try await DaemonFixture.engine(source, Limits(byteLimit: 600), policy)
                }
                return try await DaemonFixture.engine(source, limits, policy)
            }, lease: .milliseconds(500))
        try await fleet.whileRunning([host]) {
            await begun.wait()
            try await fleet.whileRunning([try await fleet.worker()]) {
                try await fleet.waitUntil("the fit") {
                    let job = try await fleet.jobs().first
                    return job?.step == .deliver || job?.state == .delivered
                }
                goes.signal()
                try await fleet.waitUntil("the result") { try await fleet.jobs().first?.state == .delivered }
                try await fleet.waitUntil("the source") { fleet.files("a/done") == ["a.jpg"] }
            }
        }
        #expect(fleet.files("a/outbox") == ["a.jpg"])
    }
}

/// A ledger that cannot be told that its worker lives, as when the process stands still.
final class DeafLedger: LedgerStore {
    private struct CutOff: Error {}
    private let ledger: SQLiteLedger
    private let hasFit = Mutex(false)

    init(_ ledger: SQLiteLedger) { self.ledger = ledger }

    func renew(_ lease: JobLease, for duration: Duration) async throws -> JobLease {
        throw CutOff()
    }

    func enqueue(_ jobs: [NewJob]) async throws -> [EnqueuedJob] { try await ledger.enqueue(jobs) }

    /// Claims fits once: whoever stands still asks for nothing.
    func claim(_ request: ClaimRequest) async throws -> [ClaimedJob] {
        var request = request
        if hasFit.withLock({ $0 }) { request.steps.remove(.fit) }
        guard !request.steps.isEmpty else { return [] }
        let claimed = try await ledger.claim(request)
        if claimed.contains(where: { $0.job.step == .fit }) { hasFit.withLock { $0 = true } }
        return claimed
    }

    func beginWork(under lease: JobLease) async { ledger.beginWork(under: lease) }
    func endWork(under lease: JobLease) async { ledger.endWork(under: lease) }
    func recordIntent(_ intent: StepIntent, under lease: JobLease) async throws {
        try await ledger.recordIntent(intent, under: lease)
    }
    func recordOutcome(_ outcome: StepOutcome, payload: String?, under lease: JobLease) async throws -> RecordedOutcome
    {
        try await ledger.recordOutcome(outcome, payload: payload, under: lease)
    }
    func release(_ lease: JobLease) async throws -> Job { try await ledger.release(lease) }
    func park(account: String, until: LedgerInstant, reason: JobReason) async throws {
        try await ledger.park(account: account, until: until, reason: reason)
    }
    func unpark(account: String) async throws { try await ledger.unpark(account: account) }
    func pause(_ scope: PauseScope, until: LedgerInstant?, reason: JobReason) async throws {
        try await ledger.pause(scope, until: until, reason: reason)
    }
    func unpause(_ scope: PauseScope) async throws { try await ledger.unpause(scope) }
    func holds() async throws -> [LedgerHold] { try await ledger.holds() }
    func resolve(_ ids: [JobID], _ resolution: JobResolution) async throws -> [Job] {
        try await ledger.resolve(ids, resolution)
    }
    func list(_ filter: JobFilter) async throws -> [Job] { try await ledger.list(filter) }
    func history(of id: JobID) async throws -> [JobEvent] { try await ledger.history(of: id) }
    func steps(of id: JobID) async throws -> [StepRecord] { try await ledger.steps(of: id) }
    func deliveries(of id: JobID) async throws -> [JobDelivery] { try await ledger.deliveries(of: id) }
    func knownSources(of folder: String, among sources: [String]) async throws -> Set<String> {
        try await ledger.knownSources(of: folder, among: sources)
    }
    func referredObjects(among digests: [String]) async throws -> Set<String> {
        try await ledger.referredObjects(among: digests)
    }
    func endedJobs(since: LedgerInstant?, waitingIn folders: Set<String>) async throws -> EndedJobs {
        try await ledger.endedJobs(since: since, waitingIn: folders)
    }
    func books() async throws -> [String: LedgerBooks] { try await ledger.books() }
    func prune(_ policy: PruningPolicy) async throws -> Int { try await ledger.prune(policy) }
}
