// SPDX-License-Identifier: Apache-2.0
#if Postgres
    import SnugTestSupport
    import Testing

    @testable import SnugLedger

    /// The table of jobs that wait, which the database keeps.
    @Suite("The queue of a PostgreSQL ledger", .needsPostgres) struct PostgresQueueTests {
        private let schema = PostgresServer.newName()

        private func run(_ sql: String) async throws {
            try await PostgresServer.run("SET search_path = \(schema); \(sql)", on: PostgresServer.address())
        }

        /// The jobs in the queue, with the step that they wait for.
        private func queue(_ ledger: PostgresLedger) async throws -> [String] {
            try await ledger.look { transaction in
                try transaction.fetch(String.self, "SELECT job_id || ' ' || step FROM queue ORDER BY job_id")
            }
        }

        @Test("A ledger from before there was a queue gets one with the jobs that wait")
        func migration() async throws {
            let earlier = try await PostgresLedger.worker(schema)
            _ = try await earlier.enqueue((0..<5).map { .sample("job \($0)") })
            let over = try await earlier.claim(ClaimRequest(limit: 2))
            for claim in over {
                try await earlier.recordOutcome(.delivered(claim.pendingDeliveries), under: claim.lease)
            }
            try await earlier.close()
            try await run(
                """
                DROP TABLE queue; DROP FUNCTION keep_queue CASCADE; DELETE FROM snug_migrations WHERE number = 8;
                CREATE INDEX jobs_lane ON jobs (folder, account, step, priority, due_at, id) WHERE state = 'waiting'
                """)

            let ledger = try await PostgresLedger.worker(schema)
            #expect(try await ledger.facts().schemaVersion == PostgresSchema.migrations.count)
            #expect(try await queue(ledger).count == 3)
            try await ledger.checkIntegrity()
            let rest = try await ledger.claim(ClaimRequest(limit: 9)).map(\.job.id)
            #expect(rest.count == 3 && Set(rest).isDisjoint(with: over.map(\.job.id)))
            #expect(try await queue(ledger).isEmpty)
        }

        @Test("A job is in the queue while it waits, and what is over leaves it")
        func membership() async throws {
            let ledger = try await PostgresLedger.worker(schema)
            let ids = try await ledger.enqueue((0..<4).map { .sample("job \($0)") }).map(\.job.id)
            #expect(
                try await queue(ledger).map { $0.split(separator: " ").first.map(String.init) }
                    == ids.map(\.description))
            let first = try await ledger.claim(ClaimRequest(limit: 3))
            #expect(try await queue(ledger).count == 1)
            try await ledger.recordOutcome(.delivered(first[0].pendingDeliveries), under: first[0].lease)
            try await ledger.recordOutcome(.failed(JobReason(code: "c", message: "m")), under: first[1].lease)
            try await ledger.recordOutcome(.advanced(to: .upload), under: first[2].lease)
            #expect(try await queue(ledger).contains("\(first[2].job.id) upload"))
            #expect(try await queue(ledger).count == 2)
            _ = try await ledger.resolve([ids[3]], .cancel)
            #expect(try await queue(ledger).count == 1)
            try await ledger.checkIntegrity()
        }

        @Test("A queue that does not agree with the jobs is found by the check, and named")
        func disagreement() async throws {
            let ledger = try await PostgresLedger.worker(schema)
            let id = try await ledger.enqueue([.sample("one")])[0].job.id
            for change in ["UPDATE queue SET due_at = due_at + 1", "DELETE FROM queue"] {
                try await run(change)
                let error = await #expect(throws: LedgerError.self) { try await ledger.checkIntegrity() }
                #expect(error?.code == .corrupt && error?.message.contains(id.description) == true)
            }
        }
    }

#endif
