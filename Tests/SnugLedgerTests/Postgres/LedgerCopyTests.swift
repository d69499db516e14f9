// SPDX-License-Identifier: Apache-2.0
#if Postgres
    import GRDB
    import SnugTestSupport
    import SystemPackage
    import Testing

    @testable import SnugLedger

    /// Moving a ledger from a file to a service and back.
    @Suite("A copy of a ledger", .needsPostgres) struct LedgerCopyTests {
        private let folder: TemporaryFolder
        private let schema = PostgresServer.newName()

        init() throws { folder = try TemporaryFolder() }

        private func open(_ name: String) async throws -> SQLiteLedger {
            try await SQLiteLedger.open(folder.path.appending(name))
        }

        /// A ledger with records in every table.
        private func filled() async throws -> SQLiteLedger {
            let ledger = try await open("first.sqlite")
            try await AllVerbs(ledger).use()
            _ = try await ledger.enqueue(
                (0..<1200).map {
                    .sample("job \($0)", folder: $0 % 7 == 0 ? "caf\u{E9}" : "cafe\u{301}", source: "s\($0)")
                })
            let claims = try await ledger.claim(ClaimRequest(limit: 3))
            try await ledger.recordIntent(StepIntent(.never, payload: "''; \\ \u{1F305}"), under: claims[0].lease)
            try await ledger.recordOutcome(.unknown(.test), under: claims[0].lease)
            let payload = "\"\(String(repeating: "0123456789abcdef", count: 4))\""
            try await ledger.recordOutcome(.advanced(to: .upload), payload: payload, under: claims[1].lease)
            try await ledger.pause(.folder("x"), until: nil, reason: .test)
            for (number, kind) in DocumentKind.allCases.enumerated() {
                try await ledger.save("{\"n\":\(number)}", as: kind, "k\u{1F511}", expiresAt: nil)
            }
            _ = try await ledger.lock("name")
            _ = try await ledger.transact { transaction in
                try transaction.claim(
                    ProviderJobClaim(account: "a", job: "7", submission: "s", claimedAt: transaction.now))
            }
            try await ledger.updateOutputs(
                in: [0x2F, 0xFF, 0x00], keeping: [LedgerOutput(name: [0, 1, 254], input: [255], payload: "p")],
                forgetting: [])
            return ledger
        }

        /// Every row of every table, as SQLite itself gives it.
        private func rows(_ path: FilePath) throws -> [String: [String]] {
            let queue = try DatabaseQueue(path: path.string)
            return try queue.read { database in
                let tables = try String.fetchAll(
                    database,
                    sql: """
                        SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'grdb%' AND name <> 'workers'
                        """)
                return try Dictionary(
                    uniqueKeysWithValues: tables.map { table in
                        let rows = try Row.fetchAll(database, sql: "SELECT * FROM \(table)")
                        return (table, rows.map { "\($0)" }.sorted())
                    })
            }
        }

        @Test("A ledger that goes to a service and back is what it was, to the last byte of every table")
        func bothWays() async throws {
            let first = try await filled()
            let service = try await PostgresLedger.worker(schema)
            let there = try await LedgerCopy(from: first, to: service)
            try await service.checkIntegrity()
            let second = try await open("second.sqlite")
            let back = try await LedgerCopy(from: service, to: second)
            #expect(there == back && there.jobs >= 1200)
            try await second.checkIntegrity()
            let (before, after) = (try rows(first.path), try rows(second.path))
            #expect(before.count == LedgerTable.all.count)
            for (table, rows) in before {
                #expect(!rows.isEmpty && rows == after[table], "\(table)")
                #expect(rows.count == there.rows[table], "\(table)")
            }
        }

        @Test("Work goes on where it was, and what ran is free once its worker is known to be gone")
        func resumes() async throws {
            let first = try await open("first.sqlite")
            _ = try await first.enqueue(["a", "b"].map { .sample($0) })
            let claim = try #require(try await first.claim(ClaimRequest()).first)
            let service = try await PostgresLedger.worker(schema) { $0.lostConnectionGrace = .zero }
            _ = try await LedgerCopy(from: first, to: service)
            let claims = try await service.claim(ClaimRequest(limit: 5))
            #expect(Set(claims.map(\.job.name)) == ["a", "b"])
            #expect(claims.first { $0.job.id == claim.job.id }?.lease.fence == claim.lease.fence + 1)
        }

        @Test("A ledger with records is left alone")
        func occupied() async throws {
            let (first, service) = (try await open("first.sqlite"), try await PostgresLedger.worker(schema))
            _ = try await first.enqueue([.sample("a")])
            try await service.save("{}", as: .hostLimits, "h")
            await expectFailure(.alreadyExists) { _ = try await LedgerCopy(from: first, to: service) }
            #expect(try await service.list(JobFilter()).isEmpty)
        }

        @Test("A source that fails in the middle leaves nothing behind, and says why")
        func broken() async throws {
            let (first, service) = (try await filled(), try await PostgresLedger.worker(schema))
            let pool = first.pool
            // A text where SQLite's own rules allow none: damage that a copy must not carry on.
            try await pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA ignore_check_constraints = ON; UPDATE jobs SET state = 'lost'")
            }
            await expectFailure(.notAllowed) { _ = try await LedgerCopy(from: first, to: service) }
            #expect(try await service.list(JobFilter()).isEmpty)
            #expect(try await service.documents(.uploads).isEmpty)
            await #expect(throws: LedgerError.self) {
                try await first.close()
                _ = try await LedgerCopy(from: first, to: service)
            }
        }

        @Test("A backup of a service is a file that works")
        func backup() async throws {
            let service = try await PostgresLedger.worker(schema)
            _ = try await service.enqueue([.sample("a")])
            let path = folder.path.appending("backup.sqlite")
            try await service.backUp(to: path)
            await expectFailure(.alreadyExists) { try await service.backUp(to: path) }
            try await service.backUp(to: path, replacing: true)
            #expect(folder.files() == ["backup.sqlite"])
            #expect(try await open("backup.sqlite").list(JobFilter()).map(\.name) == ["a"])
        }
    }
#endif
