// SPDX-License-Identifier: Apache-2.0
package import Logging
package import SnugSystem
import Synchronization

/// Watches one folder, and hands over each file once it is complete.
///
/// Events tell where to look; a scan of everything at the start, after lost events and at regular times makes sure that
/// nothing is missed. Every scan is compared with what is known, never with the last scan.
package final class FolderWatcher: Sendable {
    /// Processes settled files, and returns one fate for each.
    package typealias Handler = @Sendable ([SettledFile]) async -> [SettledFate]

    package let folder: WatchedFolder
    let events: FolderEvents?
    let known: any KnownFiles
    let threads: BlockingThreads
    let logger: Logger
    /// Tells why no files are taken at present; `nil` where they are.
    let hold: @Sendable () async -> String?
    private let state = Mutex(WatchStatus())

    /// - Parameters:
    ///   - events: The events of the process; without them the folder is polled.
    ///   - known: What scans are compared with.
    ///   - threads: Where everything that blocks is done.
    ///   - hold: Tells why no files are taken at present.
    package init(
        _ folder: WatchedFolder, events: FolderEvents?, known: any KnownFiles, threads: BlockingThreads, logger: Logger,
        hold: @escaping @Sendable () async -> String? = { nil }
    ) {
        self.folder = folder
        self.events = events
        self.known = known
        self.threads = threads
        self.hold = hold
        var logger = logger
        logger[metadataKey: "folder"] = "\(PrintableName.of(folder.root))"
        self.logger = logger
    }

    /// The present state.
    package var status: WatchStatus {
        var status = state.withLock { $0 }
        status.overflowCount = events?.overflowCount ?? 0
        return status
    }

    func report(_ change: (inout WatchStatus) -> Void) { state.withLock { change(&$0) } }

    /// Watches until the task is cancelled.
    /// - Throws: `CancellationError`.
    package func run(handling handler: @escaping Handler) async throws {
        var loop = WatchLoop(self, isOnce: false, handler)
        while true {
            try Task.checkCancellation()
            try await loop.step()
            await loop.pause()
        }
    }

    /// Hands over what is there now, and returns once everything is handed over or waits for somebody else.
    /// - Throws: `CancellationError`.
    package func runOnce(handling handler: @escaping Handler) async throws {
        var loop = WatchLoop(self, isOnce: true, handler)
        while true {
            try Task.checkCancellation()
            try await loop.step()
            if loop.isDone { return }
            await loop.pause()
        }
    }
}
