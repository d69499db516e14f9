// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugSystem
import Synchronization
import SystemPackage

/// A watcher, and the task that it runs in.
struct WatcherTask: Sendable {
    var context: FolderContext
    var watcher: FolderWatcher
    var task: Task<Void, Never>
}

/// The watchers of a run that ends by itself which are still looking.
final class RemainingWatchers: Sendable {
    private let count: Mutex<Int>
    init(_ count: Int) { self.count = Mutex(count) }
    func end() { count.withLock { $0 -= 1 } }
    var areNone: Bool { count.withLock { $0 <= 0 } }
}

extension Daemon {
    /// The memory that scans of a folder are compared with.
    func known(_ context: FolderContext) -> LedgerKnownFiles {
        let name = PathText.encode(Array(context.settings.name.utf8)).replacing("/", with: "%2f")
        let file = setup.configuration.stateDirectory.appending("folders").appending(name + ".json")
        return LedgerKnownFiles(
            services.ledger, folder: context.settings.name, stays: !context.movesSources, placeFile: file)
    }

    func taker(for context: FolderContext, known: LedgerKnownFiles) -> FileTaker {
        let (board, reserve) = (board, services.reserve)
        let folders: Set<FilePath> = [setup.configuration.stateDirectory, context.settings.outbox]
        return FileTaker(
            context: context, accounts: setup.configuration.accounts, ledger: services.ledger, known: known,
            threads: services.threads, failures: board.failures(of: context.settings.name),
            shortage: { reserve.shortage(in: folders) },
            onEnqueued: { enqueued, file, isJoined in
                let subject = DaemonEvent.Subject(
                    job: enqueued.job.id, folder: context.settings.name,
                    name: PathText.encode(file.original.bytes))
                board.report(.settled(isJoined: isJoined), subject)
                if isJoined, enqueued.job.state == .held { board.noteJoinedToHeld() }
                board.mayHaveWork([WorkerLane(enqueued.job.step)])
            }, onTrouble: { board.paused($0) }, passed: services.passed, storesInputs: services.storage != nil)
    }

    /// Begins to watch a folder.
    func watch(_ context: FolderContext, isOnce: Bool, _ remaining: RemainingWatchers) {
        let known = known(context)
        let taker = taker(for: context, known: known)
        let watcher = FolderWatcher(
            context.watched, events: state.withLock { $0.events }, known: known, threads: services.threads,
            logger: logger, hold: { [services] in await services.holdOfNewFiles() })
        let board = board
        // Ended by reload() or by the end of the daemon, whichever comes first, and awaited there.
        let task = Task {
            do {
                if isOnce {
                    try await watcher.runOnce { await taker.take($0) }
                } else {
                    try await watcher.run { await taker.take($0) }
                }
            } catch {
                // Cancelled: what was taken is in the work folder.
            }
            remaining.end()
            board.wake.signal()
        }
        state.withLock {
            $0.watchers[context.settings.name] = WatcherTask(context: context, watcher: watcher, task: task)
        }
    }

    /// Ends all watchers, or those of some folders, and waits for them.
    func stopWatching(_ names: Set<String>? = nil) async {
        let stopped = state.withLock { state in
            let stopped = state.watchers.filter { names?.contains($0.key) ?? true }
            for name in stopped.keys { state.watchers[name] = nil }
            return stopped.values.map(\.task)
        }
        for task in stopped { task.cancel() }
        for task in stopped { await task.value }
    }

    /// Files that were not taken and inboxes that are not there, each with its reason.
    func unsettledFiles() -> [FilePath: String] {
        var files: [FilePath: String] = [:]
        for entry in state.withLock({ Array($0.watchers.values) }) {
            let status = entry.watcher.status
            if let reason = status.presence?.absence ?? status.trouble.map({ "cannot be looked at: \($0)" }) {
                files[entry.context.settings.inbox] = reason
            }
            for file in status.waitingFiles {
                files[file.path.path(below: entry.context.settings.inbox)] = file.reason
            }
        }
        return files
    }

    // MARK: Reloading

    /// Takes another configuration: folders begin, end and change, and the work in progress goes on with the settings that
    /// it was begun with.
    /// - Throws: What ``WatchConfiguration/validate()`` throws; `restart_needed` when settings changed that only a start
    ///   takes. The old configuration then stays in force.
    public func reload(_ configuration: WatchConfiguration) async throws(DaemonError) {
        var configuration = configuration
        do {
            configuration.stateDirectory = try WorkingFolder.absolute(configuration.stateDirectory)
            configuration.role = initial.role
            try await reloading.lock()
        } catch { throw DaemonError(.ioFailed, "the configuration is not reloaded: \(error)") }
        defer { reloading.unlock() }
        let old = setup
        try Self.refuse(configuration.keysNeedingRestart(since: initial))
        let checked = configuration
        let result = await services.threads.runUncancelled { () -> Result<Void, DaemonError> in
            do throws(DaemonError) {
                try checked.validate()
                return .success(())
            } catch { return .failure(error) }
        }
        try result.get()
        configuration = configuration.withLedgerNames
        let new = DaemonSetup(configuration, after: old)
        let unchanged = Set(configuration.folders).intersection(old.configuration.folders)
        await stopWatching(Set(old.configuration.folders.filter { !unchanged.contains($0) }.map(\.name)))
        let isRunning = state.withLock { state in
            state.setup = new
            return state.phase == .running
        }
        services.forgetClients()
        guard isRunning else { return }
        let remaining = RemainingWatchers(1)
        for context in new.watched where !unchanged.contains(context.settings) {
            watch(context, isOnce: false, remaining)
        }
        board.mayHaveWork()
        board.wake.signal()
    }

    /// Refuses settings that would not be in force although the file has them.
    /// - Throws: `restart_needed` unless there are none.
    package static func refuse(_ keys: [String]) throws(DaemonError) {
        guard !keys.isEmpty else { return }
        throw DaemonError(
            .restartNeeded,
            "\(keys.joined(separator: ", ")) cannot change while the daemon runs; restart it, or set the old value again"
        )
    }

    // MARK: Status

    /// The state at this moment.
    /// - Throws: What the ledger throws when it cannot be read.
    public func status() async throws -> DaemonStatus {
        let (setup, phase, watchers) = state.withLock { ($0.setup, $0.phase, $0.watchers) }
        let books = try await services.ledger.books()
        let folders = setup.configuration.folders.map { folder in
            let status = watchers[folder.name]?.watcher.status ?? WatchStatus()
            return DaemonStatus.Folder(
                name: folder.name, inbox: folder.inbox, watchMode: status.mode?.description,
                hasEvents: status.mode == .events, isPresent: status.presence?.isPresent,
                settlingCount: status.waitingCount,
                unsettled: Dictionary(
                    status.waitingFiles.map { ($0.path.description, $0.reason) }, uniquingKeysWith: { $1 }),
                hasMore: status.hasMore, takenCount: board.takenCount(in: folder.name),
                fileCount: status.fileCount, overflowCount: status.overflowCount,
                books: books[folder.name] ?? LedgerBooks())
        }
        var hosts: FleetHosts?
        if !role.isAlone { hosts = try await FleetHosts(from: services.ledger) }
        return DaemonStatus(
            phase: phase, folders: folders, activities: board.activities, holds: try await services.ledger.holds(),
            pause: board.pause, books: books.values.reduce(LedgerBooks(), +), memory: memoryUse(),
            hosts: hosts, folderBooks: books.filter { role.owns($0.key) })
    }
}

extension FolderPresence {
    fileprivate var isPresent: Bool { if case .present = self { true } else { false } }

    /// Why nothing can be taken from it, as the end of a sentence; `nil` for a folder that is there.
    fileprivate var absence: String? {
        switch self {
        case .present: nil
        case .absent(.noSuchFileOrDirectory): "is not there, so nothing was taken from it"
        case .absent(let reason): "cannot be opened (\(reason)), so nothing was taken from it"
        case .notMounted: "is empty, because its file system is not mounted"
        }
    }
}
