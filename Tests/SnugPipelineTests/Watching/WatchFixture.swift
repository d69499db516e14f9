// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugTestSupport
import Synchronization
import SystemPackage

@testable import SnugPipeline
@testable import SnugSystem

/// A watched folder whose files are really taken, and counted.
final class WatchFixture: Sendable {
    /// Files by name, with the bytes that each taking found.
    typealias Takings = [String: [[UInt8]]]

    let folder: TemporaryFolder
    let work: TemporaryFolder
    let known = InMemoryKnownFiles()
    let events: FolderEvents
    let watcher: FolderWatcher
    let intake: Intake
    private let takings = Mutex<Takings>([:])
    private let givenUp = Mutex<[String: WatchError]>([:])
    private let changed = AsyncEvent()

    init(
        leaves: Bool = false, polling: Bool = false, maximumChanges: Int = 8192, maximumWatches: Int = .max,
        scanInterval: Duration? = nil,
        maximumCandidates: Int = 20_000,
        patience: Duration = .seconds(3600), folder: TemporaryFolder? = nil
    ) throws {
        let folder = try folder ?? TemporaryFolder()
        self.folder = folder
        work = try TemporaryFolder()
        events = try FolderEvents(maximumChanges: maximumChanges, maximumWatches: maximumWatches)
        intake = Intake(root: folder.path, work: WorkFolder(path: work.path), movesSources: !leaves)
        let policy = SettlePolicy(
            settleTime: .milliseconds(200), unprovenSettleTime: .milliseconds(400), suspiciousSettleTime: .seconds(30),
            patience: patience, maximumInterval: .milliseconds(400), maximumCandidates: maximumCandidates)
        let watched = WatchedFolder(
            root: folder.path, policy: policy, scanInterval: scanInterval ?? .seconds(polling ? 1 : 3600),
            pollInterval: .milliseconds(100), idleShare: 0, prefersPolling: polling)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        watcher = FolderWatcher(
            watched, events: events, known: known, threads: BlockingThreads(count: 2), logger: logger)
    }

    var taken: Takings { takings.withLock { $0 } }
    var failed: [String: WatchError] { givenUp.withLock { $0 } }

    /// Watches while `body` runs.
    func whileWatching(_ body: @escaping @Sendable (WatchFixture) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                do { try await watcher.run { files in await self.take(files) } } catch is CancellationError {}
            }
            group.addTask { [self] in try await body(self) }
            // The watcher ends only when it is cancelled.
            try await group.next()
            group.cancelAll()
            for try await _ in group {}
        }
    }

    /// Waits for as many taken files.
    func waitForTakings(_ count: Int) async {
        while taken.values.reduce(0, { $0 + $1.count }) < count { await changed.wait() }
    }

    /// Waits until a condition of the watcher's state holds.
    func wait(until isTrue: @Sendable (WatchStatus) -> Bool) async throws {
        while !isTrue(watcher.status) { try await Task.sleep(for: .milliseconds(20)) }
    }

    func take(_ files: [SettledFile]) async -> [SettledFate] {
        let fates = files.map { settled -> SettledFate in
            do throws(WatchError) {
                if let fault = settled.fault {
                    givenUp.withLock { $0[settled.file.path.description] = fault }
                    known.settle(settled.file, in: folder.path)
                    return .handled
                }
                switch try intake.take(settled.file) {
                case .changed, .gone: return .changed
                case .taken(let file):
                    let bytes = (try? FileDescriptor.contents(of: file.path, maximum: 1 << 28)) ?? []
                    if !intake.movesSources { known.settle(settled.file, in: folder.path) }
                    takings.withLock { $0[settled.file.path.description, default: []].append(bytes) }
                    return .handled
                }
            } catch {
                return .postponed(error.message)
            }
        }
        changed.signal()
        return fates
    }
}

/// Images for watched folders.
enum WatchImages {
    static let jpeg = JPEGBuilder(width: 640, height: 480).bytes
    static let png: [UInt8] = {
        var builder = PNGBuilder(width: 200, height: 200)
        builder.fill = 0x33
        return builder.bytes
    }()
    static func small(_ number: Int) -> [UInt8] {
        var builder = JPEGBuilder()
        builder.segments = [JPEGBuilder.segment(0xFE, Array("number \(number)".utf8))]
        return builder.bytes
    }
}
