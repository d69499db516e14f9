// SPDX-License-Identifier: Apache-2.0
import GRDB
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugLedger

/// A copy of a ledger, row by row, with all that a row may have in it.
@Suite("A copy from file to file") struct FileCopyTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func open(_ name: String) async throws -> SQLiteLedger {
        try await SQLiteLedger.open(folder.path.appending(name))
    }

    /// The rows of a table as SQLite writes them out: type and bytes of each value.
    private func rows(of table: LedgerTable, in ledger: SQLiteLedger) async throws -> [[String]] {
        let pool = ledger.pool
        let columns = table.columns.map { "typeof(\($0.name)) || hex(\($0.name))" }.joined(separator: ", ")
        let order = table.key.joined(separator: ", ")
        return try await pool.read { database in
            try Row.fetchAll(database, sql: "SELECT \(columns) FROM \(table.name) ORDER BY \(order)").map { row in
                row.databaseValues.map { String.fromDatabaseValue($0) ?? "null" }
            }
        }
    }

    @Test("Every table that is kept is copied, with all its columns, in the order of its own key")
    func tables() async throws {
        let pool = try await open("ledger.sqlite").pool
        let found = try await pool.read { database in
            let names = try String.fetchAll(
                database,
                sql:
                    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'grdb%' AND name <> 'workers'"
            )
            return try names.sorted().map { name in
                let columns = try database.columns(in: name).map { "\($0.name) \($0.type)" }
                return "\(name) \(try database.primaryKey(name).columns) \(columns)"
            }
        }
        let types: [LedgerTable.Kind: String] = [.text: "TEXT", .number: "INTEGER", .bytes: "BLOB"]
        let copied = LedgerTable.all.sorted { $0.name < $1.name }.map { table in
            "\(table.name) \(table.key) \(table.columns.map { "\($0.name) \(types[$0.kind] ?? "")" })"
        }
        #expect(copied == found)
    }

    @Test("Numbers at their ends, empty and long texts, and bytes of every value are the same in the copy")
    func values() async throws {
        let (first, second) = (try await open("first.sqlite"), try await open("second.sqlite"))
        let texts = ["", "caf\u{E9}", "cafe\u{301}", "\u{FFFD}", "\u{10FFFF}", "\r\n\u{1}", "''", "NULL", "0", "1e3"]
        let numbers = [0, -1, Int(Int32.max) + 1, 1 << 53, (1 << 53) + 1, .max, .min]
        try await first.transact { transaction in
            for (index, number) in numbers.enumerated() {
                var new = NewJob.sample("job \(index)", folder: texts[index], account: texts[index + 1])
                new.payload = String(repeating: texts[index + 2], count: 3000)
                new.dueAt = LedgerInstant(milliseconds: number)
                var tally = EnqueueTally()
                let job = try transaction.enqueue(new, &tally).job
                try transaction.count(seen: 1, joined: 0, in: new.folder)
                _ = try transaction.add(JobDelivery(name: "", folder: texts[index + 3]), to: job.id)
                try transaction.save(
                    texts[index], as: .uploads, "\(number)", expiresAt: LedgerInstant(milliseconds: number))
            }
        }
        let bytes = (0...255).map { UInt8($0) }
        let big = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await first.updateOutputs(
            in: bytes,
            keeping: [
                LedgerOutput(name: [], input: [], payload: ""), LedgerOutput(name: [0], input: [0, 0], payload: "p"),
                LedgerOutput(name: bytes.reversed(), input: big, payload: String(repeating: "x", count: 1 << 20)),
            ], forgetting: [])
        let copy = try await LedgerCopy(from: first, to: second)
        try await second.checkIntegrity()
        for table in LedgerTable.all {
            let (before, after) = (try await rows(of: table, in: first), try await rows(of: table, in: second))
            #expect(before == after && before.count == copy.rows[table.name] ?? 0, "\(table.name)")
        }
        #expect(copy.rows["outputs"] == 3 && copy.jobs == numbers.count)
    }

    @Test(
        "A table of any number of rows is whole: none, a page, one more and one less",
        arguments: [0, 499, 500, 501, 1000])
    func pages(count: Int) async throws {
        let (first, second) = (try await open("first.sqlite"), try await open("second.sqlite"))
        try await first.transact { transaction in
            // Keys of two columns, of which one is often the same.
            for number in 0..<count {
                _ = try transaction.claim(
                    ProviderJobClaim(
                        account: "a\(number % 3)", job: "\(number)", submission: "s", claimedAt: transaction.now))
            }
        }
        let copy = try await LedgerCopy(from: first, to: second)
        #expect(copy.rows["job_claims"] ?? 0 == count && copy.records == count)
        let claims = try #require(LedgerTable.all.first { $0.name == "job_claims" })
        #expect(try await rows(of: claims, in: second) == rows(of: claims, in: first))
    }

    @Test("A row that another program wrote, and that would not be the same, is found, and nothing is kept")
    func altered() async throws {
        let (first, second) = (try await open("first.sqlite"), try await open("second.sqlite"))
        let pool = second.pool
        try await pool.write { database in
            // As a database would that keeps less than it is given.
            try database.execute(
                sql: """
                    CREATE TRIGGER cut AFTER INSERT ON sessions BEGIN
                    UPDATE sessions SET payload = trim(payload) WHERE key = NEW.key; END
                    """)
        }
        try await first.save("{}", as: .uploads, "u")
        try await first.save("{} ", as: .sessions, "s")
        await expectFailure(.corrupt) { _ = try await LedgerCopy(from: first, to: second) }
        #expect(try await second.documents(.uploads).isEmpty)
        #expect(try await second.documents(.sessions).isEmpty)
        try await pool.write { try $0.execute(sql: "DROP TRIGGER cut") }
        #expect(try await LedgerCopy(from: first, to: second).rows == ["uploads": 1, "sessions": 1])
    }
}

/// The pages between the threads of two databases.
@Suite("Pages from thread to thread") struct PageChannelTests {
    private func page(_ number: Int) -> PageChannel.Page { .init(table: number, rows: [[.number(number)]]) }

    @Test("Pages come in their order, each once, however slow either end is")
    func order() async throws {
        let channel = PageChannel()
        let received = Task.detached {
            try await onThread { try (0..<200).map { _ in try channel.receive().table } }
        }
        try await onThread { for number in 0..<200 { try channel.send(.init(table: number, rows: [])) } }
        #expect(try await received.value == Array(0..<200))
    }

    @Test("An end that waits for the other wakes when that gives up", arguments: [true, false])
    func closing(isSender: Bool) async throws {
        let channel = PageChannel()
        let waiting = Task.detached {
            try await onThread {
                // One page more than the channel holds, or one that never comes.
                for number in 0..<9 {
                    if isSender { try channel.send(.init(table: number, rows: [])) } else { _ = try channel.receive() }
                }
            }
        }
        channel.close()
        await #expect(throws: PageChannel.Closed.self) { try await waiting.value }
    }

    @Test("A transaction that begins again does not send or receive twice")
    func again() throws {
        let channel = PageChannel()
        try channel.beginSending()
        try channel.beginReceiving()
        for body in [channel.beginSending, channel.beginReceiving] {
            let error = try #require(throws: LedgerError.self) { try body() }
            #expect(error.code == .busy && error.message.contains("start it again"))
        }
        try channel.send(page(7))
        #expect(try channel.receive().rows == [[.number(7)]])
    }
}
