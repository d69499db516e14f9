// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugSystem

/// The work of a ``FolderWatcher``, in one task: what it keeps in mind is nobody else's.
struct WatchLoop {
    let watcher: FolderWatcher
    let handler: FolderWatcher.Handler
    /// It ends with what is there now, and needs no events.
    let isOnce: Bool
    var tracker: SettleTracker
    var subscription: FolderEvents.Subscription?
    var mode = WatchMode.polling(.requested)
    /// Where the folder was at the last look; `nil` while it is not there.
    var place: FolderPlace?
    /// The folders before they were listed last, for polling.
    var stamps: [RelativePath: FileVersion] = [:]
    var nextScan = Duration.zero
    var nextPoll = Duration.zero
    var nextModeAttempt = Duration.zero
    /// The last scan found more new files than there was room for.
    var hasMore = false
    /// Why files could not be taken at the last attempt.
    private var trouble: String?
    private let start = ContinuousClock.now

    /// Files looked at, checked and handed over together.
    private static let batchSize = 256
    private static let shownFiles = 20

    init(_ watcher: FolderWatcher, isOnce: Bool, _ handler: @escaping FolderWatcher.Handler) {
        self.watcher = watcher
        self.isOnce = isOnce
        self.handler = handler
        tracker = SettleTracker(policy: watcher.folder.policy)
    }

    var folder: WatchedFolder { watcher.folder }
    /// True when files that there was no room for can be found now.
    private var hasRoom: Bool { hasMore && tracker.capacity >= folder.policy.maximumCandidates / 2 }
    var now: Duration { ContinuousClock.now - start }

    /// True when all that is there is handed over, or waits for somebody else.
    var isDone: Bool { !hasMore && nextScan > .zero && tracker.count == tracker.stalledCount }

    // MARK: Steps

    /// Looks at everything whose time has come. A fault of the surroundings is for the next time.
    /// - Throws: `CancellationError`.
    mutating func step() async throws {
        do {
            try await lookAtAll()
            watcher.report { $0.trouble = nil }
        } catch let error as CancellationError { throw error } catch {
            watcher.report { $0.trouble = "\(error)" }
            watcher.logger.warning("folder cannot be looked at", metadata: ["reason": "\(error)"])
            nextScan = now + folder.pollInterval
        }
    }

    private mutating func lookAtAll() async throws {
        let changes = subscription?.take() ?? FolderChanges(bound: 0)
        if changes.needsScan || hasRoom || now >= nextScan {
            try await scan()
        } else if place != nil {
            for folder in changes.folders { try await scan(below: folder) }
            try await poll()
        }
        try await note(touched: Array(changes.files))
        try await settle()
        showWaiting()
    }

    /// The time until the next look.
    mutating func timeToNextLook() -> Duration {
        var next = nextScan
        // A folder that is not there is not polled: the scans look for it.
        if case .polling = mode, place != nil { next = min(next, nextPoll) }
        if let look = tracker.nextLook() { next = min(next, look) }
        return max(.zero, next - now)
    }

    /// Waits for the next event or the next look, whichever comes first.
    mutating func pause() async {
        let wait = timeToNextLook()
        if wait == .zero || hasRoom { return await Task.yield() }
        if let subscription { _ = await subscription.changed.wait(for: wait) } else { try? await Task.sleep(for: wait) }
    }

    /// Files that events named.
    private mutating func note(touched paths: [RelativePath]) async throws {
        guard !paths.isEmpty, place != nil else { return }
        let scan = FolderScan(root: folder.root, rules: folder.rules)
        let (known, root) = (watcher.known, folder.root)
        let files = try await watcher.threads.run {
            let versions = (try? scan.versions(of: paths)) ?? []
            let files = zip(paths, versions).compactMap { path, version in
                version.map { ScannedFile(path: path, version: $0) }
            }
            // In `leave` mode a file may be named again long after it was processed.
            return zip(files, try known.areSettled(files, in: root)).filter { !$1 }.map(\.0)
        }
        for file in files where !tracker.saw(file, isTouched: true, at: now) { hasMore = true }
    }

    /// Looks at the candidates whose time has come, and hands over those that are settled.
    private mutating func settle() async throws {
        while true {
            try Task.checkCancellation()
            let due = tracker.due(at: now, limit: Self.batchSize)
            if due.isEmpty { return }
            let toCheck = try await look(at: due)
            guard !toCheck.isEmpty else { continue }
            if let reason = await watcher.hold() {
                for file in toCheck { tracker.held(file.path, reason, at: now) }
                continue
            }
            let check = CompletenessCheck(root: folder.root)
            let results = try await watcher.threads.run { toCheck.map { check($0) } }
            var settled: [SettledFile] = []
            for (file, result) in zip(toCheck, results) {
                switch tracker.checked(file.path, result, at: now) {
                case .wait: break
                case .take(let version):
                    settled.append(SettledFile(file: ScannedFile(path: file.path, version: version)))
                case .giveUp(let version, let reason):
                    let fault = Self.fault(reason, patience: folder.policy.patience)
                    settled.append(SettledFile(file: ScannedFile(path: file.path, version: version), fault: fault))
                }
            }
            await handOver(settled)
        }
    }

    private mutating func look(at paths: [RelativePath]) async throws -> [ScannedFile] {
        let scan = FolderScan(root: folder.root, rules: folder.rules)
        guard let versions = try await watcher.threads.run({ try? scan.versions(of: paths) }) else {
            for path in paths { tracker.notTaken(path, "is in a folder that is not there now", at: now) }
            return []
        }
        return zip(paths, versions).compactMap { path, version in
            guard tracker.looked(at: path, version: version, at: now) == .check, let version else { return nil }
            return ScannedFile(path: path, version: version)
        }
    }

    private mutating func handOver(_ files: [SettledFile]) async {
        if files.isEmpty { return }
        var fates = await handler(files)
        while fates.count < files.count { fates.append(.postponed("was not processed")) }
        for (file, fate) in zip(files, fates) {
            switch fate {
            case .handled: tracker.forget(file.file.path)
            case .changed: _ = tracker.checked(file.file.path, .changed, at: now)
            case .postponed(let reason): tracker.notTaken(file.file.path, reason, at: now)
            }
        }
        noteTrouble(fates.lazy.compactMap { if case .postponed(let reason) = $0 { reason } else { nil } }.first)
        let handled = zip(files, fates).filter { $1 == .handled }.map(\.0)
        watcher.report { status in
            status.settledCount += handled.count { $0.fault == nil }
            status.givenUpCount += handled.count { $0.fault != nil }
        }
    }

    /// Logs the first reason, and no other before files can be taken again: of a full disk each file would tell.
    private mutating func noteTrouble(_ reason: String?) {
        if let reason, trouble == nil {
            watcher.logger.warning("files cannot be taken now, trying again", metadata: ["reason": "\(reason)"])
        }
        trouble = reason
    }

    private static func fault(_ reason: String, patience: Duration) -> WatchError {
        WatchError(
            .incomplete,
            "The file is not complete, and did not change for \(patience.formatted()): \(reason). Copy it to the folder "
                + "again: the new file is processed by itself.")
    }

    private func showWaiting() {
        let (time, count) = (now, tracker.count)
        let files = tracker.waiting(limit: Self.shownFiles).map {
            WatchStatus.WaitingFile(
                path: $0.path, reason: $0.reason, quietFor: time - $0.since, nextLook: max(.zero, $0.nextLook - time))
        }
        let more = hasMore
        watcher.report { status in
            status.waitingCount = count
            status.waitingFiles = files
            status.hasMore = more
        }
    }
}

extension Duration {
    /// Whole seconds, minutes or hours for a person.
    fileprivate func formatted() -> String {
        let seconds = components.seconds
        if seconds >= 7200 { return "\(seconds / 3600) hours" }
        if seconds >= 120 { return "\(seconds / 60) minutes" }
        return seconds == 1 ? "1 second" : "\(seconds) seconds"
    }
}
