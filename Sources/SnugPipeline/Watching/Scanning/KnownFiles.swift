// SPDX-License-Identifier: Apache-2.0
import Synchronization
package import SystemPackage

/// The memory that every scan is compared with: the ledger, or a dictionary in tests.
///
/// Calls may block; they are made on threads for that.
package protocol KnownFiles: Sendable {
    /// True, in the order of `files`, for each that needs no work: it is done, in work, or failed, in just this version and
    /// under just this name.
    func areSettled(_ files: [ScannedFile], in root: FilePath) throws -> [Bool]

    /// The place where the folder was when it was last there; `nil` when it never was.
    func place(of root: FilePath) throws -> FolderPlace?

    /// Remembers where the folder is.
    func remember(_ place: FolderPlace, of root: FilePath) throws
}

/// The place of a watched folder in the file system.
package struct FolderPlace: Hashable, Sendable {
    package var device: UInt64
    package var inode: UInt64
    /// True when another file system begins at the folder.
    package var isMountPoint: Bool

    package init(device: UInt64, inode: UInt64, isMountPoint: Bool) {
        self.device = device
        self.inode = inode
        self.isMountPoint = isMountPoint
    }
}

/// Known files in memory: for tests, and for `leave` without a ledger, where a restart forgets them.
package final class InMemoryKnownFiles: KnownFiles {
    private struct State {
        var versions: [FilePath: [RelativePath: FileVersion]] = [:]
        var places: [FilePath: FolderPlace] = [:]
    }
    private let state = Mutex(State())

    package init() {}

    package func areSettled(_ files: [ScannedFile], in root: FilePath) -> [Bool] {
        state.withLock { state in
            guard let versions = state.versions[root] else { return files.map { _ in false } }
            return files.map { versions[$0.path] == $0.version }
        }
    }

    /// Notes that a file needs no more work in this version.
    package func settle(_ file: ScannedFile, in root: FilePath) {
        state.withLock { $0.versions[root, default: [:]][file.path] = file.version }
    }

    package func place(of root: FilePath) -> FolderPlace? { state.withLock { $0.places[root] } }

    package func remember(_ place: FolderPlace, of root: FilePath) { state.withLock { $0.places[root] = place } }
}
