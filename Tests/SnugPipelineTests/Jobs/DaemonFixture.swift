// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugGeneration
import SnugHTTP
import SnugImage
import SnugLedger
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

/// A daemon with real folders, a real ledger and the real engine, in a folder of its own.
final class DaemonFixture: Sendable {
    let folder: TemporaryFolder
    let ledger: SQLiteLedger
    private let events = Mutex<[DaemonEvent]>([])

    init(_ folder: TemporaryFolder? = nil, policy: LedgerPolicy = LedgerPolicy()) async throws {
        let folder = try folder ?? TemporaryFolder()
        self.folder = folder
        for name in ["inbox", "outbox"] { try FileSystem.makeFolders(folder.path.appending(name)) }
        ledger = try await SQLiteLedger.open(
            folder.path.appending("state/ledger.sqlite"), configuration: LedgerConfiguration(policy: policy))
    }

    private static let fitter = ImageFitter(configuration: ImageFitter.Configuration(threads: 2))
    static let engine: Daemon.Engine = { try await fitter.fit($0, limits: $1, policy: $2) }

    var state: FilePath { folder.path.appending("state") }

    /// Files that settle at once, and are looked for often.
    func watchFolder(_ pipeline: Pipeline = .fit, inbox: String = "inbox", outbox: String = "outbox") -> WatchFolder {
        var watched = WatchFolder(
            inbox: folder.path.appending(inbox), outbox: folder.path.appending(outbox), pipeline: pipeline)
        watched.settleTime = .milliseconds(30)
        watched.pollInterval = .milliseconds(50)
        return watched
    }

    func configuration(
        _ pipeline: Pipeline = .fit, _ change: (inout WatchFolder) -> Void = { _ in }
    ) -> WatchConfiguration {
        var watched = watchFolder(pipeline)
        change(&watched)
        var configuration = WatchConfiguration(stateDirectory: state, folders: [watched])
        configuration.workers.fits = 2
        configuration.drainTime = .seconds(5)
        return configuration
    }

    func daemon(
        _ configuration: WatchConfiguration? = nil, fit: Daemon.Engine? = nil, calls: PublishingCalls = .system,
        generation: GenerationStores? = nil, ledger: (any LedgerStore)? = nil,
        space: @escaping DiskReserve.Space = FileSystem.space,
        memoryUse: @escaping @Sendable () -> MemoryUse? = { nil }, leaseTime: Duration = .seconds(60),
        told: @escaping @Sendable (DaemonEvent) -> Void = { _ in },
        passed: @escaping @Sendable (DaemonPoint) -> Void = { _ in }
    ) throws -> Daemon {
        let engine = fit ?? Self.engine
        return try Daemon(
            configuration ?? self.configuration(), ledger: ledger ?? self.ledger,
            generationStores: generation ?? .ledger(self.ledger), uploadStore: LedgerUploadStore(self.ledger),
            http: try makeClient(), logger: quietLogger,
            fit: engine, space: space, memoryUse: memoryUse, calls: calls, leaseTime: leaseTime, passed: passed,
            onEvent: { event in
                self.events.withLock { $0.append(event) }
                told(event)
            })
    }

    /// Runs a daemon while `body` runs, then drains it.
    func whileRunning(_ daemon: Daemon, _ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await daemon.run() }
            // A body that fails ends the group, and with it the daemon.
            try await body()
            await daemon.drain()
            try await group.waitForAll()
        }
    }

    // MARK: Looking

    var allEvents: [DaemonEvent] { events.withLock { $0 } }

    func count(_ isOne: (DaemonEvent.Kind) -> Bool) -> Int { allEvents.count { isOne($0.kind) } }

    /// Jobs by name.
    func jobs() async throws -> [String: Job] {
        try await Dictionary(ledger.list(JobFilter(limit: 100_000)).map { ($0.name, $0) }) { first, _ in first }
    }

    /// Files below a folder, ours that are hidden left out.
    func files(_ name: String) -> [String] {
        folder.files().filter { $0.hasPrefix(name + "/") && !$0.contains("/.") }.map {
            String($0.dropFirst(name.count + 1))
        }
    }

    func waitUntil(_ isTrue: @escaping @Sendable () async throws -> Bool) async throws {
        while try await !isTrue() { try await Task.sleep(for: .milliseconds(20)) }
    }

    /// Whatever happened: the ledger is sound and balances, and nothing of ours is left behind.
    func checkBooks(waiting: Int = 0, _ comment: Comment? = nil) async throws {
        try await ledger.checkIntegrity()
        for (name, books) in try await ledger.books() {
            #expect(books.areBalanced && books.waiting == waiting, "\(name): \(books) \(comment ?? "")")
        }
        #expect(folder.files().filter { $0.contains(".snug-d") } == [], comment)
    }
}
