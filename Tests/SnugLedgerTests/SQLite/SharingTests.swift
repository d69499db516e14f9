// SPDX-License-Identifier: Apache-2.0
import GRDB
import SnugSystem
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugLedger

@Suite("A ledger that several share") struct SharingTests {
    let folder: TemporaryFolder
    let path: FilePath

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path.appending("ledger.sqlite")
    }

    @Test("Many that open at once make one ledger")
    func opening() async throws {
        let ledgers = try await withThrowingTaskGroup(of: SQLiteLedger.self) { [path] group in
            for _ in 0..<8 { group.addTask { try await SQLiteLedger.open(path) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for (number, ledger) in ledgers.enumerated() { _ = try await ledger.enqueue([.sample("job \(number)")]) }
        #expect(try await ledgers[0].list(JobFilter()).count == 8)
    }

    @Test("No job goes to two workers, and none is left over")
    func racing() async throws {
        let first = try await SQLiteLedger.open(path)
        _ = try await first.enqueue((0..<120).map { .sample("job \($0)", step: .deliver) })
        let claims = ClaimCounts()
        try await withThrowingTaskGroup(of: Void.self) { [path] group in
            for _ in 0..<4 {
                group.addTask {
                    let ledger = try await SQLiteLedger.open(path)
                    while let claim = try await ledger.claim(ClaimRequest()).first {
                        claims.count(claim.job.id)
                        try await ledger.recordOutcome(.delivered(claim.pendingDeliveries), under: claim.lease)
                    }
                    try await ledger.close()
                }
            }
            try await group.waitForAll()
        }
        #expect(claims.counts.count == 120)
        #expect(claims.counts.values.max() == 1)
        #expect(try await first.books()["in"]?.count(.delivered) == 120)
    }

    @Test("Each of several that write without a break has its turns")
    func unbroken() async throws {
        let turns = Turns(of: 5)
        try await withThrowingTaskGroup(of: Void.self) { [path] group in
            for number in 0..<5 {
                let pool = try await SQLiteLedger.open(path).pool
                group.addTask {
                    try await DetachedThread.value {
                        repeat {
                            try pool.write { try $0.execute(sql: "PRAGMA user_version = \(number)") }
                        } while turns.least(after: number) < 100
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("The work of an instance that ends without a word is free at once")
    func orphans() async throws {
        let other = try await SQLiteLedger.open(path)
        let jobID: JobID
        let first: NameLock
        do {
            let ledger = try await SQLiteLedger.open(path)
            jobID = try await ledger.enqueue([.sample("a")])[0].job.id
            _ = try await ledger.claim(ClaimRequest(lease: .seconds(86_400)))
            first = try #require(try await ledger.lock("name"))
            #expect(try await other.claim(ClaimRequest()).isEmpty)
            #expect(try await other.lock("name") == nil)
            #expect(try await ledger.lock("name") == nil)
        }
        // Whatever this process starts at that moment holds its locks until it has become another program.
        var claim: ClaimedJob?
        for _ in 0..<500 where claim == nil {
            claim = try await other.claim(ClaimRequest()).first
            if claim == nil { try await Task.sleep(for: .milliseconds(10)) }
        }
        #expect(claim?.job.id == jobID && claim?.job.crashes == 0)
        let lock = try #require(try await other.lock("name"))
        #expect(lock.fence > first.fence)
        try await other.unlock(lock)
        let again = try #require(try await other.lock("name"))
        #expect(again.fence > lock.fence)
        // One that was given back already takes nothing from the next.
        try await other.unlock(lock)
        #expect(try await other.lock("name") == nil)
    }

    @Test("A clock that is set forward takes no job from a worker that lives")
    func clock() async throws {
        let time = TestTime()
        let configuration = LedgerConfiguration(environment: time.environment)
        let ledger = try await SQLiteLedger.open(path, configuration: configuration)
        let other = try await SQLiteLedger.open(path, configuration: configuration)
        _ = try await ledger.enqueue([.sample("a")])
        let claim = try await ledger.claim(ClaimRequest())[0]
        time.setForward(.seconds(86_400))
        #expect(try await other.claim(ClaimRequest()).isEmpty)
        time.advance(.seconds(20))
        let renewed = try await ledger.renew(claim.lease, for: .seconds(60))
        time.advance(.seconds(59))
        #expect(try await other.claim(ClaimRequest()).isEmpty)
        #expect(try await ledger.renew(renewed, for: .seconds(60)).fence == claim.lease.fence)
    }

    @Test("What a cancelled task has recorded is recorded")
    func cancelled() async throws {
        let ledger = try await SQLiteLedger.open(path)
        let job = try await ledger.enqueue([.sample("a")])[0].job
        let claim = try await ledger.claim(ClaimRequest())[0]
        let task = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            #expect(Task.isCancelled)
            try await ledger.recordOutcome(.advanced(to: .upload), under: claim.lease)
        }
        try await task.value
        #expect(try await ledger.job(job.id).step == .upload)
    }

    @Test("A suspect runs alone, so that it takes no other down with it")
    func suspects() async throws {
        let ledger = try await SQLiteLedger.open(path)
        _ = try await ledger.enqueue((0..<3).map { .sample("job \($0)") })
        let pool = ledger.pool
        try await pool.write { try $0.execute(sql: "UPDATE jobs SET crashes = 1 WHERE name <> 'job 2'") }
        let first = try await ledger.claim(ClaimRequest(limit: 3))
        #expect(first.map(\.job.name) == ["job 0", "job 2"])
        try await ledger.recordOutcome(.advanced(to: .upload), under: first[0].lease)
        #expect(try await ledger.claim(ClaimRequest([.fit], limit: 3)).map(\.job.name) == ["job 1"])
    }

    @Test("A backup is whole, can be opened, and overwrites nothing")
    func backup() async throws {
        let ledger = try await SQLiteLedger.open(path)
        _ = try await ledger.enqueue((0..<50).map { .sample("job \($0)") })
        let copy = folder.path.appending("backup.sqlite")
        try await ledger.backup(to: copy)
        _ = try await ledger.enqueue([.sample("later")])
        #expect(folder.files().filter { $0.contains("backup") } == ["backup.sqlite"])
        await expectFailure(.alreadyExists) { try await ledger.backup(to: copy) }
        #expect(folder.files().filter { $0.contains("backup") } == ["backup.sqlite"])
        let restored = try await SQLiteLedger.open(copy)
        #expect(try await restored.list(JobFilter()).count == 50)
        try await restored.checkIntegrity()
    }

    @Test("Values are changed one after the other, whoever changes them")
    func documents() async throws {
        let ledgers = [try await SQLiteLedger.open(path), try await SQLiteLedger.open(path)]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                group.addTask {
                    try await ledgers[number % 2].update(.accountLimits, "a", expiresAt: nil) { payload in
                        payload = String((payload.flatMap { Int($0) } ?? 0) + 1)
                    }
                }
            }
            try await group.waitForAll()
        }
        let document = try #require(try await ledgers[0].document(.accountLimits, "a"))
        #expect(document.payload == "40" && document.version == 40)
        struct Refused: Error {}
        await #expect(throws: Refused.self) {
            try await ledgers[0].update(.accountLimits, "a", expiresAt: nil) { payload in
                payload = "wrong"
                throw Refused()
            }
        }
        #expect(try await ledgers[1].document(.accountLimits, "a")?.payload == "40")
    }

    @Test("Values of each kind are apart, in order, and end with their time", arguments: DocumentKind.allCases)
    func kinds(kind: DocumentKind) async throws {
        let time = TestTime()
        let ledger = try await SQLiteLedger.open(
            path, configuration: LedgerConfiguration(environment: time.environment))
        for other in DocumentKind.allCases { try await ledger.save("{\"of\":\"\(other)\"}", as: other, "b") }
        time.advance(.seconds(1))
        try await ledger.save("{}", as: kind, "a", expiresAt: time.now + .seconds(60))
        #expect(try await ledger.documents(kind).map(\.key) == ["b", "a"])
        #expect(try await ledger.document(kind, "b")?.payload == "{\"of\":\"\(kind)\"}")
        time.advance(.seconds(60))
        #expect(try await ledger.document(kind, "a") == nil)
        #expect(try await ledger.documents(kind).map(\.key) == ["b"])
        // A value that takes the place of one whose time is over starts over.
        try await ledger.update(kind, "a", expiresAt: nil) { payload in
            #expect(payload == nil)
            payload = "[]"
        }
        try await ledger.remove(kind, "b")
        #expect(try await ledger.documents(kind).map(\.key) == ["a"])
        try await ledger.prune(PruningPolicy())
        #expect(try await ledger.documents(kind).map(\.payload) == ["[]"])
    }
}

/// How often each job was claimed.
private final class ClaimCounts: Sendable {
    private let kept = Mutex<[JobID: Int]>([:])
    var counts: [JobID: Int] { kept.withLock { $0 } }
    func count(_ id: JobID) { kept.withLock { $0[id, default: 0] += 1 } }
}

/// The transactions of each that writes.
private final class Turns: Sendable {
    private let counts: Mutex<[Int]>

    init(of writers: Int) { counts = Mutex([Int](repeating: 0, count: writers)) }

    /// Counts one, and returns how many the slowest has.
    func least(after writer: Int) -> Int {
        counts.withLock {
            $0[writer] += 1
            return $0.min() ?? 0
        }
    }
}
