// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

@Suite struct WatchLoopTests {
    private static let interval = Duration.seconds(600)

    private func loop(_ root: FilePath, prefersPolling: Bool) throws -> WatchLoop {
        let watched = WatchedFolder(
            root: root, policy: SettlePolicy(), scanInterval: Self.interval, pollInterval: Self.interval,
            prefersPolling: prefersPolling)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let watcher = FolderWatcher(
            watched, events: try FolderEvents(), known: InMemoryKnownFiles(), threads: BlockingThreads(count: 1),
            logger: logger)
        return WatchLoop(watcher, isOnce: false) { files in files.map { _ in .handled } }
    }

    @Test(
        "A folder that is not there yet, or not any more, is waited for and not asked for without a pause",
        arguments: [false, true])
    func absent(prefersPolling: Bool) async throws {
        let folder = try TemporaryFolder()
        let inbox = folder.path.appending("inbox")
        var loop = try loop(inbox, prefersPolling: prefersPolling)
        try await loop.step()
        #expect(loop.place == nil && loop.timeToNextLook() > .zero)
        // It comes.
        try FileSystem.makeFolder(inbox)
        try await loop.scan()
        #expect(loop.place != nil && loop.timeToNextLook() > .zero)
        // It goes.
        try FileSystem.removeFolder(inbox)
        try await loop.scan()
        try await loop.step()
        #expect(loop.place == nil && loop.timeToNextLook() > .zero)
    }

    @Test("What lay there for long before the start is taken at the first look; what came just now is not")
    func oldFiles() async throws {
        let folder = try TemporaryFolder()
        try folder.write(WatchImages.jpeg, to: "old.jpg")
        let time = Duration.milliseconds(500)
        let watched = WatchedFolder(
            root: folder.path, policy: SettlePolicy(settleTime: time, unprovenSettleTime: time),
            scanInterval: Self.interval, pollInterval: Self.interval, prefersPolling: true)
        let watcher = FolderWatcher(
            watched, events: nil, known: InMemoryKnownFiles(), threads: BlockingThreads(count: 1),
            logger: Logger(label: "test"))
        try await Task.sleep(for: time * 2)
        try folder.write(WatchImages.jpeg, to: "new.jpg")
        let taken = Mutex<[String]>([])
        var loop = WatchLoop(watcher, isOnce: true) { files in
            taken.withLock { $0 += files.map { "\($0.file.path)" } }
            return files.map { _ in .handled }
        }
        try await loop.step()
        #expect(taken.withLock { $0 }.first == "old.jpg")
    }
}
