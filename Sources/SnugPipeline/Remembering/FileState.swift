// SPDX-License-Identifier: Apache-2.0
package import SnugSystem

/// The state of a file's content, as the file system tells it without reading.
public struct FileState: Sendable, Hashable {
    /// The file within its file system.
    public var inode: UInt64
    /// Its size.
    public var byteCount: Int
    /// Nanoseconds since 1970 at the last change of the content.
    public var modified: Int64
    /// Nanoseconds since 1970 at the last change of content or attributes, which nobody can set back.
    public var changed: Int64

    /// Creates a state.
    public init(inode: UInt64, byteCount: Int, modified: Int64, changed: Int64) {
        self.inode = inode
        self.byteCount = byteCount
        self.modified = modified
        self.changed = changed
    }

    package init(_ identity: FileIdentity) {
        self.init(
            inode: identity.inode, byteCount: identity.byteCount, modified: identity.modified,
            changed: identity.changed)
    }

    /// The state of content that is in no file: the same for the same bytes.
    init(contentDigest: [UInt8], byteCount: Int) {
        let words = (0..<3).map { word in
            contentDigest.dropFirst(word * 8).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
        self.init(
            inode: words[0], byteCount: byteCount, modified: Int64(bitPattern: words[1]),
            changed: Int64(bitPattern: words[2]))
    }

    /// True for the same file with the same content: its permissions may have changed since.
    func hasSameContent(as other: FileState) -> Bool {
        inode == other.inode && byteCount == other.byteCount && modified == other.modified
    }
}
