// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugLedger

@Suite("Opening a ledger in SQLite") struct OpeningTests {
    let folder: TemporaryFolder
    let path: FilePath

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path.appending("state/ledger.sqlite")
    }

    /// Changes the file as another program would.
    private func tamper(_ sql: String) throws {
        let queue = try DatabaseQueue(path: path.string)
        try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
        try queue.close()
    }

    private func pragma(_ name: String, of ledger: SQLiteLedger) async throws -> String? {
        try await ledger.pool.writeWithoutTransaction { try String.fetchOne($0, sql: "PRAGMA \(name)") }
    }

    @Test("Each commit waits for the disk, on the connection that writes, also when it is opened again")
    func durable() async throws {
        for _ in 0..<2 {
            let ledger = try await SQLiteLedger.open(path)
            #expect(try await pragma("synchronous", of: ledger) == "2")
            #expect(try await pragma("journal_mode", of: ledger) == "wal")
            #expect(try await pragma("foreign_keys", of: ledger) == "1")
            _ = try await ledger.enqueue([.sample("a")])
            #expect(try await pragma("synchronous", of: ledger) == "2")
            try await ledger.close()
        }
    }

    @Test("The file is its owner's alone")
    func permissions() async throws {
        let ledger = try await SQLiteLedger.open(path)
        _ = try await ledger.enqueue([.sample("a")])
        for suffix in ["", "-wal", "-shm"] {
            let file = FilePath(path.string + suffix)
            let mode = try FileManager.default.attributesOfItem(atPath: file.string)[.posixPermissions]
            #expect(mode as? Int == 0o600, "\(file)")
        }
        try await ledger.close()
        await expectFailure(.closed) { _ = try await ledger.books() }
    }

    @Test("What was recorded is there when it is opened again")
    func reopened() async throws {
        let first = try await SQLiteLedger.open(path)
        let job = try await first.enqueue([.sample("a", step: .deliver)])[0].job
        let claim = try await first.claim(ClaimRequest())[0]
        try await first.close()
        let second = try await SQLiteLedger.open(path)
        // Closing has handed it back, at no cost.
        let again = try await second.job(job.id)
        #expect(again.state == .waiting && again.attempt == 0 && again.crashes == 0)
        #expect(try await second.history(of: job.id).map(\.verb) == ["enqueue", "claim", "release"])
        await expectFailure(.staleLease) { _ = try await second.release(claim.lease) }
    }

    @Test("A ledger of a later version is refused, and left as it is")
    func newer() async throws {
        try await SQLiteLedger.open(path).close()
        try tamper("INSERT INTO grdb_migrations (identifier) VALUES ('2 something later')")
        await expectFailure(.newerSchema) { _ = try await SQLiteLedger.open(path) }
    }

    @Test("Somebody else's database and a file that is none are refused, and left as they are")
    func foreign() async throws {
        try await SQLiteLedger.open(path).close()
        try tamper("PRAGMA application_id = 7")
        await expectFailure(.notALedger) { _ = try await SQLiteLedger.open(path) }
        let tables = folder.path.appending("tables.sqlite")
        let queue = try DatabaseQueue(path: tables.string)
        try await queue.write { try $0.execute(sql: "CREATE TABLE other (x)") }
        try queue.close()
        await expectFailure(.notALedger) { _ = try await SQLiteLedger.open(tables) }
        let text = Array(String(repeating: "no database at all\n", count: 100).utf8)
        let file = try folder.write(text, to: "notes.txt")
        await expectFailure(.notALedger) { _ = try await SQLiteLedger.open(file) }
        #expect(try folder.bytes(of: "notes.txt") == text)
    }

    @Test("A damaged file is found after an unclean end, and by a check")
    func damaged() async throws {
        let ledger = try await SQLiteLedger.open(path)
        for number in 0..<200 { _ = try await ledger.enqueue([.sample("job \(number)")]) }
        try await ledger.checkIntegrity()
        try await ledger.close()
        // A worker that nobody heard of again, as after a kill.
        try tamper("INSERT INTO workers (id, process, started_at) VALUES ('gone', 1, 1)")
        let index = try #require(try damageIndex())
        #expect(index > 0)
        await expectFailure(.corrupt) { _ = try await SQLiteLedger.open(path) }
    }

    /// Overwrites a page of an index with what stands in another.
    private func damageIndex() throws -> Int? {
        let queue = try DatabaseQueue(path: path.string)
        let (page, size) = try queue.read { database in
            (
                try Int.fetchOne(database, sql: "SELECT rootpage FROM sqlite_schema WHERE name = 'jobs_identity'"),
                try Int.fetchOne(database, sql: "PRAGMA page_size") ?? 4096
            )
        }
        try queue.close()
        guard let page else { return nil }
        let file = try FileDescriptor.open(path, .readWrite)
        defer { try? file.close() }
        _ = try file.writeAll(toAbsoluteOffset: Int64((page - 1) * size), [UInt8](repeating: 0xA5, count: 16))
        return page
    }

    @Test("A folder that cannot be written says so")
    func unwritable() async throws {
        await expectFailure(.readOnly) { _ = try await SQLiteLedger.open("/proc/snug/ledger.sqlite") }
        let file = try folder.write([1], to: "file")
        await expectFailure(.readOnly) { _ = try await SQLiteLedger.open(file.appending("ledger.sqlite")) }
    }

    @Test("A full disk stops the ledger, and work resumes when there is space")
    func full() async throws {
        let ledger = try await SQLiteLedger.open(path)
        let pages = try await pragma("page_count", of: ledger)
        _ = try await pragma("max_page_count = \(try #require(pages))", of: ledger)
        let jobs = (0..<500).map { NewJob.sample("job \($0)") }
        await expectFailure(.diskFull) { _ = try await ledger.enqueue(jobs) }
        #expect(try await ledger.list(JobFilter()).isEmpty)
        _ = try await pragma("max_page_count = 100000", of: ledger)
        #expect(try await ledger.enqueue(jobs).count == 500)
        try await ledger.checkIntegrity()
    }

    @Test("A ledger that another process keeps locked is reported as busy")
    func busy() async throws {
        let configuration = LedgerConfiguration(busyTimeout: .milliseconds(50))
        let ledger = try await SQLiteLedger.open(path, configuration: configuration)
        var settings = Configuration()
        settings.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: path.string, configuration: settings)
        try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        await expectFailure(.busy) { _ = try await ledger.enqueue([.sample("a")]) }
        try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        #expect(try await ledger.enqueue([.sample("a")]).count == 1)
    }

    @Test("A lock is asked for some 200 times a second until the time is over")
    func waiting() {
        let second = SQLiteLedger.waiting(atMost: .seconds(1))
        #expect(second(0) && second(199))
        #expect(!second(200))
        #expect(!SQLiteLedger.waiting(atMost: .zero)(0))
    }

    @Test("A folder on a local disk is taken")
    func localDisk() throws {
        try LedgerFiles.refuseNetwork(folder.path)
    }
}
