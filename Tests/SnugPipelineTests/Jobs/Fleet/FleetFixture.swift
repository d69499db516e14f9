// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugGeneration
import SnugImage
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugLedger
@testable import SnugPipeline
@testable import SnugSystem

/// Several daemons on one ledger and one storage, each with folders of its own, as if they were on several hosts.
final class FleetFixture: Sendable {
    let folder: TemporaryFolder
    let storage: FaultyStorage
    let ledger: SQLiteLedger
    private let events = Mutex<[(host: String, event: DaemonEvent)]>([])
    private let ledgers = Mutex<[SQLiteLedger]>([])

    /// - Parameter shared: The storage; by default a folder.
    init(_ shared: (any ByteStorage)? = nil) async throws {
        folder = try TemporaryFolder()
        try FileSystem.makeFolders(folder.path.appending("shared"))
        storage = FaultyStorage(try shared ?? FolderStorage(folder.path.appending("shared")))
        ledger = try await SQLiteLedger.open(folder.path.appending("ledger.sqlite"))
    }

    /// A worker of the ledger of its own.
    func open() async throws -> SQLiteLedger {
        let ledger = try await SQLiteLedger.open(folder.path.appending("ledger.sqlite"))
        ledgers.withLock { $0.append(ledger) }
        return ledger
    }

    // MARK: Daemons

    func configuration(
        _ host: String, fits: Int, _ pipeline: Pipeline = .fit, _ change: (inout WatchFolder) -> Void = { _ in }
    ) throws -> WatchConfiguration {
        let root = folder.path.appending(host)
        var watched = WatchFolder(
            inbox: root.appending("inbox"), outbox: root.appending("outbox"), pipeline: pipeline)
        for path in [watched.inbox, watched.outbox] { try FileSystem.makeFolders(path) }
        watched.settleTime = .milliseconds(30)
        watched.pollInterval = .milliseconds(50)
        change(&watched)
        var configuration = WatchConfiguration(stateDirectory: root.appending("state"), folders: [watched])
        configuration.role = .host(host)
        configuration.takesSubmissions = true
        configuration.workers.fits = fits
        configuration.drainTime = .seconds(1)
        return configuration
    }

    /// A host with an inbox and an outbox; by default it leaves fits to others.
    func host(
        _ name: String, fits: Int = 0, _ pipeline: Pipeline = .fit, accounts: [Account] = [],
        ledger: (any LedgerStore)? = nil, hasStorage: Bool = true, fit: Daemon.Engine? = nil,
        lease: Duration = .seconds(60),
        folder change: (inout WatchFolder) -> Void = { _ in }
    ) async throws -> Daemon {
        var configuration = try configuration(name, fits: fits, pipeline, change)
        configuration.accounts = accounts
        return try await daemon(name, configuration, ledger, hasStorage, fit, lease)
    }

    /// A worker without folders.
    func worker(
        _ name: String = "worker", steps: Set<JobStep> = FleetRole.workerSteps, accounts: [Account] = [],
        ledger: (any LedgerStore)? = nil, fit: Daemon.Engine? = nil, lease: Duration = .seconds(60)
    ) async throws -> Daemon {
        var configuration = WatchConfiguration(
            stateDirectory: folder.path.appending(name).appending("state"), accounts: accounts)
        configuration.role = .worker(steps)
        configuration.workers.fits = 2
        configuration.drainTime = .seconds(1)
        return try await daemon(name, configuration, ledger, true, fit, lease)
    }

    private func daemon(
        _ name: String, _ configuration: WatchConfiguration, _ ledger: (any LedgerStore)?, _ hasStorage: Bool,
        _ fit: Daemon.Engine?, _ lease: Duration
    ) async throws -> Daemon {
        let own = try await open()
        return try Daemon(
            configuration, ledger: ledger ?? own, generationStores: .ledger(own), uploadStore: LedgerUploadStore(own),
            storage: hasStorage ? storage : nil, http: try makeClient(), logger: quietLogger,
            fit: fit ?? DaemonFixture.engine, leaseTime: lease, passed: { _ in },
            onEvent: { event in self.events.withLock { $0.append((name, event)) } })
    }

    /// Runs daemons while `body` runs, then drains them.
    func whileRunning(_ daemons: [Daemon], _ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for daemon in daemons { group.addTask { try await daemon.run() } }
            try await body()
            for daemon in daemons { await daemon.drain() }
            try await group.waitForAll()
        }
    }

    // MARK: Looking

    /// Files of a host, as `outbox/a.jpg`, ours that are hidden left out.
    func files(_ place: String) -> [String] {
        folder.files().filter { $0.hasPrefix(place + "/") && !$0.contains("/.") }.map {
            String($0.dropFirst(place.count + 1))
        }
    }

    func count(on host: String, _ isOne: (DaemonEvent.Kind) -> Bool) -> Int {
        events.withLock { $0.count { $0.host == host && isOne($0.event.kind) } }
    }

    /// Lets all processes of the fleet have been silent for some time.
    func makeHosts(seenSecondsAgo seconds: Int) async throws {
        _ = try await ledger.transact { transaction in
            try transaction.execute("UPDATE hosts SET updated_at = updated_at - :time", ["time": seconds * 1000])
        }
    }

    /// Retries every job that is held, or makes those due that wait.
    func retryAll(soon isWaiting: Bool = false) async throws {
        let ids = try await jobs().map(\.id)
        guard isWaiting else {
            #expect(try await ledger.resolve(ids, .retry).count == ids.count)
            return
        }
        try await ledger.resolve(ids, .pause(until: nil))
        try await ledger.resolve(ids, .unpause)
        _ = try await ledger.transact { try $0.execute("UPDATE jobs SET due_at = 0 WHERE state = 'waiting'") }
    }

    func jobs() async throws -> [Job] { try await ledger.list(JobFilter(limit: 1000)) }

    func waitUntil(_ what: String, _ isTrue: @escaping @Sendable () async throws -> Bool) async throws {
        let start = ContinuousClock.now
        while try await !isTrue() {
            guard ContinuousClock.now - start < .seconds(180) else {
                let jobs = try await jobs().map {
                    "\($0.name) \($0.folder) \($0.state) \($0.step) \($0.reason?.message ?? "")"
                }
                Issue.record("waited for: \(what); \(jobs); \(folder.files().filter { !$0.contains("sqlite") })")
                throw CancellationError()
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Whatever happened: the books balance, no host has files of a claim left, and nothing is half written.
    func check(hosts: [String]) async throws {
        try await ledger.checkIntegrity()
        for (name, books) in try await ledger.books() {
            #expect(books.areBalanced && books.waiting == 0, "\(name): \(books)")
        }
        for host in hosts { #expect(files("\(host)/state/jobs") == [], "\(host)") }
        #expect(folder.files().filter { $0.contains(".snug-d") } == [])
    }
}

/// A storage that answers with a fault for as long as a test wants, and counts.
final class FaultyStorage: ByteStorage {
    private let storage: any ByteStorage
    private let fault = Mutex<(error: StorageError, isForStoringOnly: Bool)?>(nil)
    private let counts = Mutex((stored: 0, fetched: 0, refused: 0))

    init(_ storage: any ByteStorage) { self.storage = storage }

    func fail(with error: StorageError?, storingOnly: Bool = false) {
        fault.withLock { $0 = error.map { ($0, storingOnly) } }
    }
    var storedCount: Int { counts.withLock { $0.stored } }
    var fetchedCount: Int { counts.withLock { $0.fetched } }
    /// Calls that were answered with the fault.
    var refusedCount: Int { counts.withLock { $0.refused } }

    private func check(isStoring: Bool) throws {
        guard let fault = fault.withLock({ $0 }), isStoring || !fault.isForStoringOnly else { return }
        counts.withLock { $0.refused += 1 }
        throw fault.error
    }

    func store(_ file: FilePath, as object: StoredObject) async throws {
        try check(isStoring: true)
        try await storage.store(file, as: object)
        counts.withLock { $0.stored += 1 }
    }

    func fetch(_ object: StoredObject, to file: FilePath) async throws {
        try check(isStoring: false)
        try await storage.fetch(object, to: file)
        counts.withLock { $0.fetched += 1 }
    }

    func objects(after digest: String?) async throws -> [ListedObject] { try await storage.objects(after: digest) }
    func remove(_ digest: String) async throws { try await storage.remove(digest) }
    func forEachUnfinished(_ visit: (UnfinishedObject) async throws -> Void) async throws {
        try await storage.forEachUnfinished(visit)
    }
    func removeUnfinished(_ object: UnfinishedObject) async throws { try await storage.removeUnfinished(object) }
    var place: String { storage.place }
    func owner() async throws -> String? { try await storage.owner() }
    func setOwner(_ ledger: String) async throws { try await storage.setOwner(ledger) }
}
