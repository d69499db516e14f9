// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SystemPackage

extension WatchMode {
    /// Finds out how changes of a folder can be noticed.
    /// - Returns: The reason to poll, or `nil` and a subscription to its events.
    static func choose(
        for root: FilePath, events: FolderEvents?
    ) async -> (reason: Reason?, subscription: FolderEvents.Subscription?) {
        if let kind = try? FileSystemKind(of: root), let name = kind.nameIfEventsGetLost {
            return (.fileSystem(name), nil)
        }
        guard let events else { return (.unavailable(.tooManyOpenFiles), nil) }
        let subscription = events.subscribe(to: root)
        do throws(Errno) { try subscription.watch(.root) } catch {
            return (
                error == .noSpace ? .watchesExhausted(needed: 1, limit: Inotify.watchLimit) : .unavailable(error), nil
            )
        }
        return (await subscription.probe(), subscription)
    }

    /// The mode that a folder would be watched in now. It creates a test file in the folder and removes it.
    package static func expected(for folder: WatchFolder) async -> WatchMode {
        if folder.prefersPolling { return .polling(.requested) }
        let reason = await choose(for: folder.inbox, events: try? FolderEvents()).reason
        return reason.map(WatchMode.polling) ?? .events
    }
}
