// SPDX-License-Identifier: Apache-2.0
#if Postgres
    import SnugTestSupport
    import Synchronization
    import Testing

    @testable import SnugLedger

    /// A service that is killed, and workers that it loses.
    @Suite("A PostgreSQL service that fails", .needsPostgres, .serialized) struct PostgresFaultTests {
        /// Ends of jobs that were confirmed.
        private final class Tally: Sendable {
            let counts = Mutex<[JobID: Int]>([:])
        }

        private func ledger(
            _ server: RealServer, _ change: (inout LedgerConfiguration) -> Void = { _ in }
        ) async throws -> PostgresLedger {
            var configuration = LedgerConfiguration()
            configuration.busyTimeout = .seconds(60)
            change(&configuration)
            return try await .open(
                PostgresAddress(PostgresServer.address(port: server.port)), configuration: configuration)
        }

        @Test(
            "A service killed with -9 in the middle of work loses nothing that was confirmed, and work resumes by itself"
        )
        func killed() async throws {
            let server = try await PostgresServer.startNew()
            let ledger = try await ledger(server)
            let count = 60
            let confirmed = Tally()
            _ = try await ledger.enqueue((0..<count).map { .sample("job \($0)", step: .deliver) })
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        while let claim = try await ledger.claim(ClaimRequest()).first {
                            try await ledger.recordOutcome(.delivered(claim.pendingDeliveries), under: claim.lease)
                            confirmed.counts.withLock { $0[claim.job.id, default: 0] += 1 }
                        }
                    }
                }
                group.addTask {
                    for part in [10, 30] {
                        while confirmed.counts.withLock({ $0.count }) < part { await Task.yield() }
                        server.stop()
                        try server.restart()
                    }
                }
                for try await _ in group {}
            }
            // Each once: none was handed out again although its end was confirmed, and none is forgotten.
            #expect(confirmed.counts.withLock { $0.count == count && $0.values.allSatisfy { $0 == 1 } })
            let jobs = try await ledger.list(JobFilter(limit: 1000))
            #expect(jobs.count == count && jobs.allSatisfy { $0.state == .delivered && $0.fence == 1 })
            try await ledger.checkIntegrity()
            try await ledger.close()
        }

        @Test("An encrypted connection that the service ends is made again, and the verb is carried out")
        func encrypted() async throws {
            let server = try await PostgresServer.startNew(isEncrypted: true)
            let address = PostgresServer.address(port: server.port) + "?sslmode=require"
            let ledger = try await PostgresLedger.open(PostgresAddress(address))
            for round in 0..<3 {
                // As an operator or a restart does: the service says so, and closes.
                try await PostgresServer.run(
                    """
                    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
                    WHERE pid <> pg_backend_pid() AND usename = 'snug'
                    """, on: address)
                _ = try await ledger.enqueue([.sample("job \(round)")])
                #expect(try await ledger.list(JobFilter()).count == round + 1)
            }
            try await ledger.close()
        }

        @Test("A service that cannot be reached is told with the remedy, and without the password")
        func unreachable() async throws {
            let server = try await PostgresServer.startNew()
            // It may still be starting.
            try await ledger(server).close()
            let kept = try await ledger(server) { $0.busyTimeout = .zero }
            server.stop()
            for attempt in 0..<2 {
                do {
                    if attempt == 0 {
                        // Its processes may serve a moment longer than the one that was killed.
                        for _ in 0..<1000 {
                            _ = try await kept.books()
                            try await Task.sleep(for: .milliseconds(10))
                        }
                    } else {
                        _ = try await ledger(server) { $0.busyTimeout = .zero }
                    }
                    Issue.record("nothing is there")
                } catch let error as LedgerError {
                    #expect(error.code == .unreachable && error.isEnvironmental)
                    #expect(error.message.contains("postgres://127.0.0.1:\(server.port)/postgres: "))
                    #expect(error.message.contains("start it or mend the network"))
                    #expect(!"\(error) \(error.message)".contains(PostgresServer.password))
                }
            }
        }

        @Test(
            "A refused connection fails at once",
            arguments: [
                "postgres://snug:wrong@127.0.0.1:%/postgres", "postgres://nobody:x@127.0.0.1:%/postgres",
                "postgres://snug:testtest@127.0.0.1:%/nowhere",
                "postgres://snug:testtest@127.0.0.1:%/postgres?sslmode=require",
            ])
        func refused(template: String) async throws {
            let parts = try await PostgresServer.address().split(separator: "/")[1].split(separator: ":")
            let address = try PostgresAddress(template.replacing("%", with: String(try #require(parts.last))))
            do {
                _ = try await PostgresLedger.open(address)
                Issue.record("\(template)")
            } catch let error as LedgerError {
                #expect(error.code == .unreachable && error.message.contains("PGPASSWORD"), "\(error.message)")
            }
        }

        @Test("Work of a worker whose connection is lost is taken back after the grace, and not before")
        func departed() async throws {
            let schema = PostgresServer.newName()
            let (lost, time) = (try await PostgresLedger.worker(schema), TestTime())
            _ = try await lost.enqueue([.sample("a")])
            let claim = try #require(try await lost.claim(ClaimRequest(lease: .seconds(3600))).first)
            let lock = try #require(try await lost.lock("name"))
            let other = try await PostgresLedger.worker(schema) { configuration in
                configuration.environment.elapsed = time.environment.elapsed
            }
            // As if its process had ended, or its host had been cut off and the service had noticed.
            await lost.presence.end()
            #expect(try await eventually { try await other.lookToEnd { try $0.isMissing(lost.workerID) } })
            #expect(try await other.claim(ClaimRequest()).isEmpty)
            #expect(try await other.lock("name") == nil)
            time.advance(.seconds(9))
            #expect(try await other.claim(ClaimRequest()).isEmpty)
            time.advance(.seconds(1))
            #expect(try await other.lock("name")?.fence == lock.fence + 1)
            let taken = try #require(try await other.claim(ClaimRequest()).first)
            #expect(taken.job.id == claim.job.id && taken.job.crashes == 0 && taken.job.attempt == 1)
            await expectFailure(.staleLease) {
                _ = try await lost.recordOutcome(.delivered(claim.pendingDeliveries), under: claim.lease)
            }
        }

        @Test("A job is blamed for the end of a process only when work on it had begun")
        func blamed() async throws {
            let schema = PostgresServer.newName()
            let lost = try await PostgresLedger.worker(schema)
            _ = try await lost.enqueue(["begun", "ended", "claimed"].map { .sample($0) })
            for claim in try await lost.claim(ClaimRequest(limit: 3)) where claim.job.name != "claimed" {
                await lost.beginWork(under: claim.lease)
                if claim.job.name == "ended" { await lost.endWork(under: claim.lease) }
            }
            let other = try await PostgresLedger.worker(schema) { $0.lostConnectionGrace = .zero }
            await lost.presence.end()
            #expect(
                try await eventually {
                    _ = try await other.claim(ClaimRequest([.settle]))
                    return try await other.list(JobFilter(states: [.running])).isEmpty
                })
            let crashes = try await other.list(JobFilter()).map { "\($0.name) \($0.crashes)" }
            #expect(Set(crashes) == ["begun 1", "ended 0", "claimed 0"])
        }
    }

#endif
