// SPDX-License-Identifier: Apache-2.0
#if Postgres
    import SnugTestSupport
    import Testing

    @testable import SnugLedger

    /// The database that a ledger is given, and its tables.
    @Suite("A ledger in PostgreSQL", .needsPostgres) struct PostgresOpeningTests {
        private let schema = PostgresServer.newName()

        @Test("Tables of a later version are left alone")
        func newer() async throws {
            try await PostgresLedger.worker(schema).close()
            try await PostgresServer.run(
                "INSERT INTO \(schema).snug_migrations (number, name) VALUES (99, 'later')",
                on: PostgresServer.address())
            await expectFailure(.newerSchema) { _ = try await PostgresLedger.worker(schema) }
        }

        @Test("Tables of another program are left alone")
        func others() async throws {
            try await PostgresServer.run(
                "CREATE SCHEMA \(schema); CREATE TABLE \(schema).jobs (id int)", on: PostgresServer.address())
            await expectFailure(.notALedger) { _ = try await PostgresLedger.worker(schema) }
        }

        @Test("A schema may be named by any word, also by one of SQL's own", arguments: ["user", "true", "_1"])
        func words(word: String) async throws {
            let address = try PostgresAddress(await PostgresServer.address())
            let ledger = try await PostgresLedger.open(address, schema: word)
            let job = try await ledger.enqueue([.sample("in \(word)")])[0].job
            try await ledger.close()
            // A second one finds the tables of the first.
            #expect(try await PostgresLedger.open(address, schema: word).job(job.id).name == "in \(word)")
            let others = try await PostgresLedger.worker(schema)
            #expect(try await others.list(JobFilter()).isEmpty)
        }

        @Test("A name that is no word is refused before anything is asked of the service")
        func noWords() async throws {
            // Nobody listens there.
            let address = try PostgresAddress("postgres://127.0.0.1:1/none")
            for name in [
                "", "Snug", "a-b", "a b", "1a", "a\"; DROP SCHEMA public; --", String(repeating: "a", count: 64),
            ] {
                await expectFailure(.notALedger) { _ = try await PostgresLedger.open(address, schema: name) }
            }
        }

        @Test("A user who may use a schema and make none needs no more")
        func rights() async throws {
            let address = try await PostgresServer.address()
            try await PostgresServer.run(
                "CREATE ROLE \(schema) LOGIN PASSWORD 'testtest'; CREATE SCHEMA \(schema) AUTHORIZATION \(schema)",
                on: address)
            let own = try PostgresAddress(address.replacing("snug:", with: "\(schema):"))
            #expect(try await PostgresLedger.open(own, schema: schema).facts().schemaVersion > 4)
            await expectFailure(.readOnly) { _ = try await PostgresLedger.open(own, schema: schema + "_other") }
        }

        @Test("A name that is too long for an index is told so, and the ledger works on")
        func long() async throws {
            let ledger = try await PostgresLedger.worker(schema)
            var random = SeededGenerator(seed: 1)
            let text = String(
                decoding: (0..<9000).map { _ in UInt8.random(in: 33...126, using: &random) }, as: UTF8.self)
            await expectFailure(.notAllowed) { _ = try await ledger.enqueue([.sample("a", folder: text)]) }
            #expect(try await ledger.enqueue([.sample("a")])[0].isNew)
        }

        @Test("Letters are folded in a search as Unicode says")
        func folding() async throws {
            let ledger = try await PostgresLedger.worker(schema)
            _ = try await ledger.enqueue([.sample("GRÖSSE.jpg"), .sample("other.jpg")])
            #expect(try await ledger.list(JobFilter(text: "größ")).isEmpty)
            #expect(try await ledger.list(JobFilter(text: "grösse")).map(\.name) == ["GRÖSSE.jpg"])
        }

        @Test(
            "Named parameters get numbers, and nothing else is changed",
            arguments: [
                ("SELECT :a, :b, :a", "SELECT $1, $2, $1", ["a", "b"]),
                ("SELECT ':a', x::text, :long_name2)", "SELECT ':a', x::text, $1)", ["long_name2"]),
                ("SELECT 'it''s :a' WHERE b = :b", "SELECT 'it''s :a' WHERE b = $1", ["b"]),
                ("a : b", "a : b", []),
            ])
        func parameters(sql: String, numbered: String, names: [String]) {
            let result = NumberedParameters.numbered(sql)
            #expect(result.sql == numbered && result.names == names)
        }

        @Test("An address is described without user and password")
        func description() throws {
            let address = try PostgresAddress("postgres://me:secret%20word@db.example:5433/snug?sslmode=require")
            #expect("\(address)" == "postgres://db.example:5433/snug" && address.hasPassword)
            #expect(try !PostgresAddress("postgres://me@db.example/snug").hasPassword)
            #expect(throws: LedgerError.self) { try PostgresAddress("postgres://[") }
        }
    }

#endif
