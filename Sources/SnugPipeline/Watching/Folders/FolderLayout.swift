// SPDX-License-Identifier: Apache-2.0
import SnugSystem
package import SystemPackage

/// The watched folders and all folders that are written to, checked so that no output becomes an input.
package struct FolderLayout: Sendable {
    /// One folder of the configuration, with its purpose for messages.
    package struct Entry: Sendable, Hashable {
        package var purpose: String
        package var location: FolderLocation
        /// The watched folder inside which it may lie all the same: our own work folder, which no scan enters.
        package var isOurOwn: Bool

        package init(_ purpose: String, _ location: FolderLocation, isOurOwn: Bool = false) {
            self.purpose = purpose
            self.location = location
            self.isOurOwn = isOurOwn
        }
    }

    package var watched: [Entry]
    /// Outboxes, folders for sources that are done, and for those that failed.
    package var written: [Entry]

    package init(watched: [Entry], written: [Entry]) {
        self.watched = watched
        self.written = written
    }

    /// The fault of the first folder in whose place something else is; `nil` for none.
    package var folderFault: String? {
        for entry in watched + written {
            guard let other = entry.location.otherThanFolder else { continue }
            let place = other == entry.location.path ? "" : "below \(PrintableName.of(other)), which is "
            return "\(entry.purpose) \(entry.location) is \(place)no folder; name a folder, or move what is there"
        }
        return nil
    }

    /// Throws `folders_overlap` when a watched folder would see what is written, or two would see the same file.
    package func check() throws(WatchError) {
        for (index, first) in watched.enumerated() {
            for second in watched[(index + 1)...] where first.location.overlaps(second.location) {
                throw WatchError(
                    .foldersOverlap,
                    "\(first.purpose) \(first.location) and \(second.purpose) \(second.location) overlap, so that each "
                        + "file would be processed twice. Watch one of them, or move one elsewhere.")
            }
            for output in written where !output.isOurOwn && first.location.overlaps(output.location) {
                throw WatchError(
                    .foldersOverlap,
                    "\(output.purpose) \(output.location) and \(first.purpose) \(first.location) overlap, so that "
                        + "results would be processed again. Choose a folder outside for one of them.")
            }
        }
    }
}

/// A folder's place among the folders of the file system, links and mounts resolved.
package struct FolderLocation: Sendable, Hashable, CustomStringConvertible {
    /// The number of a folder in its file system.
    package struct Identity: Hashable, Sendable {
        package var device: UInt64
        package var inode: UInt64

        package init(device: UInt64, inode: UInt64) {
            self.device = device
            self.inode = inode
        }
    }

    /// The path as it was written.
    package var path: FilePath
    /// The absolute path without links, as far as its folders exist.
    package var resolved: FilePath
    /// The folder itself, where it exists, then those that it is in.
    package var ancestors: [Identity]
    /// True when the folder itself exists.
    package var exists: Bool
    /// The file that stands where this folder, or one above it, should be; `nil` for none.
    package private(set) var otherThanFolder: FilePath?

    package init(path: FilePath, resolved: FilePath, ancestors: [Identity], exists: Bool) {
        self.path = path
        self.resolved = resolved
        self.ancestors = ancestors
        self.exists = exists
    }

    /// Looks a folder up, which need not exist yet. It blocks.
    package init(of path: FilePath) throws(Errno) {
        var existing = path.isAbsolute ? path : try FileSystem.currentFolder().appending(path.components)
        var missing: [FilePath.Component] = []
        var other: FilePath?
        while !FileSystem.isFolder(existing), let last = existing.lastComponent {
            if (try? FileIdentity(of: existing, followsLinks: true)) != nil { other = existing }
            // Not normalised before: `link/..` is the parent of where the link leads.
            missing.insert(last, at: 0)
            existing.removeLastComponent()
        }
        let base = try FileSystem.resolve(existing)
        var ancestors: [Identity] = []
        var current = base
        while true {
            let identity = try FileIdentity(of: current, followsLinks: true)
            ancestors.append(Identity(device: identity.device, inode: identity.inode))
            guard current.lastComponent != nil else { break }
            current.removeLastComponent()
        }
        self.init(
            path: path, resolved: base.appending(missing).lexicallyNormalized(), ancestors: ancestors,
            exists: missing.isEmpty)
        otherThanFolder = other
    }

    /// True when one is the other, or is in it.
    package func overlaps(_ other: FolderLocation) -> Bool {
        // Numbers see through links and bind mounts, paths see folders that do not exist yet.
        if exists, let own = ancestors.first, other.ancestors.contains(own) { return true }
        if other.exists, let others = other.ancestors.first, ancestors.contains(others) { return true }
        return resolved.starts(with: other.resolved) || other.resolved.starts(with: resolved)
    }

    package var description: String { PrintableName.of(path) }
}
