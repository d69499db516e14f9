// SPDX-License-Identifier: Apache-2.0
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a path leads to.
struct FileIdentity: Hashable, Sendable {
    /// The kinds that matter to a walk.
    enum Kind: Hashable, Sendable { case file, folder, link, other }

    var device: UInt64
    var inode: UInt64
    var kind: Kind
    /// Permission bits.
    var mode: UInt32
    var byteCount: Int

    /// Asks the system.
    init(of path: FilePath, followsLinks: Bool) throws(Errno) {
        var status = stat()
        let flags = followsLinks ? 0 : AT_SYMLINK_NOFOLLOW
        let result = unsafe path.withPlatformString { unsafe fstatat(AT_FDCWD, $0, &status, flags) }
        guard result == 0 else { throw Errno(rawValue: errno) }
        device = UInt64(truncatingIfNeeded: status.st_dev)
        inode = UInt64(truncatingIfNeeded: status.st_ino)
        mode = UInt32(status.st_mode & 0o7777)
        byteCount = Int(status.st_size)
        switch status.st_mode & S_IFMT {
        case S_IFREG: kind = .file
        case S_IFDIR: kind = .folder
        case S_IFLNK: kind = .link
        default: kind = .other
        }
    }

    /// Whether two paths lead to the same file.
    func isSameFile(as other: FileIdentity) -> Bool { device == other.device && inode == other.inode }
}

/// The names in a folder, as bytes.
///
/// Foundation's listing turns names that are no UTF-8 into others, and those can then not be opened.
enum FolderListing {
    /// All names but `.` and `..`, sorted by their bytes so that every run sees the same order.
    static func names(in folder: FilePath) throws(Errno) -> [[UInt8]] {
        guard let stream = unsafe folder.withPlatformString({ unsafe opendir($0) }) else {
            throw Errno(rawValue: errno)
        }
        defer { unsafe closedir(stream) }
        var names: [[UInt8]] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else {
                // The end and an error look alike, but for errno.
                if errno != 0 { throw Errno(rawValue: errno) }
                break
            }
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
            if name != [0x2E], name != [0x2E, 0x2E] { names.append(name) }
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }
}
