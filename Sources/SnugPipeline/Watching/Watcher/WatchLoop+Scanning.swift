// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugSystem
import SystemPackage

/// Scans and polls, and the mode in which the folder is watched.
extension WatchLoop {
    /// Time between two attempts to get events where there were none.
    private static let modeInterval = Duration.seconds(600)

    // MARK: Mode

    /// Finds out how changes are noticed.
    private mutating func chooseMode() async throws {
        nextModeAttempt = now + Self.modeInterval
        subscription = nil
        let (reason, subscription) = await reasonToPoll()
        try Task.checkCancellation()
        setMode(reason.map(WatchMode.polling) ?? .events)
        if reason == nil { self.subscription = subscription }
    }

    private func reasonToPoll() async -> (WatchMode.Reason?, FolderEvents.Subscription?) {
        if folder.prefersPolling || isOnce { return (.requested, nil) }
        return await WatchMode.choose(for: folder.root, events: watcher.events)
    }

    private mutating func setMode(_ mode: WatchMode) {
        if mode != self.mode || watcher.status.mode == nil {
            switch mode {
            case .events: watcher.logger.info("folder is watched by events")
            // Looked at once: nobody waits for changes.
            case .polling where isOnce: break
            case .polling(.requested): watcher.logger.info("folder is polled, as configured")
            case .polling(let reason):
                watcher.logger.warning("folder is polled", metadata: ["reason": "\(reason)"])
            }
        }
        self.mode = mode
        watcher.report { $0.mode = mode }
    }

    // MARK: Scans

    /// Scans all of the folder, if it is there.
    mutating func scan() async throws {
        hasMore = false
        guard try await isPresent() else {
            nextScan = now + folder.pollInterval
            return
        }
        if mode.mayRecover, now >= nextModeAttempt { try await chooseMode() }
        guard let report = try await walk(below: .root) else {
            nextScan = now + folder.pollInterval
            return
        }
        stamps = report.stamps
        hasMore = report.isPartial
        nextScan = now + folder.pause(after: report.processorTime, atLeast: folder.scanInterval)
        nextPoll = now + folder.pollInterval
        watcher.report { status in
            status.scanCount += 1
            status.folderCount = report.folderCount
            status.fileCount = report.fileCount
            status.knownCount = report.settledCount
            status.skipped = report.skipped
            status.scanTime = report.processorTime
        }
    }

    /// Scans a folder that is new here, or that events could not tell enough of.
    mutating func scan(below path: RelativePath) async throws {
        if path.names.contains(where: { $0.first == UInt8(ascii: ".") }) { return }
        if try await walk(below: path)?.isPartial == true { hasMore = true }
    }

    /// Looks for folders that changed since they were listed, at little cost.
    mutating func poll() async throws {
        guard case .polling = mode, now >= nextPoll else { return }
        let scan = FolderScan(root: folder.root, rules: folder.rules)
        let stamps = stamps
        let (hasChanged, work) = try await watcher.threads.run {
            let begin = ThreadClock.now
            let hasChanged = scan.hasChanged(since: stamps)
            return (hasChanged, ThreadClock.now - begin)
        }
        nextPoll = now + folder.pause(after: work, atLeast: folder.pollInterval)
        if hasChanged { try await self.scan() }
    }

    /// Walks, and notes new files. Each folder is watched before it is listed.
    private mutating func walk(below path: RelativePath) async throws -> ScanReport? {
        let scan = FolderScan(root: folder.root, rules: folder.rules)
        let (known, subscription, capacity) = (watcher.known, subscription, folder.policy.maximumCandidates)
        let begin = WallClock.milliseconds
        let result = try await watcher.threads.run { () -> (ScanReport?, Errno?, (any Error)?) in
            var noWatch: Errno?
            do {
                let report = try scan.run(
                    below: path, comparedWith: known, capacity: capacity,
                    watching: { folder in
                        guard noWatch == nil, let subscription else { return }
                        do throws(Errno) {
                            try subscription.watch(folder)
                        } catch .noSpace {
                            noWatch = .noSpace
                        } catch {
                            // Gone meanwhile, or not for us to read: listing it fails as well, and says so.
                        }
                    }, isCancelled: { Task.isCancelled })
                return (report, noWatch, nil)
            } catch {
                return (nil, noWatch, error)
            }
        }
        if result.2 is CancellationError { throw CancellationError() }
        if let error = result.2, path == .root {
            watcher.logger.warning("folder cannot be scanned", metadata: ["reason": "\(error)"])
        }
        guard let report = result.0 else { return nil }
        if result.1 != nil { giveWatchesUp(needed: max(report.folderCount, (self.subscription?.watchCount ?? 0) + 1)) }
        for (path, reason) in report.failures {
            watcher.logger.warning("subfolder cannot be read", metadata: ["path": "\(path)", "reason": "\(reason)"])
        }
        let hasOurClock = try await hasOurClock()
        for file in report.files {
            let age = hasOurClock ? self.age(of: file.version, at: begin) : .zero
            if !tracker.saw(file, isTouched: false, age: age, at: now) { hasMore = true }
        }
        return report
    }

    /// True where this machine sets the times of files.
    private func hasOurClock() async throws -> Bool {
        let root = folder.root
        return try await watcher.threads.run {
            guard let kind = try? FileSystemKind(of: root) else { return false }
            return kind.networkName == nil
        }
    }

    /// The time since a file's last change; nothing on another file system than the folder's, whose clock is not known.
    private func age(of version: FileVersion, at milliseconds: Int) -> Duration {
        guard version.device == place?.device else { return .zero }
        return max(.zero, .milliseconds(Int64(milliseconds) - version.changed / 1_000_000))
    }

    /// All of them: watching a part of the folder would help nobody, and others need them.
    private mutating func giveWatchesUp(needed: Int) {
        subscription = nil
        nextModeAttempt = now + Self.modeInterval
        nextPoll = now
        setMode(.polling(.watchesExhausted(needed: needed, limit: Inotify.watchLimit)))
    }

    // MARK: Presence

    /// Looks whether the folder is there, and is still the one that is watched.
    private mutating func isPresent() async throws -> Bool {
        let (known, root) = (watcher.known, folder.root)
        let presence = try await watcher.threads.run {
            let presence = FolderPresence(of: root, remembered: try known.place(of: root))
            if case .present(let place) = presence { try known.remember(place, of: root) }
            return presence
        }
        if presence != watcher.status.presence {
            switch presence {
            case .present: watcher.logger.info("folder is there")
            case .absent(let reason):
                watcher.logger.warning("folder is not there, waiting", metadata: ["reason": "\(reason)"])
            case .notMounted: watcher.logger.warning("file system of the folder is not mounted, waiting")
            }
            watcher.report { $0.presence = presence }
        }
        guard case .present(let found) = presence else {
            place = nil
            subscription?.unwatchAll()
            return false
        }
        // The first one, or another one under the same path: its watches and its mode have to be its own.
        if place != found {
            place = found
            try await chooseMode()
        }
        return true
    }
}
