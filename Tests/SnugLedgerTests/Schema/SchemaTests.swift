// SPDX-License-Identifier: Apache-2.0
import GRDB
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugLedger

@Suite("The tables refuse what no version may write") struct SchemaTests {
    let folder: TemporaryFolder
    let ledger: SQLiteLedger

    init() async throws {
        folder = try TemporaryFolder()
        ledger = try await SQLiteLedger.open(folder.path.appending("ledger.sqlite"))
    }

    /// - Returns: True when the database has refused the statement because of a rule, and not because it is none.
    private func isRefused(_ sql: String) async throws -> Bool {
        let pool = ledger.pool
        return try await pool.write { database in
            var isRefused = false
            try database.inSavepoint {
                do {
                    try database.execute(sql: sql)
                } catch let error as DatabaseError where error.resultCode.primaryResultCode == .SQLITE_CONSTRAINT {
                    isRefused = true
                }
                return .rollback
            }
            return isRefused
        }
    }

    private func job(_ name: String, step: JobStep? = nil) async throws -> JobID {
        try await ledger.enqueue([.sample(name, step: step)])[0].job.id
    }

    /// Changes of a waiting job of its own, and why each is wrong.
    static let wrongJobs: [(change: String, why: String)] = [
        ("state = 'lost'", "there is no such state"),
        ("stage = 'nearly'", "there is no such stage"),
        ("step = 'guess'", "there is no such step"),
        ("state = NULL", "a job has a state"),
        ("state = 'running'", "one that runs has a worker and a lease"),
        ("owner = 'w', lease_until = 5", "one that waits has no worker"),
        ("state = 'running', owner = 'w'", "a worker has a lease that ends"),
        ("state = 'delivered'", "one that is delivered has come to that stage"),
        ("stage = 'delivered'", "one at the last stage is delivered"),
        ("intent_id = 'i', intent_repetition = 'safe'", "only one that runs has an effect under way"),
        (
            "state = 'running', owner = 'w', lease_until = 5, intent_id = 'i'",
            "an effect says what happens after a crash"
        ),
        (
            "state = 'running', owner = 'w', lease_until = 5, intent_repetition = 'safe'",
            "what happens belongs to an effect"
        ),
        (
            "state = 'running', owner = 'w', lease_until = 5, intent_id = 'i', intent_repetition = 'maybe'",
            "there is no such treatment"
        ),
        ("cancel_requested = 1", "one that waits is cancelled at once"),
        ("cancel_requested = 2", "a flag is 0 or 1"),
        ("outcome_unknown = 7", "a flag is 0 or 1"),
        ("paused_until = 5", "only a paused job has the end of a pause"),
        ("step = 'submit', outcome_unknown = 1", "what may be paid for is not submitted again"),
        ("attempt = -1", "attempts are counted from 0"),
        ("crashes = -1", "crashes are counted from 0"),
        ("fence = -1", "claims are counted from 0"),
        ("priority = 2", "there are two classes of urgency"),
        ("idempotency_key = NULL", "each job has its key"),
        ("payload = NULL", "a payload is there, if empty"),
        ("due_at = 'soon'", "a moment is a number"),
        ("since = 1.5", "a moment is a whole number"),
    ]

    @Test("A job is never in a state that means nothing", arguments: wrongJobs)
    func jobs(change: String, why: String) async throws {
        let id = try await job("a")
        #expect(try await isRefused("UPDATE jobs SET \(change) WHERE id = '\(id)'"), "\(why)")
        #expect(try await !isRefused("UPDATE jobs SET due_at = 5 WHERE id = '\(id)'"))
    }

    @Test("Equal work is one row, and work whose content is unknown equals nothing")
    func identity() async throws {
        let first = try await job("a")
        let second = try await job("b")
        #expect(
            try await isRefused(
                "UPDATE jobs SET content_hash = (SELECT content_hash FROM jobs WHERE id = '\(first)') WHERE id = '\(second)'"
            ))
        for id in [first, second] {
            #expect(try await !isRefused("UPDATE jobs SET content_hash = NULL WHERE id = '\(id)'"))
        }
        let unknown = (0..<2).map { NewJob(JobIdentity(contentHash: nil, pipeline: "p"), name: "n\($0)") }
        #expect(try await ledger.enqueue(unknown).allSatisfy(\.isNew))
    }

    @Test("A job has one effect under way, which has no end, and one that is over has")
    func effects() async throws {
        let id = try await job("a", step: .submit)
        let claim = try await ledger.claim(ClaimRequest())[0]
        try await ledger.recordIntent(StepIntent(.never), under: claim.lease)
        func insert(_ state: String, ended: String, repetition: String = "safe") -> String {
            """
            INSERT INTO steps (id, job_id, step, fence, state, repetition, idempotency_key, payload, begun_at, ended_at)
            VALUES ('x', '\(id)', 'submit', 1, '\(state)', '\(repetition)', 'k', '{}', 1, \(ended))
            """
        }
        #expect(try await isRefused(insert("intended", ended: "NULL")))
        #expect(try await isRefused(insert("done", ended: "NULL")))
        #expect(try await isRefused(insert("intended", ended: "5")))
        #expect(try await isRefused(insert("perhaps", ended: "5")))
        #expect(try await isRefused(insert("done", ended: "5", repetition: "often")))
        #expect(try await !isRefused(insert("done", ended: "5")))
    }

    @Test("What belongs to a job belongs to one that is there, and goes with it")
    func references() async throws {
        let rows = [
            "INSERT INTO deliveries VALUES ('nobody', 'n', 'f', NULL, NULL, 0)",
            "INSERT INTO events VALUES ('e', 'nobody', 1, 'v', 'settled', 'waiting', 'fit', 0, 0, NULL, NULL, NULL)",
        ]
        let pool = ledger.pool
        for row in rows {
            await #expect(throws: DatabaseError.self, "\(row)") { try await pool.write { try $0.execute(sql: row) } }
        }
        let id = try await job("a")
        #expect(try await ledger.deliveries(of: id).count == 1)
        #expect(try await ledger.history(of: id).count == 1)
        try await pool.write { try $0.execute(sql: "DELETE FROM jobs") }
        let left = try await pool.read { database in
            try ["deliveries", "events", "steps"].map { try Int.fetchOne(database, sql: "SELECT count(*) FROM \($0)") }
        }
        #expect(left == [0, 0, 0])
    }

    @Test("A source file belongs to one job, and a name of a result to a job once")
    func deliveries() async throws {
        let (first, second) = (try await job("a"), try await job("b"))
        @Sendable func insert(_ id: JobID, _ name: String, _ source: String) -> String {
            "INSERT INTO deliveries VALUES ('\(id)', '\(name)', 'in', \(source), NULL, 0)"
        }
        let pool = ledger.pool
        try await pool.write { try $0.execute(sql: insert(first, "n", "'s'")) }
        #expect(try await isRefused(insert(second, "m", "'s'")))
        #expect(try await isRefused(insert(first, "n", "'t'")))
        #expect(try await !isRefused(insert(second, "n", "'t'")))
        #expect(try await !isRefused(insert(second, "o", "NULL")))
    }

    @Test(
        "Holds, lanes and documents have their types",
        arguments: [
            "INSERT INTO holds VALUES ('guess', 'all', '', NULL, 'c', 'm', NULL, 1)",
            "INSERT INTO holds VALUES ('pause', 'planet', '', NULL, 'c', 'm', NULL, 1)",
            "INSERT INTO holds VALUES ('pause', 'all', '', NULL, NULL, 'm', NULL, 1)",
            "INSERT INTO lanes VALUES ('f', 'a', 'guess', 1, 0, 0)",
            "INSERT INTO lanes VALUES ('f', 'a', 'fit', 5, 0, 0)",
            "INSERT INTO uploads VALUES ('k', NULL, 1, 1, 1, NULL)",
            "INSERT INTO finished_uploads VALUES ('k', '{}', 'first', 1, 1, NULL)",
            "INSERT INTO sessions VALUES (NULL, '{}', 1, 1, 1, NULL)",
            "INSERT INTO job_claims VALUES ('a', 'j', NULL, 1)",
            "INSERT INTO job_claims VALUES ('a', 'j', 's', 'today')",
            "INSERT INTO workers VALUES ('w', 'first', 1)",
            "INSERT INTO locks VALUES ('n', NULL, 1, 1)",
        ])
    func others(sql: String) async throws { #expect(try await isRefused(sql)) }

    @Test("Every table of ours is strict")
    func strict() async throws {
        let loose = try await ledger.pool.read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT name FROM pragma_table_list
                    WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'
                    """)
        }
        #expect(loose == ["grdb_migrations"])
    }
}
