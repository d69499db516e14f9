// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugLedger

@Suite("From the first version of the tables to this one") struct MigrationTests {
    let folder: TemporaryFolder
    let path: FilePath
    private let start = 1_800_000_000_000

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path.appending("ledger.sqlite")
        let url = try #require(
            Bundle.module.url(forResource: "version-1", withExtension: "sql", subdirectory: "Fixtures"))
        // The text has rows before the tables that they refer to.
        var settings = Configuration()
        settings.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: path.string, configuration: settings)
        let text = try String(contentsOf: url, encoding: .utf8)
        try queue.write { try $0.execute(sql: text) }
        try queue.close()
    }

    private func open(seed: UInt64 = 1) async throws -> SQLiteLedger {
        let time = TestTime(seed: seed)
        return try await SQLiteLedger.open(path, configuration: LedgerConfiguration(environment: time.environment))
    }

    @Test("The stored file is of the first version, and becomes one of this")
    func version() async throws {
        let queue = try DatabaseQueue(path: path.string)
        #expect(try await queue.read { try LedgerSchema.version(of: $0) } == 1)
        try queue.close()
        let ledger = try await open()
        #expect(try await ledger.facts().schemaVersion == LedgerSchema.migrator.migrations.count)
        try await ledger.checkIntegrity()
        try await ledger.close()
        // Once only.
        #expect(try await open().facts().schemaVersion == LedgerSchema.migrator.migrations.count)
    }

    @Test("Jobs are as they were; what the process that is gone had is free")
    func jobs() async throws {
        let ledger = try await open()
        let jobs = try await ledger.list(JobFilter())
        #expect(jobs.map(\.name) == ["running.jpg", "delivered.jpg", "held.jpg", "waiting.jpg"])
        #expect(jobs.map(\.state) == [.waiting, .delivered, .held, .waiting])
        #expect(jobs[0].step == .upload && jobs[0].reason?.code == JobReason.workerLost && jobs[0].crashes == 1)
        #expect(jobs[2].isOutcomeUnknown && jobs[2].key == "key 1" && jobs[2].payload == #"{"n":1}"#)
        #expect(try await ledger.history(of: jobs[0].id).map(\.verb) == ["enqueue", "rescue"])
        let step = try #require(try await ledger.steps(of: jobs[2].id).first)
        #expect(step.state == .unknown && step.keyExpiresAt?.milliseconds == start + 99)
        #expect(try await ledger.deliveries(of: jobs[1].id).first?.deliveredAt?.milliseconds == start)
        #expect(try await ledger.knownSources(of: "inbox", among: ["source 2", "other"]) == ["source 2"])
        let books = try #require(try await ledger.books()["inbox"])
        #expect(books.areBalanced && books.seen == 4 && books.waiting == 2)
        #expect(try await ledger.holds().map(\.scope) == [.folder("other")])
    }

    @Test("Documents are as they were, and the new kinds are empty")
    func documents() async throws {
        let ledger = try await open()
        for kind in DocumentKind.allCases {
            let document = try await ledger.document(kind, "k")
            guard ![.finishedUploads, .requests, .receivedUploads, .messages, .sweeps, .hosts].contains(kind) else {
                #expect(document == nil)
                continue
            }
            #expect(document?.payload == "{\"of\":\"\(kind.table)\"}" && document?.version == 2)
        }
        #expect(try await LedgerJobClaims(ledger).jobs(of: "a", exceptFor: "b").isEmpty)
    }

    @Test("A name that a process had that is gone is free, and its number grows")
    func locks() async throws {
        let lock = try await open().lock("generation:a")
        #expect(lock?.fence == 4)
    }

    @Test("Work goes on where it stood")
    func working() async throws {
        let ledger = try await open()
        let claims = try await ledger.claim(ClaimRequest(limit: 9))
        #expect(Set(claims.map(\.job.name)) == ["waiting.jpg", "running.jpg"])
        for claim in claims { try await ledger.recordOutcome(.delivered(claim.pendingDeliveries), under: claim.lease) }
        let same = NewJob(JobIdentity(contentHash: "hash 2", pipeline: "p"), name: "again.jpg", folder: "inbox")
        let joined = try await ledger.enqueue([same])[0]
        #expect(!joined.isNew && joined.job.state == .waiting && joined.job.step == .deliver)
        #expect(try await ledger.books()["inbox"]?.areBalanced == true)
        try await ledger.checkIntegrity()
    }

    @Test("Two processes that find the old tables at once migrate them once")
    func atOnce() async throws {
        async let first = open()
        // Random numbers of its own: two workers with one id would be one.
        async let second = open(seed: 2)
        let ledgers = try await [first, second]
        for ledger in ledgers {
            #expect(try await ledger.facts().schemaVersion == LedgerSchema.migrator.migrations.count)
            #expect(try await ledger.list(JobFilter()).count == 4)
        }
    }

    @Test(
        "Migrations that have landed are still what they were",
        arguments: [
            (Migration1.name, Migration1.statements, UInt64(16_189_299_883_317_895_217)),
            (Migration2.name, Migration2.statements, UInt64(7_324_234_029_099_728_219)),
            (Migration3.name, Migration3.statements, UInt64(4_008_119_710_717_193_828)),
        ])
    func unchanged(name: String, statements: [String], expected: UInt64) {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in statements.joined(separator: "\n").utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        #expect(hash == expected, "\(name)")
    }

    @Test("Names of migrations begin with their numbers, in order")
    func names() {
        let numbers = LedgerSchema.migrator.migrations.map { Int($0.prefix { $0.isNumber }) }
        #expect(numbers == Array(1...numbers.count))
    }

    @Test("A ledger of the second version keeps what it has, and outputs are kept beside it")
    func second() async throws {
        let path = folder.path.appending("second.sqlite")
        let queue = try DatabaseQueue(path: path.string)
        try await queue.writeWithoutTransaction {
            try $0.execute(sql: "PRAGMA application_id = \(LedgerSchema.applicationID)")
        }
        try LedgerSchema.migrator.migrate(queue, upTo: Migration2.name)
        let (start, receipt) = (start, #"{"url":"http://h/1"}"#)
        try await queue.write { database in
            for account in ["a", "b"] {
                try database.execute(
                    sql: "INSERT INTO job_claims VALUES (?, 'job 7', 'key of ' || ?, ?)",
                    arguments: [account, account, start])
            }
            try database.execute(
                sql: "INSERT INTO finished_uploads VALUES ('k', ?, 1, ?, ?, NULL)", arguments: [receipt, start, start])
            #expect(try LedgerSchema.version(of: database) == 2)
        }
        try queue.close()
        #expect(try await SQLiteLedger.outputs(in: [1], at: path).isEmpty)
        let time = TestTime()
        let ledger = try await SQLiteLedger.open(
            path, configuration: LedgerConfiguration(environment: time.environment))
        #expect(try await ledger.facts().schemaVersion == LedgerSchema.migrator.migrations.count)
        #expect(try await ledger.document(.finishedUploads, "k")?.payload == receipt)
        let claims = LedgerJobClaims(ledger)
        #expect(try await claims.jobs(of: "a", exceptFor: "key of a").isEmpty)
        #expect(try await claims.jobs(of: "a", exceptFor: "key of b") == ["job 7"])
        #expect(try await !claims.claim("job 7", account: "b", for: "key of c", now: start / 1000))
        let output = LedgerOutput(name: [0xFF], input: [1], payload: "{}")
        try await ledger.updateOutputs(in: [2], keeping: [output], forgetting: [])
        #expect(try await SQLiteLedger.outputs(in: [2], at: path) == [output])
        try await ledger.checkIntegrity()
    }

    @Test("Names that were joined from another folder are found by that folder's host after the fifth migration")
    func joined() async throws {
        let path = folder.path.appending("fourth.sqlite")
        let queue = try DatabaseQueue(path: path.string)
        try await queue.writeWithoutTransaction {
            try $0.execute(sql: "PRAGMA application_id = \(LedgerSchema.applicationID)")
        }
        try LedgerSchema.migrator.migrate(queue, upTo: Migration4.name)
        let id = "01arz3ndektsv4rrffq69g5fav"
        try await queue.write { database in
            try database.execute(
                sql: """
                    INSERT INTO jobs (id, name, folder, account, priority, content_hash, pipeline, options, version, stage,
                        state, step, since, due_at, attempt, crashes, fence, outcome_unknown, cancel_requested,
                        idempotency_key, payload, created_at)
                    VALUES (?, 'n', 'first', '', 1, 'h', 'p', '{}', 1, 'settled', 'waiting', 'deliver', 1, 1, 0, 0, 0, 0, 0,
                        'k', '{}', 1);
                    """, arguments: [id])
            for name in ["first", "second"] {
                try database.execute(
                    sql: "INSERT INTO deliveries VALUES (?, 'n', ?, NULL, NULL)", arguments: [id, name])
            }
            try database.execute(sql: "INSERT INTO lanes VALUES ('first', '', 'deliver', 1, 0, 0)")
            try database.execute(sql: "INSERT INTO totals VALUES ('first', 1, 1, 0, 0, 0)")
        }
        try queue.close()
        let ledger = try await SQLiteLedger.open(path)
        for (folder, count) in [("third", 0), ("second", 1)] {
            let reach = ClaimReach(boundSteps: [.deliver], folders: [folder])
            #expect(try await ledger.claim(ClaimRequest(reach: reach)).count == count, "\(folder)")
        }
        try await ledger.checkIntegrity()
    }

    @Test("A kill between two migrations leaves a ledger that the next process brings up to date", arguments: 0...4)
    func halfWay(steps: Int) async throws {
        let path = folder.path.appending("half.sqlite")
        let queue = try DatabaseQueue(path: path.string)
        try await queue.writeWithoutTransaction {
            try $0.execute(sql: "PRAGMA application_id = \(LedgerSchema.applicationID)")
        }
        for name in LedgerSchema.migrator.migrations.prefix(steps) {
            try LedgerSchema.migrator.migrate(queue, upTo: name)
        }
        try queue.close()
        let ledger = try await SQLiteLedger.open(path)
        #expect(try await ledger.facts().schemaVersion == LedgerSchema.migrator.migrations.count)
        #expect(try await ledger.enqueue([.sample("a")])[0].isNew)
        try await ledger.checkIntegrity()
    }
}
