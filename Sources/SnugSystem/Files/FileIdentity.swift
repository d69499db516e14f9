// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SystemPackage

/// The file that a path or a descriptor leads to, and its state.
package struct FileIdentity: Hashable, Sendable {
    /// The kinds that matter to a walk.
    package enum Kind: Hashable, Sendable { case file, folder, link, other }

    /// The file system.
    package var device: UInt64
    /// The file within it.
    package var inode: UInt64
    package var kind: Kind
    /// Permission bits.
    package var mode: UInt32
    package var byteCount: Int
    /// Nanoseconds since 1970 at the last change of the content.
    package var modified: Int64
    /// Nanoseconds since 1970 at the last change of content or attributes; nobody can set it back.
    package var changed: Int64
    /// Names of the file; 0 once it has none.
    package var linkCount: Int

    /// Asks the system about a path.
    package init(of path: FilePath, followsLinks: Bool) throws(Errno) {
        do { try self.init(path.stat(followTargetSymlink: followsLinks)) } catch { throw Errno(error) }
    }

    /// Asks the system about an open file.
    package init(of descriptor: FileDescriptor) throws(Errno) {
        do { try self.init(descriptor.stat()) } catch { throw Errno(error) }
    }

    /// A state that a call of the system filled in.
    init(_ status: stat) { self.init(Stat(rawValue: status)) }

    private init(_ status: Stat) {
        device = UInt64(truncatingIfNeeded: status.deviceID.rawValue)
        inode = UInt64(truncatingIfNeeded: status.inode.rawValue)
        mode = UInt32(truncatingIfNeeded: status.permissions.rawValue)
        byteCount = Int(status.size)
        let (content, any) = (status.st_mtim, status.st_ctim)
        modified = Int64(content.tv_sec) &* 1_000_000_000 &+ Int64(content.tv_nsec)
        changed = Int64(any.tv_sec) &* 1_000_000_000 &+ Int64(any.tv_nsec)
        linkCount = status.linkCount
        kind =
            switch status.type {
            case .regular: .file
            case .directory: .folder
            case .symbolicLink: .link
            default: .other
            }
    }

    /// True when two paths lead to one file.
    package func isSameFile(as other: FileIdentity) -> Bool { device == other.device && inode == other.inode }
}
