// SPDX-License-Identifier: Apache-2.0
package import SnugSystem
import Synchronization
package import SystemPackage

/// The events of all watched folders: one queue of the system for the life of the process, read by one thread.
///
/// Events become ``FolderChanges`` of the folder they are in, in bounded memory. The reading thread does nothing else, so
/// that the system's queue is empty most of the time; when it does overflow, all folders are scanned.
package final class FolderEvents: Sendable {
    /// The state that the reading thread shares; it must not keep this object alive, whose end is the thread's.
    let core: Core
    private let wakeEnd: FileDescriptor

    /// Opens the queue and starts the thread.
    /// - Parameters:
    ///   - maximumChanges: Paths that are remembered for a folder, beyond which it is scanned.
    ///   - maximumWatches: Folders that are watched at once; the system's own limit counts beside it.
    /// - Throws: The system's reason: no queue, no pipe or no thread is left.
    package init(maximumChanges: Int = 8192, maximumWatches: Int = .max) throws(Errno) {
        let core = Core(
            inotify: try Inotify(), maximumChanges: maximumChanges, maximumWatches: maximumWatches)
        let ends: (readEnd: FileDescriptor, writeEnd: FileDescriptor)
        do { ends = try FileDescriptor.pipe() } catch { throw Errno(error) }
        do throws(Errno) {
            try DetachedThread.start {
                core.readEvents(untilReadable: ends.readEnd)
                ends.readEnd.closeIgnoringErrors()
            }
        } catch {
            ends.readEnd.closeIgnoringErrors()
            ends.writeEnd.closeIgnoringErrors()
            throw error
        }
        self.core = core
        wakeEnd = ends.writeEnd
    }

    // The thread sees the end of the pipe.
    deinit { wakeEnd.closeIgnoringErrors() }

    /// Times that the system's queue was full, so that events were lost.
    package var overflowCount: Int { core.overflowCount.load(ordering: .relaxed) }

    /// Begins to collect the changes of a folder; ``Subscription/watch(_:)`` says of which parts.
    package func subscribe(to root: FilePath) -> Subscription { Subscription(core, core.add(root)) }

    /// The changes of one watched folder. Its watches end with the last reference.
    package final class Subscription: Sendable {
        private let core: Core
        private let identifier: Int
        /// Signalled when there are changes to take.
        package let changed: AsyncEvent

        fileprivate init(_ core: Core, _ added: (identifier: Int, changed: AsyncEvent)) {
            self.core = core
            identifier = added.identifier
            changed = added.changed
        }

        deinit { core.remove(identifier) }

        /// Watches the folder, or one below it, by its present path. A folder that is watched already stays so.
        /// - Throws: `noSpace` when the user has no watches left.
        package func watch(_ folder: RelativePath) throws(Errno) { try core.watch(folder, of: identifier) }

        /// Ends all watches, and begins again with none: for a folder that is another one now.
        package func unwatchAll() { core.unwatchAll(of: identifier) }

        /// Hands out the changes so far.
        package func take() -> FolderChanges { core.take(identifier) }

        /// Folders that are watched.
        package var watchCount: Int { core.watchCount(of: identifier) }

        /// Finds out that events arrive, by creating a file and waiting for its event.
        /// - Returns: The reason to poll instead; `nil` when the event came.
        package func probe(timeout: Duration = .seconds(2)) async -> WatchMode.Reason? {
            await core.probe(identifier, timeout: timeout)
        }
    }
}
