// SPDX-License-Identifier: Apache-2.0
import GRDB
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugLedger

@Suite("Many jobs") struct QueryPlanTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// What may go through an index from end to end: the page of a list stops at its limit, counts read an index only, and
    /// few jobs run. A migration looks through all once.
    private static let allowedScans = [
        "ORDER BY id DESC LIMIT", "GROUP BY folder, state", "owner <> :worker", "crashes > 0", "SET joined = 1",
    ]

    @Test("No verb looks through the tables, and all find what they should among 20,000 jobs")
    func plans() async throws {
        let statements = StatementLog()
        var configuration = LedgerConfiguration()
        configuration.onStatement = { statements.add($0) }
        let ledger = try await SQLiteLedger.open(folder.path.appending("l.sqlite"), configuration: configuration)
        try await fill(ledger)
        try await useAllVerbs(ledger)
        let pool = ledger.pool
        let findings = try await pool.read { database in
            try statements.all.sorted().flatMap { sql -> [String] in
                guard ["SELECT", "UPDATE", "DELETE"].contains(where: { sql.hasPrefix($0) }),
                    !sql.contains("sqlite_"), !sql.contains("pragma_")
                else { return [] }
                let plan = try database.makeStatement(sql: "EXPLAIN QUERY PLAN \(sql)")
                plan.setUncheckedArguments([:])
                let details = try Row.fetchAll(plan).map { $0["detail"] as String? ?? "" }
                return details.filter { detail in
                    let isScan = ["jobs", "steps", "events", "deliveries", "job_claims", "locks", "job_objects"]
                        .contains {
                            detail.hasPrefix("SCAN \($0)")
                        }
                    let isSort = detail.hasPrefix("USE TEMP B-TREE") && sql.contains("FROM jobs")
                    return (isScan || isSort) && !Self.allowedScans.contains { sql.contains($0) }
                }.map { "\($0) IN \(sql)" }
            }
        }
        #expect(findings == [])
        #expect(statements.all.count > 25)
    }

    private func fill(_ ledger: SQLiteLedger) async throws {
        let job = try await ledger.enqueue([.sample("first", folder: "f0")])[0].job
        try await ledger.pool.write { database in
            let columns = try database.columns(in: "jobs").map(\.name).filter {
                !["id", "name", "folder", "content_hash", "state", "stage"].contains($0)
            }.joined(separator: ", ")
            try database.execute(
                sql: """
                    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
                    INSERT INTO jobs (id, name, folder, content_hash, state, stage, \(columns))
                    SELECT printf('%026d', i), 'job ' || i, 'f' || (i % 5), 'h' || i,
                        CASE i % 4 WHEN 0 THEN 'waiting' WHEN 1 THEN 'delivered' WHEN 2 THEN 'failed' ELSE 'held' END,
                        CASE i % 4 WHEN 1 THEN 'delivered' ELSE 'settled' END, \(columns)
                    FROM n, jobs WHERE jobs.id = ?
                    """, arguments: [job.id.description])
            try database.execute(
                sql: """
                    INSERT INTO lanes SELECT DISTINCT folder, account, step, priority, 0, 0 FROM jobs WHERE state = 'waiting'
                    ON CONFLICT DO NOTHING
                    """)
            try database.execute(sql: "DELETE FROM totals")
            try database.execute(
                sql: "INSERT INTO totals SELECT folder, count(*), 0, 0, 0, 0 FROM jobs GROUP BY folder")
        }
    }

    private func useAllVerbs(_ ledger: SQLiteLedger) async throws {
        var claims = try await ledger.claim(ClaimRequest(limit: 10))
        #expect(Set(claims.map(\.job.folder)).count == 5)
        claims[0].lease = try await ledger.renew(claims[0].lease, for: .seconds(60))
        try await ledger.recordIntent(StepIntent(.safe), under: claims[0].lease)
        let digest = String(repeating: "0123456789abcdef", count: 4)
        try await ledger.recordOutcome(.advanced(to: .deliver), payload: digest, under: claims[0].lease)
        #expect(try await ledger.referredObjects(among: [digest, "h8", "none"]) == [digest, "h8"])
        let next = try #require(try await ledger.claim(ClaimRequest([.deliver])).first)
        try await ledger.recordOutcome(.advanced(to: .deliver), payload: "{}", under: next.lease)
        try await ledger.recordOutcome(.delivered(claims[1].pendingDeliveries), under: claims[1].lease)
        try await ledger.recordOutcome(.identified(contentHash: "h8", next: .fit), under: claims[2].lease)
        try await ledger.release(claims[3].lease)
        let paused = try await ledger.resolve([claims[3].job.id], .pause(until: LedgerInstant(milliseconds: 1)))
        #expect(paused.count == 1)
        _ = try await ledger.claim(ClaimRequest([.upload]))
        let began = try await ledger.endedJobs(since: nil, waitingIn: ["f0"])
        #expect(try await ledger.endedJobs(since: began.next, waitingIn: ["f0"]).jobs == [])
        try await ledger.park(account: "a", until: LedgerInstant(milliseconds: 1), reason: .test)
        try await ledger.pause(.folder("x"), until: LedgerInstant(milliseconds: 1), reason: .test)
        try await ledger.unpause(.folder("x"))
        let new = NewJob.sample("new", folder: "f1", source: "s", supersedes: claims[4].job.id)
        _ = try await ledger.enqueue([new, new])
        // Of the folders of others, nothing is looked at but the names that were joined.
        let reach = ClaimReach(boundSteps: Set(JobStep.allCases), folders: ["f1", "f9"], accounts: [""])
        let own = try await ledger.claim(ClaimRequest(limit: 3, reach: reach)).map(\.job.name)
        #expect(own == ["new"])
        #expect(try await ledger.knownSources(of: "f1", among: ["s", "t"]) == ["s"])
        #expect(try await ledger.list(JobFilter(limit: 10)).count == 10)
        #expect(try await ledger.list(JobFilter(states: [.held], limit: 10)).count == 10)
        #expect(try await ledger.list(JobFilter(states: [.failed], folder: "f1", limit: 10)).count == 10)
        #expect(try await ledger.list(JobFilter(account: "", before: claims[0].job.id, limit: 5)).count <= 5)
        _ = try await ledger.history(of: claims[0].job.id)
        _ = try await ledger.steps(of: claims[0].job.id)
        _ = try await ledger.deliveries(of: claims[0].job.id)
        let books = try await ledger.books().values.reduce(LedgerBooks(), +)
        #expect(books.areBalanced && books.seen > 20_000 - 2)
        for kind in DocumentKind.allCases {
            try await ledger.save("{}", as: kind, "k")
            #expect(try await ledger.documents(kind).count == 1)
            #expect(try await ledger.document(kind, "k") != nil)
        }
        let lock = try #require(try await ledger.lock("n"))
        try await ledger.unlock(lock)
        #expect(try await ledger.prune(PruningPolicy(delivered: .zero)) >= 4_000)
        #expect(try await ledger.books().values.allSatisfy { $0.areBalanced })
    }
}
