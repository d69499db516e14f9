// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugSystem
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugPipeline

@Suite struct StorageSweeperTests {
    private static func digest(_ number: Int) -> String {
        let hexadecimal = String(number, radix: 16)
        return String(repeating: "0", count: 64 - hexadecimal.count) + hexadecimal
    }

    /// Objects 0, 1, 2 … of these ages in days.
    private static func storage(_ days: [Int]) -> MemoryStorage {
        MemoryStorage(
            days.enumerated().map {
                ListedObject(digest: digest($0), byteCount: 10, age: .seconds(86_400 * $1))
            })
    }

    private static func job(content: Int?, payload: String = "{}") -> NewJob {
        NewJob(
            JobIdentity(contentHash: content.map(digest), pipeline: "p"), name: "n", folder: "in", payload: payload)
    }

    @Test("What is old and in no job goes; what is young, an input, or in a payload stays")
    func sweeps() async throws {
        let storage = Self.storage([8, 8, 8, 8, 6, 8, 100, 7])
        let ledger = InMemoryLedger()
        var payload = JobPayload()
        payload.fitted = .init(path: "a", suffix: "jpg", byteCount: 10, digest: Self.digest(2))
        payload.images = [.init(path: "b", suffix: "png", byteCount: 10, digest: Self.digest(3))]
        payload.outputs = [.init(path: "c", suffix: "png", byteCount: 10, digest: Self.digest(5))]
        _ = try ledger.enqueue([Self.job(content: 1, payload: payload.text)])
        let sweeper = StorageSweeper(storage, ledger: ledger, logger: quietLogger)
        let plan = try await sweeper.sweep(isDryRun: true)
        #expect(plan.removed == 2 && storage.removed.isEmpty)
        let report = try await sweeper.sweep()
        #expect(report == plan)
        #expect(storage.removed == [Self.digest(0), Self.digest(6)])
        #expect(report.objects == 8 && report.young == 2 && report.referred == 4 && report.removedBytes == 20)
        #expect(try await sweeper.sweep().removed == 0)
    }

    @Test("A ledger that cannot be asked removes nothing")
    func noLedger() async throws {
        let storage = Self.storage([8, 8, 8, 8])
        let folder = try TemporaryFolder()
        let ledger = try await SQLiteLedger.open(folder.path.appending("l.sqlite"))
        try await ledger.close()
        let sweeper = StorageSweeper(storage, ledger: ledger, logger: quietLogger)
        await #expect(throws: (any Error).self) { try await sweeper.sweep() }
        #expect(storage.removed.isEmpty)
    }

    @Test("An object that is stored again meanwhile stays")
    func renewed() async throws {
        let storage = Self.storage([8, 8])
        storage.state.withLock { $0.beforeAge = { $0[Self.digest(1)]?.age = .seconds(1) } }
        let report = try await StorageSweeper(storage, ledger: InMemoryLedger(), logger: quietLogger).sweep()
        #expect(storage.removed == [Self.digest(0)] && report.removed == 1)
    }

    @Test("A storage that refuses to remove ends the sweep with its reason")
    func refused() async throws {
        let storage = Self.storage([8])
        storage.state.withLock { $0.failsToRemove = true }
        await #expect(throws: StorageError(.refused, "no right to delete")) {
            try await StorageSweeper(storage, ledger: InMemoryLedger(), logger: quietLogger).sweep()
        }
    }

    @Test("What was begun to be stored and is old goes; what is young, or whose age nobody tells, stays")
    func unfinished() async throws {
        let storage = Self.storage([])
        let objects = [8.0, 6.9, nil, 7.1].enumerated().map { index, days in
            UnfinishedObject(name: "u\(index)", id: "\(index)", age: days.map { .seconds($0 * 86_400) })
        }
        storage.state.withLock { $0.unfinished = objects }
        let sweeper = StorageSweeper(storage, ledger: InMemoryLedger(), logger: quietLogger)
        let told = Mutex<[String]>([])
        let plan = try await sweeper.sweep(
            isDryRun: true, unfinished: { object in told.withLock { $0.append(object.name) } })
        #expect(plan.unfinished == 4 && plan.unfinishedRemoved == 2 && told.withLock { $0 } == ["u0", "u3"])
        #expect(storage.state.withLock { $0.unfinished } == objects)
        #expect(try await sweeper.sweep() == plan)
        #expect(storage.state.withLock { $0.unfinished } == [objects[1], objects[2]])
    }

    @Test("A storage that cannot tell what is unfinished, or may not, is swept all the same; one that is away is not")
    func unfinishedFaults() async throws {
        let storage = Self.storage([8])
        let sweeper = StorageSweeper(storage, ledger: InMemoryLedger(), logger: quietLogger)
        storage.state.withLock { $0.unfinishedFault = StorageError(.unsupported, "no such list") }
        let report = try await sweeper.sweep()
        #expect(report.removed == 1 && report.unfinishedNote == "no such list")
        storage.state.withLock { $0.unfinishedFault = StorageError(.refused, "no right") }
        #expect(try await sweeper.sweep().unfinishedNote?.contains("s3:AbortMultipartUpload") == true)
        storage.state.withLock { $0.unfinishedFault = StorageError(.unavailable, "away") }
        await #expect(throws: StorageError(.unavailable, "away")) { try await sweeper.sweep() }
    }

    @Test("Of several hosts one sweeps a day, and a sweep that failed is made up for")
    func shared() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path.appending("l.sqlite")
        let hosts = [try await SQLiteLedger.open(path), try await SQLiteLedger.open(path)]
        let storage = Self.storage([8])
        let now = LedgerInstant(milliseconds: WallClock.seconds * 1000)
        @Sendable func sweep(_ host: Int, now: LedgerInstant) async throws -> StorageSweeper.Report? {
            try await StorageSweeper.sweepIfDue(
                storage, ledger: hosts[host], now: now, logger: quietLogger)
        }
        // Of nobody's objects no ledger knows which are needed.
        await #expect(throws: StorageError.self) { try await sweep(0, now: now) }
        try await StorageOwnership.take(storage, for: hosts[1])
        storage.state.withLock { $0.failsToRemove = true }
        await #expect(throws: StorageError(.refused, "no right to delete")) { try await sweep(0, now: now) }
        storage.state.withLock { $0.failsToRemove = false }
        // While another host is at it.
        let lock = try #require(try await hosts[0].lock("storage sweep: s3://b"))
        #expect(try await sweep(1, now: now) == nil)
        try await hosts[0].unlock(lock)
        #expect(try await sweep(1, now: now)?.removed == 1)
        for host in 0..<2 { #expect(try await sweep(host, now: now) == nil) }
        // A mark whose time is over.
        try await hosts[0].save("{}", as: .sweeps, "s3://b", expiresAt: now + .seconds(-1))
        #expect(try await sweep(0, now: now)?.objects == 0)
    }

    @Test("The digest before another one is found", arguments: [(1, 0), (10, 9), (16, 15), (256, 255)])
    func predecessors(number: Int, expected: Int) {
        #expect(StoredObject.predecessor(of: Self.digest(number)) == Self.digest(expected))
        #expect(StoredObject.predecessor(of: Self.digest(0)) == nil)
    }
}
