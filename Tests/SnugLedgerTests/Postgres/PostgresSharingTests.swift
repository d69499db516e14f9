// SPDX-License-Identifier: Apache-2.0
#if Postgres
    import SnugTestSupport
    import Testing

    @testable import SnugLedger

    /// Workers of several hosts on one ledger, at the same moment.
    @Suite("Workers that share a PostgreSQL ledger", .needsPostgres) struct PostgresSharingTests {
        private let schema = PostgresServer.newName()

        /// Does something with so many workers at once.
        private func together<Value: Sendable>(
            _ count: Int, _ body: @escaping @Sendable (PostgresLedger, Int) async throws -> Value
        ) async throws -> [Value] {
            let schema = schema
            return try await withThrowingTaskGroup(of: Value.self) { group in
                for number in 0..<count {
                    group.addTask {
                        let ledger = try await PostgresLedger.worker(schema) { $0.maximumConnections = 2 }
                        let value = try await body(ledger, number)
                        try await ledger.close()
                        return value
                    }
                }
                var values: [Value] = []
                for try await value in group { values.append(value) }
                return values
            }
        }

        @Test("Workers that open an empty database together make its tables once")
        func opening() async throws {
            let versions = try await together(6) { ledger, _ in try await ledger.facts().schemaVersion }
            #expect(versions == Array(repeating: 5, count: 6))
        }

        @Test("Each job goes to one worker, however many ask at once")
        func claims() async throws {
            let ledger = try await PostgresLedger.worker(schema)
            _ = try await ledger.enqueue((0..<120).map { .sample("job \($0)", folder: "f\($0 % 3)") })
            let claimed = try await together(6) { ledger, _ in
                var ids: [JobID] = []
                while true {
                    let claims = try await ledger.claim(ClaimRequest(limit: 2))
                    if claims.isEmpty { return ids }
                    for claim in claims {
                        try await ledger.recordOutcome(.delivered(claim.pendingDeliveries), under: claim.lease)
                        ids.append(claim.job.id)
                    }
                }
            }.flatMap { $0 }
            #expect(claimed.count == 120 && Set(claimed).count == 120)
            let jobs = try await ledger.list(JobFilter(limit: 1000))
            #expect(jobs.allSatisfy { $0.fence == 1 && $0.state == .delivered })
            try await ledger.checkIntegrity()
        }

        @Test("Equal work that comes in at once is one job, delivered under every name")
        func equal() async throws {
            let jobs = try await together(6) { ledger, number in
                var ids: [JobID] = []
                for round in 0..<10 {
                    var new = NewJob.sample("content \(round)", source: "source \(number) \(round)")
                    new.name = "name \(number)"
                    ids.append(try await ledger.enqueue([new])[0].job.id)
                }
                return ids
            }
            let ledger = try await PostgresLedger.worker(schema)
            #expect(Set(jobs).count == 1 && Set(jobs[0]).count == 10)
            for id in jobs[0] { #expect(try await ledger.deliveries(of: id).count == 6) }
            let books = try await ledger.books()["in"]
            #expect(books?.seen == 10 && books?.joined == 50 && books?.areBalanced == true)
        }

        @Test("No change of a document is lost, nor the first")
        func documents() async throws {
            _ = try await together(6) { ledger, _ in
                for _ in 0..<15 {
                    try await ledger.update(.accountLimits, "a", expiresAt: nil) { payload in
                        payload = String((payload.flatMap { Int($0) } ?? 0) + 1)
                    }
                }
            }
            let document = try await PostgresLedger.worker(schema).document(.accountLimits, "a")
            #expect(document?.payload == "90" && document?.version == 90)
        }

        @Test("Pruning beside work that comes in leaves no job without its lane")
        func lanes() async throws {
            _ = try await together(4) { ledger, number in
                for round in 0..<20 {
                    if number == 0 {
                        try await ledger.prune(PruningPolicy(delivered: .zero))
                    } else {
                        _ = try await ledger.enqueue([.sample("\(number) \(round)", folder: "f\(round)")])
                    }
                }
            }
            let ledger = try await PostgresLedger.worker(schema)
            #expect(try await ledger.claim(ClaimRequest(limit: 100)).count == 60)
        }

        @Test("Clocks of hosts that differ by minutes end no lease, and put nothing out of order")
        func clocks() async throws {
            func host(_ minutes: Int) async throws -> PostgresLedger {
                let system = LedgerEnvironment.system
                return try await .worker(schema) { configuration in
                    configuration.environment.now = { system.now() + .seconds(60 * minutes) }
                }
            }
            let (ahead, behind) = (try await host(10), try await host(-10))
            let job = try await ahead.enqueue([.sample("a")])[0].job
            let claim = try #require(try await behind.claim(ClaimRequest()).first)
            for _ in 0..<2 { #expect(try await ahead.claim(ClaimRequest()).isEmpty) }
            try await behind.recordOutcome(.advanced(to: .upload), under: claim.lease)
            _ = try #require(try await ahead.claim(ClaimRequest()).first)
            let history = try await ahead.history(of: job.id)
            #expect(history.map(\.verb) == ["enqueue", "claim", "advance", "claim"])
            #expect(history.map(\.at) == history.map(\.at).sorted())
        }
    }

#endif
