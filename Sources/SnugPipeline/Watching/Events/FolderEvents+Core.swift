// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import Synchronization
import SystemPackage

extension FolderEvents {
    /// Watches and changes, shared with the thread that reads the events.
    final class Core: Sendable {
        /// One watched folder with everything below it.
        private struct Folder {
            var root: FilePath
            var changes: FolderChanges
            var changed = AsyncEvent()
            /// Numbers of the watches by path, to end those below a folder that is moved away.
            var watches: [RelativePath: Int32] = [:]
            var probes: [[UInt8]: AsyncEvent] = [:]
        }
        private struct Place {
            var folder: Int
            var path: RelativePath
        }
        private struct State {
            var folders: [Int: Folder] = [:]
            var places: [Int32: Place] = [:]
            var lastIdentifier = 0
        }

        let overflowCount = Atomic<Int>(0)
        private let inotify: Inotify
        private let maximumChanges: Int
        private let maximumWatches: Int
        private let state = Mutex(State())

        /// Deletions are not among them: a file that is gone is found to be gone when it is looked at.
        private static let kinds: Inotify.Kinds = [
            .created, .movedTo, .movedFrom, .closedAfterWriting, .attributes, .folderDeleted, .folderMoved,
            .onlyFolders,
            .withoutFollowing,
        ]

        init(inotify: Inotify, maximumChanges: Int, maximumWatches: Int) {
            self.inotify = inotify
            self.maximumWatches = maximumWatches
            self.maximumChanges = maximumChanges
        }

        // MARK: Watches

        func add(_ root: FilePath) -> (identifier: Int, changed: AsyncEvent) {
            state.withLock { state in
                state.lastIdentifier += 1
                let folder = Folder(root: root, changes: FolderChanges(bound: maximumChanges))
                state.folders[state.lastIdentifier] = folder
                return (state.lastIdentifier, folder.changed)
            }
        }

        func remove(_ identifier: Int) {
            unwatchAll(of: identifier)
            state.withLock { $0.folders[identifier] = nil }
        }

        func watch(_ path: RelativePath, of identifier: Int) throws(Errno) {
            guard let root = state.withLock({ $0.folders[identifier]?.root }) else { return }
            var kinds = Self.kinds
            // The watched folder itself may be named by a link, those in it may not.
            if path == .root { kinds.remove(.withoutFollowing) }
            let inotify = inotify
            let result = state.withLock { state -> Result<Void, Errno> in
                // Within the lock, so that no event of the new watch comes before the watch is known.
                do throws(Errno) {
                    guard state.places.count < maximumWatches else { throw .noSpace }
                    let watch = try inotify.watch(path.path(below: root), for: kinds)
                    // A folder that was renamed keeps its watch.
                    if let old = state.places[watch], old.folder == identifier, old.path != path {
                        state.folders[identifier]?.watches[old.path] = nil
                    }
                    state.places[watch] = Place(folder: identifier, path: path)
                    state.folders[identifier]?.watches[path] = watch
                    return .success(())
                } catch {
                    return .failure(error)
                }
            }
            try result.get()
        }

        func unwatchAll(of identifier: Int) {
            let watches = state.withLock { state in
                let watches = state.folders[identifier].map { Array($0.watches.values) } ?? []
                for watch in watches { state.places[watch] = nil }
                state.folders[identifier]?.watches = [:]
                return watches
            }
            for watch in watches { inotify.unwatch(watch) }
        }

        /// Drops all watches behind the back of those who rely on them, for tests of lost events.
        func forgetWatches() {
            let watches = state.withLock { state in
                defer { state.places = [:] }
                return Array(state.places.keys)
            }
            for watch in watches { inotify.unwatch(watch) }
        }

        /// Watches of all folders.
        var allWatchCount: Int { state.withLock { $0.places.count } }

        func watchCount(of identifier: Int) -> Int { state.withLock { $0.folders[identifier]?.watches.count ?? 0 } }

        func take(_ identifier: Int) -> FolderChanges {
            state.withLock { $0.folders[identifier]?.changes.take() } ?? FolderChanges(bound: 0)
        }

        // MARK: Reading

        /// Reads until the queue fails or the other end of `wake` is closed. Blocks.
        func readEvents(untilReadable wake: FileDescriptor) {
            while true {
                do throws(Errno) {
                    let events = try inotify.waitForEvents(orWake: wake)
                    if events.isEmpty, wake.waitUntilReadable(milliseconds: 0) { return }
                    accept(events)
                } catch {
                    // No event comes any more: the regular scans go on, and each says that it found what no event told.
                    accept([Inotify.Event(watch: -1, kinds: .overflow)])
                    return
                }
            }
        }

        /// Turns events into changes.
        func accept(_ events: [Inotify.Event]) {
            var over: [Int32] = []
            let wakened = state.withLock { state in
                var wakened: [AsyncEvent] = []
                for event in events { note(event, in: &state, wakened: &wakened, over: &over) }
                return wakened
            }
            for watch in over { inotify.unwatch(watch) }
            for event in wakened { event.signal() }
        }

        private func note(
            _ event: Inotify.Event, in state: inout State, wakened: inout [AsyncEvent], over: inout [Int32]
        ) {
            if event.kinds.contains(.overflow) {
                overflowCount.add(1, ordering: .relaxed)
                for identifier in state.folders.keys { change(identifier, in: &state, &wakened) { $0.scanAll() } }
                return
            }
            guard let place = state.places[event.watch] else { return }
            if event.kinds.contains(.ignored) {
                state.places[event.watch] = nil
                if state.folders[place.folder]?.watches[place.path] == event.watch {
                    state.folders[place.folder]?.watches[place.path] = nil
                }
                return
            }
            if event.kinds.contains(.unmounted) || place.path == .root && !event.kinds.isDisjoint(with: Self.ends) {
                change(place.folder, in: &state, &wakened) { $0.scanAll() }
                return
            }
            if event.name.isEmpty { return }
            if event.name.first == UInt8(ascii: ".") {
                if let probe = state.folders[place.folder]?.probes[event.name] { wakened.append(probe) }
                return
            }
            let path = place.path.appending(event.name)
            if event.kinds.contains(.isFolder) {
                if event.kinds.contains(.movedFrom) {
                    over += forget(everythingBelow: path, of: place.folder, in: &state)
                } else if !event.kinds.isDisjoint(with: [.created, .movedTo, .attributes]) {
                    change(place.folder, in: &state, &wakened) { $0.insert(folder: path) }
                }
            } else if !event.kinds.contains(.movedFrom) {
                change(place.folder, in: &state, &wakened) { $0.insert(file: path) }
            }
        }

        private static let ends: Inotify.Kinds = [.folderDeleted, .folderMoved]

        private func change(
            _ identifier: Int, in state: inout State, _ wakened: inout [AsyncEvent],
            _ body: (inout FolderChanges) -> Void
        ) {
            guard var folder = state.folders[identifier] else { return }
            state.folders[identifier] = nil
            let wasEmpty = folder.changes.isEmpty
            body(&folder.changes)
            if wasEmpty { wakened.append(folder.changed) }
            state.folders[identifier] = folder
        }

        /// A folder that is moved away takes its watches along; events from there would have the wrong path.
        private func forget(everythingBelow path: RelativePath, of identifier: Int, in state: inout State) -> [Int32] {
            guard let watches = state.folders[identifier]?.watches.filter({ $0.key.isAtOrBelow(path) }) else {
                return []
            }
            for (path, watch) in watches {
                state.folders[identifier]?.watches[path] = nil
                state.places[watch] = nil
            }
            return Array(watches.values)
        }

        // MARK: Probing

        func probe(_ identifier: Int, timeout: Duration) async -> WatchMode.Reason? {
            let name = Self.probePrefix + TemporaryFiles.randomName().dropFirst(TemporaryFiles.prefix.count)
            let arrived = AsyncEvent()
            let bytes = Array(name.utf8)
            let root = state.withLock { state in
                state.folders[identifier]?.probes[bytes] = arrived
                return state.folders[identifier]?.root
            }
            defer { state.withLock { state in state.folders[identifier]?.probes[bytes] = nil } }
            guard let root else { return .noEventsArrived }
            let path = root.appending(name)
            do throws(Errno) {
                try FileDescriptor.opening(
                    path, .writeOnly, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite
                ).closing()
            } catch {
                return .cannotProbe(error)
            }
            defer { FileSystem.removeIfThere(path) }
            return await arrived.wait(for: timeout) ? nil : .noEventsArrived
        }

        /// Hidden, and recognised as ours: no scan takes it for an input.
        static let probePrefix = TemporaryFiles.prefix + "probe-"
    }
}

extension AsyncEvent {
    /// Waits for the signal, but not for ever.
    /// - Returns: False when it did not come in time.
    func wait(for timeout: Duration) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                await self.wait()
                return !Task.isCancelled
            }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return false
            }
            let isSignalled = await group.next() ?? false
            group.cancelAll()
            return isSignalled
        }
    }
}
