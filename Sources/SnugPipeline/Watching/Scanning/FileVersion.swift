// SPDX-License-Identifier: Apache-2.0
package import SnugSystem

/// One state of one file: as long as it is equal, nobody has written to the file.
///
/// Equality is what counts. The times may lie anywhere, and are never compared as earlier or later.
package struct FileVersion: Hashable, Sendable {
    package var device: UInt64
    package var inode: UInt64
    package var byteCount: Int
    /// Nanoseconds since 1970 of the content's time.
    package var modified: Int64
    /// Nanoseconds since 1970 of the last change of anything, which nobody can set back.
    package var changed: Int64

    package init(device: UInt64, inode: UInt64, byteCount: Int, modified: Int64, changed: Int64) {
        self.device = device
        self.inode = inode
        self.byteCount = byteCount
        self.modified = modified
        self.changed = changed
    }

    package init(_ identity: FileIdentity) {
        self.init(
            device: identity.device, inode: identity.inode, byteCount: identity.byteCount, modified: identity.modified,
            changed: identity.changed)
    }

    /// True for two states with one content as far as the system tells: a new name or permission alone is no change.
    package func hasSameContent(as other: FileVersion) -> Bool {
        byteCount == other.byteCount && modified == other.modified
    }
}

/// A file as a scan saw it.
package struct ScannedFile: Hashable, Sendable {
    package var path: RelativePath
    package var version: FileVersion

    package init(path: RelativePath, version: FileVersion) {
        self.path = path
        self.version = version
    }
}
