// SPDX-License-Identifier: Apache-2.0
import GRDB
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugLedger

@Suite("Backups") struct BackupTests {
    private let folder: TemporaryFolder
    private let ledger: SQLiteLedger

    init() async throws {
        folder = try TemporaryFolder()
        ledger = try await SQLiteLedger.open(folder.path.appending("ledger.sqlite"))
    }

    private var others: [String] { folder.files().filter { !$0.hasPrefix("ledger.sqlite") } }

    @Test("A backup that is made while others write is of one moment")
    func whileWriting() async throws {
        let path = folder.path
        let isOver = Mutex(false)
        let other = try await SQLiteLedger.open(ledger.path)
        let writer = Task {
            var count = 0
            while !isOver.withLock({ $0 }) {
                // Always two together.
                _ = try await other.enqueue([.sample("a\(count)"), .sample("b\(count)")])
                count += 1
            }
            return count
        }
        for round in 0..<4 {
            let file = path.appending("backup-\(round).sqlite")
            try await ledger.backup(to: file)
            let copy = try await SQLiteLedger.open(file)
            let jobs = try await copy.list(JobFilter(limit: 100_000))
            #expect(jobs.count % 2 == 0)
            try await copy.checkIntegrity()
            try await copy.close()
        }
        isOver.withLock { $0 = true }
        #expect(try await writer.value > 0)
    }

    @Test("A backup into a folder that is missing, or is a file, names that folder and what to do")
    func missingFolder() async throws {
        try folder.write([1], to: "file")
        for (name, remedy) in [("missing", "there is no folder"), ("file", "is not a folder")] {
            let parent = folder.path.appending(name)
            let error = await #expect(throws: LedgerError.self) {
                try await ledger.backup(to: parent.appending("copy.sqlite"))
            }
            let message = try #require(error?.message)
            #expect(message.contains(remedy) && message.contains(parent.string), "\(message)")
            #expect(message.hasSuffix("or name another file") && !message.contains("--state"), "\(message)")
            #expect(!message.contains(".snug-backup"))
        }
        #expect(others == ["file"])
    }

    @Test("A backup takes the place of an older one when it may, at once and whole")
    func replacing() async throws {
        let file = folder.path.appending("backup.sqlite")
        try await ledger.backup(to: file)
        _ = try await ledger.enqueue([.sample("later")])
        await expectFailure(.alreadyExists) { try await ledger.backup(to: file) }
        try await ledger.backup(to: file, replacing: true)
        let copy = try await SQLiteLedger.open(file)
        #expect(try await copy.list(JobFilter()).map(\.name) == ["later"])
    }

    @Test("A ledger is no place for its own backup, by whatever name: what is recorded from then on would be lost")
    func itself() async throws {
        _ = try await ledger.enqueue([.sample("kept")])
        try folder.makeLink("link.sqlite", to: "ledger.sqlite")
        let linked = try await SQLiteLedger.open(folder.path.appending("link.sqlite"))
        let own = [ledger.path] + ["-wal", "-shm", "-open"].map { FilePath(ledger.path.string + $0) }
        for file in own {
            await expectFailure(.alreadyExists) { try await ledger.backup(to: file, replacing: true) }
        }
        for file in [ledger.path, linked.path] {
            await expectFailure(.alreadyExists) { try await linked.backup(to: file, replacing: true) }
        }
        _ = try await ledger.enqueue([.sample("later")])
        let another = try await SQLiteLedger.open(ledger.path)
        #expect(try await another.list(JobFilter()).map(\.name) == ["later", "kept"])
    }

    @Test("A place that cannot be written is an error, and nothing is left half-done")
    func nowhere() async throws {
        await expectFailure(.folderNotFound) {
            try await ledger.backup(to: folder.path.appending("missing/backup.sqlite"))
        }
        await expectFailure(.alreadyExists) { try await ledger.backup(to: folder.path) }
        try folder.write([1], to: "folder/file")
        await #expect(throws: LedgerError.self) {
            try await ledger.backup(to: folder.path.appending("folder"), replacing: true)
        }
        #expect(others == ["folder/file"])
    }

    @Test("A damaged ledger gives no backup that looks whole")
    func damaged() async throws {
        _ = try await ledger.enqueue((0..<200).map { .sample("job \($0)") })
        let pool = ledger.pool
        try await pool.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA ignore_check_constraints = ON")
            try database.execute(sql: "UPDATE jobs SET state = 'lost' WHERE name = 'job 7'")
        }
        await expectFailure(.corrupt) { try await ledger.backup(to: folder.path.appending("backup.sqlite")) }
        #expect(others == [])
    }

    @Test("A backup has no worker's work: what ran is free when it is opened")
    func running() async throws {
        _ = try await ledger.enqueue([.sample("a")])
        let claim = try await ledger.claim(ClaimRequest(lease: .seconds(86_400)))[0]
        let file = folder.path.appending("backup.sqlite")
        try await ledger.backup(to: file)
        let copy = try await SQLiteLedger.open(file)
        #expect(try await copy.claim(ClaimRequest()).map(\.job.id) == [claim.job.id])
        // The original still has its worker.
        _ = try await ledger.renew(claim.lease, for: .seconds(60))
    }

    @Test("Its facts are those of the file")
    func facts() async throws {
        let facts = try await ledger.facts()
        #expect(
            facts.place == ledger.path.string && facts.schemaVersion == LedgerSchema.migrator.migrations.count
                && facts.bytes > 4096)
        _ = try await ledger.enqueue((0..<500).map { .sample("job \($0)") })
        #expect(try await ledger.facts().bytes > facts.bytes)
    }

    @Test(
        "A backup may have any name that the file system takes",
        arguments: [
            "a", "-rf", "caf\u{E9} \u{1F305}", "line\nend", String(repeating: "n", count: 255),
            String(repeating: "\u{1F305}", count: 63),
        ])
    func names(name: String) async throws {
        _ = try await ledger.enqueue([.sample("a")])
        let file = folder.path.appending(name)
        try await ledger.backup(to: file)
        #expect(others == [name])
        let copy = try DatabaseQueue(path: file.string)
        #expect(try await copy.read { try String.fetchAll($0, sql: "SELECT name FROM jobs") } == ["a"])
        try copy.close()
    }
}
