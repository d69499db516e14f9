// SPDX-License-Identifier: Apache-2.0
import GRDB
import SnugGeneration
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugLedger

@Suite("Files that were damaged") struct CorruptionTests {
    private let folder: TemporaryFolder
    private let path: FilePath
    private static let jobs = 60

    init() async throws {
        folder = try TemporaryFolder()
        path = folder.path.appending("ledger.sqlite")
        let ledger = try await SQLiteLedger.open(path)
        _ = try await ledger.enqueue((0..<Self.jobs).map { .sample("job \($0)", source: "s\($0)") })
        for number in 0..<20 { try await ledger.save("{\"n\":\(number)}", as: .uploads, "u\(number)") }
        // All of it in one file, so that what is damaged counts.
        _ = try await ledger.pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        try await ledger.close()
    }

    private func change(_ body: (inout [UInt8]) -> Void) throws {
        var bytes = try #require(try folder.bytes(of: "ledger.sqlite"))
        body(&bytes)
        try folder.write(bytes, to: "ledger.sqlite")
    }

    /// Opens, looks, works and checks; every failure has to be one of the ledger's.
    /// - Returns: The codes of the failures.
    private func useAll() async throws -> Set<LedgerError.Code> {
        var codes: Set<LedgerError.Code> = []
        func attempt(_ body: () async throws -> Void) async {
            do {
                try await body()
            } catch let error as LedgerError {
                codes.insert(error.code)
                #expect(error.message.contains("; "), "no remedy: \(error.message)")
            } catch {
                Issue.record("\(error)")
            }
        }
        await attempt {
            let ledger = try await SQLiteLedger.open(path)
            await attempt { _ = try await ledger.list(JobFilter(limit: 1000)) }
            await attempt { _ = try await ledger.books() }
            await attempt { _ = try await ledger.enqueue([.sample("new")]) }
            await attempt {
                for claim in try await ledger.claim(ClaimRequest(limit: 5)) {
                    try await ledger.recordOutcome(.advanced(to: .upload), under: claim.lease)
                }
            }
            await attempt { _ = try await ledger.documents(.uploads) }
            await attempt { try await ledger.checkIntegrity() }
            await attempt { try await ledger.close() }
        }
        return codes
    }

    @Test("Wherever bytes are changed, the ledger works or says what is wrong", arguments: UInt64(1)...24)
    func flipped(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        try change { bytes in
            let start = Int.random(in: 0..<bytes.count - 64, using: &random)
            for index in start..<start + 64 { bytes[index] = UInt8.random(in: .min ... .max, using: &random) }
        }
        let codes = try await useAll()
        let expected: Set<LedgerError.Code> = [
            .corrupt, .notALedger, .ioFailed, .newerSchema, .notAllowed, .readOnly, .staleLease,
        ]
        #expect(codes.isSubset(of: expected), "\(codes)")
    }

    @Test("A file that was cut off is found out", arguments: [0.1, 0.5, 0.9])
    func truncated(share: Double) async throws {
        try change { $0.removeLast(Int(Double($0.count) * (1 - share))) }
        let codes = try await useAll()
        #expect(codes.contains(.corrupt), "\(codes)")
    }

    @Test("An empty file is an empty ledger, as a kill before the first table leaves it")
    func empty() async throws {
        try change { $0 = [] }
        let ledger = try await SQLiteLedger.open(path)
        #expect(try await ledger.list(JobFilter()).isEmpty)
        #expect(try await ledger.enqueue([.sample("a")]).count == 1)
    }

    @Test("A damaged header is no ledger")
    func header() async throws {
        try change { $0.replaceSubrange(0..<16, with: [UInt8](repeating: 0x41, count: 16)) }
        #expect(try await useAll() == [.notALedger])
    }

    @Test("A log that was torn in its last transaction loses that one and nothing before it")
    func tornLog() async throws {
        let ledger = try await SQLiteLedger.open(path)
        _ = try await ledger.enqueue([.sample("kept")])
        _ = try await ledger.enqueue([.sample("torn")])
        // As a power cut leaves it: the copy is of a ledger that nobody closed.
        let copy = try TemporaryFolder()
        try copy.write(try #require(try folder.bytes(of: "ledger.sqlite")), to: "ledger.sqlite")
        var log = try #require(try folder.bytes(of: "ledger.sqlite-wal"))
        log.removeLast(100)
        try copy.write(log, to: "ledger.sqlite-wal")
        let restored = try await SQLiteLedger.open(copy.path.appending("ledger.sqlite"))
        let names = try await restored.list(JobFilter(limit: 1000)).map(\.name)
        #expect(names.contains("kept") && !names.contains("torn") && names.count == Self.jobs + 1)
        try await restored.checkIntegrity()
    }

    @Test("Books that do not balance are found by the check")
    func books() async throws {
        let ledger = try await SQLiteLedger.open(path)
        let pool = ledger.pool
        try await pool.write { try $0.execute(sql: "UPDATE totals SET seen = seen + 1") }
        let error = await #expect(throws: LedgerError.self) { try await ledger.checkIntegrity() }
        #expect(error?.code == .corrupt && error?.message.contains("\(Self.jobs + 1) seen") == true)
    }

    @Test("Records of jobs that are gone are found by the check")
    func orphans() async throws {
        let ledger = try await SQLiteLedger.open(path)
        let pool = ledger.pool
        try await pool.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA foreign_keys = OFF")
            try database.execute(sql: "DELETE FROM jobs WHERE name = 'job 7'")
        }
        let error = await #expect(throws: LedgerError.self) { try await ledger.checkIntegrity() }
        #expect(error?.code == .corrupt && error?.message.contains("jobs that are gone") == true)
    }

    @Test("A value of a job that means nothing is a damaged record, not a crash")
    func values() async throws {
        let ledger = try await SQLiteLedger.open(path)
        let pool = ledger.pool
        try await pool.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA ignore_check_constraints = ON")
            try database.execute(sql: "UPDATE jobs SET state = 'lost' WHERE name = 'job 7'")
        }
        await expectFailure(.corrupt) { _ = try await ledger.list(JobFilter(limit: 1000)) }
    }
}
