// SPDX-License-Identifier: Apache-2.0
import Synchronization
package import SystemPackage

/// Makes changes of folders durable, those of several threads by one sync.
///
/// A sync waits for the disk. Renames that are done before one starts are all covered by it, so that threads that wait for the
/// same folder share the next one. Its calls block.
package final class FolderSyncs: Sendable {
    private struct Key: Hashable {
        var device: UInt64
        var inode: UInt64
    }

    /// One folder, for as long as a thread waits for it.
    private final class Folder: Sendable {
        struct State {
            /// The requests that a sync has covered, which are numbered from 1.
            var covered: UInt64 = 0
            var failures: [(requests: ClosedRange<UInt64>, reason: Errno)] = []
        }

        let requests = Atomic<UInt64>(0)
        let state = Mutex(State())
    }

    private let folders = Mutex<[Key: (folder: Folder, users: Int)]>([:])

    package init() {}

    /// Makes everything that was done in a folder before this call durable.
    /// - Parameters:
    ///   - descriptor: The open folder.
    ///   - synchronize: Syncs it. A failure is that of every request that waited for it, because a second sync may succeed
    ///     although the changes are lost.
    /// - Throws: The error of the sync, or of asking which folder it is.
    package func run(
        _ descriptor: FileDescriptor, _ synchronize: (FileDescriptor) throws(Errno) -> Void
    ) throws(Errno) {
        let identity = try FileIdentity(of: descriptor)
        let key = Key(device: identity.device, inode: identity.inode)
        let folder = folders.withLock { folders in
            let entry = folders[key] ?? (Folder(), 0)
            folders[key] = (entry.folder, entry.users + 1)
            return entry.folder
        }
        defer {
            folders.withLock { folders in
                guard let entry = folders[key] else { return }
                folders[key] = entry.users > 1 ? (entry.folder, entry.users - 1) : nil
            }
        }
        let request = folder.requests.add(1, ordering: .sequentiallyConsistent).newValue
        // The lock is the queue: whoever has it syncs for all who wait behind it, and these find their request covered.
        let failure: Errno? = folder.state.withLock { state in
            if state.covered < request {
                let all = folder.requests.load(ordering: .sequentiallyConsistent)
                do throws(Errno) { try synchronize(descriptor) } catch {
                    state.failures.append((state.covered + 1...all, error))
                }
                state.covered = all
            }
            return state.failures.first { $0.requests.contains(request) }?.reason
        }
        if let failure { throw failure }
    }
}
