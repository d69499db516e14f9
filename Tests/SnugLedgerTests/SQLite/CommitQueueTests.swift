// SPDX-License-Identifier: Apache-2.0
import Dispatch
import GRDB
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugLedger

@Suite("Commits of several transactions at once") struct CommitQueueTests {
    private let folder: TemporaryFolder
    private let ledger: SQLiteLedger
    private let commits = Commits()

    private final class Commits: Sendable {
        private let state = Mutex((commits: 0, savepoints: 0))
        var count: Int { state.withLock { $0.commits } }
        var savepoints: Int { state.withLock { $0.savepoints } }
        func note(_ sql: String) {
            if sql.hasPrefix("COMMIT") { state.withLock { $0.commits += 1 } }
            if sql.hasPrefix("SAVEPOINT") { state.withLock { $0.savepoints += 1 } }
        }
    }

    init() async throws {
        folder = try TemporaryFolder()
        var configuration = LedgerConfiguration()
        configuration.onStatement = { [commits] in commits.note($0) }
        ledger = try await SQLiteLedger.open(folder.path.appending("ledger.sqlite"), configuration: configuration)
    }

    /// Runs transactions that are all queued before the first can begin.
    /// - Returns: How each ended, and the commits that they took.
    private func together(
        _ bodies: [@Sendable () async throws -> Void]
    ) async throws -> (errors: [(any Error)?], commits: Int) {
        let (ledger, open) = (ledger, DispatchSemaphore(value: 0))
        // The one connection that writes is busy meanwhile.
        let blocker = Task.detached { try await ledger.pool.writeWithoutTransaction { _ in open.wait() } }
        let before = commits.count
        let errors = await withTaskGroup(of: (Int, (any Error)?).self) { group in
            for (number, body) in bodies.enumerated() {
                group.addTask {
                    do { try await body() } catch { return (number, error) }
                    return (number, nil)
                }
            }
            while ledger.commits.count < bodies.count { await Task.yield() }
            open.signal()
            var errors = [(any Error)?](repeating: nil, count: bodies.count)
            for await (number, error) in group { errors[number] = error }
            return errors
        }
        try await blocker.value
        return (errors, commits.count - before)
    }

    @Test("Transactions that wait for one another are committed as one")
    func grouped() async throws {
        let ledger = ledger
        let (errors, count) = try await together(
            (0..<40).map { number in { _ = try await ledger.enqueue([.sample("job \(number)")]) } })
        #expect(errors.allSatisfy { $0 == nil })
        #expect(count == 1)
        #expect(try await ledger.list(JobFilter(limit: 100)).count == 40)
        #expect(try await ledger.books()["in"]?.seen == 40)
    }

    @Test("One that fails is rolled back alone, and says why; the others are kept")
    func oneFails() async throws {
        let ledger = ledger
        _ = try await ledger.enqueue([.sample("claimed")])
        let claim = try #require(try await ledger.claim(ClaimRequest()).first)
        try await ledger.release(claim.lease)
        let (errors, _) = try await together([
            { _ = try await ledger.enqueue([.sample("first")]) },
            // The lease is over.
            { try await ledger.recordOutcome(.failed(.test), under: claim.lease) },
            { _ = try await ledger.enqueue([.sample("last")]) },
            // Half of it is done when it fails.
            {
                try await ledger.transact { transaction in
                    try transaction.count(seen: 1000, joined: 0, in: "in")
                    throw LedgerError(.busy, "a test; nothing to do")
                }
            },
        ])
        #expect(errors.map { ($0 as? LedgerError)?.code } == [nil, .staleLease, nil, .busy])
        #expect(try await ledger.books()["in"]?.seen == 3)
        #expect(Set(try await ledger.list(JobFilter()).map(\.name)) == ["claimed", "first", "last"])
        try await ledger.checkIntegrity()
    }

    @Test("Those of a group in which one fails are carried out again, and their changes are there once")
    func again() async throws {
        let ledger = ledger
        let runs = Mutex([Int](repeating: 0, count: 5))
        let (errors, _) = try await together(
            (0..<5).map { number in
                {
                    try await ledger.transact { transaction in
                        runs.withLock { $0[number] += 1 }
                        try transaction.count(seen: 1, joined: 0, in: "in")
                        if number == 2 { throw LedgerError(.busy, "a test; nothing to do") }
                    }
                }
            })
        #expect(errors.enumerated().allSatisfy { ($1 == nil) == ($0 != 2) })
        #expect(runs.withLock { $0.allSatisfy { (1...2).contains($0) } && $0[2] == 2 })
        let seen = try await ledger.look { try $0.fetch(Int.self, "SELECT seen FROM totals") }
        #expect(seen == [4])
    }

    @Test("A group in which nothing fails keeps no copies of pages: it has no savepoints")
    func withoutSavepoints() async throws {
        let ledger = ledger
        let before = commits.savepoints
        _ = try await together((0..<10).map { number in { _ = try await ledger.enqueue([.sample("job \(number)")]) } })
        #expect(commits.savepoints == before)
        let (errors, _) = try await together([
            { _ = try await ledger.enqueue([.sample("another")]) },
            { try await ledger.transact { _ in throw LedgerError(.busy, "a test; nothing to do") } },
        ])
        #expect(errors.map { $0 == nil } == [true, false])
        #expect(commits.savepoints > before)
    }

    @Test("A group that loses its transaction fails as a whole, and the next one works")
    func abandoned() async throws {
        let ledger = ledger
        let (errors, _) = try await together([
            { _ = try await ledger.enqueue([.sample("before")]) },
            {
                // As SQLite does by itself when the disk is full.
                try await ledger.transact { transaction in
                    try transaction.execute("ROLLBACK")
                    throw DatabaseError(resultCode: .SQLITE_FULL)
                }
            },
            { _ = try await ledger.enqueue([.sample("after")]) },
        ])
        #expect(errors.map { ($0 as? LedgerError)?.code } == [.diskFull, .diskFull, .diskFull])
        #expect(try await ledger.list(JobFilter()).isEmpty)
        _ = try await ledger.enqueue([.sample("later")])
        #expect(try await ledger.list(JobFilter()).map(\.name) == ["later"])
    }

    @Test("A cancelled task's change is carried out all the same")
    func cancelled() async throws {
        let ledger = ledger
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            _ = try await ledger.enqueue([.sample("kept")])
        }
        task.cancel()
        try await task.value
        #expect(try await ledger.list(JobFilter()).map(\.name) == ["kept"])
    }
}
