// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SystemPackage

/// Calls on names in the file system that swift-system does not have. They block.
package enum FileSystem {
    /// Replaces `to`, or takes its place.
    package static func rename(_ from: FilePath, _ to: FilePath) throws(Errno) {
        _ = try retryingInterrupted {
            unsafe from.withPlatformString { old in
                unsafe to.withPlatformString { unsafe Glibc.rename(old, $0) }
            }
        }
    }

    /// Gives a file a second name.
    /// - Throws: `fileExists` when the name is taken.
    package static func link(_ from: FilePath, _ to: FilePath) throws(Errno) {
        _ = try retryingInterrupted {
            unsafe from.withPlatformString { old in
                unsafe to.withPlatformString { unsafe Glibc.link(old, $0) }
            }
        }
    }

    /// Removes a file.
    /// - Throws: `noSuchFileOrDirectory` when there is none.
    package static func remove(_ path: FilePath) throws(Errno) {
        _ = try retryingInterrupted { unsafe path.withPlatformString { unsafe unlink($0) } }
    }

    /// Removes a file that may be gone already, where a failure changes nothing for the caller.
    package static func removeIfThere(_ path: FilePath) { try? remove(path) }

    /// Removes an empty folder.
    package static func removeFolder(_ path: FilePath) throws(Errno) {
        _ = try retryingInterrupted { unsafe path.withPlatformString { unsafe rmdir($0) } }
    }

    /// Creates a folder.
    /// - Throws: `fileExists` when something has its name.
    package static func makeFolder(_ path: FilePath, mode: UInt32 = 0o777) throws(Errno) {
        _ = try retryingInterrupted { unsafe path.withPlatformString { unsafe mkdir($0, mode_t(mode)) } }
    }

    /// Creates a folder and those above it, as far as they are missing.
    /// - Throws: The reason why the first missing one cannot be made; `notDirectory` when a file has the name.
    package static func makeFolders(_ path: FilePath, mode: UInt32 = 0o777) throws(Errno) {
        var missing: [FilePath] = []
        var current = path
        // Deepest first: usually the folder is there already, and one call finds that out.
        while !current.isEmpty, !isFolder(current) {
            do throws(Errno) {
                try makeFolder(current, mode: mode)
                break
            } catch .noSuchFileOrDirectory {
                missing.append(current)
                current.removeLastComponent()
            } catch .fileExists {
                // Made by another process a moment ago, or a file.
                if !isFolder(current) { throw .notDirectory }
                break
            }
        }
        for path in missing.reversed() {
            do throws(Errno) { try makeFolder(path, mode: mode) } catch .fileExists { continue }
        }
    }

    /// True for a folder, also through links.
    package static func isFolder(_ path: FilePath) -> Bool {
        (try? FileIdentity(of: path, followsLinks: true))?.kind == .folder
    }

    /// True for an ordinary file, also through links.
    package static func isFile(_ path: FilePath) -> Bool {
        (try? FileIdentity(of: path, followsLinks: true))?.kind == .file
    }

    /// The absolute path without links, `.` and `..`.
    package static func resolve(_ path: FilePath) throws(Errno) -> FilePath {
        guard let resolved = unsafe path.withPlatformString({ unsafe realpath($0, nil) }) else { throw .current }
        defer { unsafe free(resolved) }
        return unsafe FilePath(platformString: resolved)
    }

    /// The folder at which relative paths begin.
    package static func currentFolder() throws(Errno) -> FilePath {
        guard let folder = unsafe getcwd(nil, 0) else { throw .current }
        defer { unsafe free(folder) }
        return unsafe FilePath(platformString: folder)
    }

    /// Bytes that an ordinary user may still write; `nil` where the file system does not tell.
    package static func availableBytes(at path: FilePath) -> Int? { space(at: path)?.available }

    /// Bytes that an ordinary user may still write, and those of the whole file system; `nil` where it does not tell.
    package static func space(at path: FilePath) -> (available: Int, total: Int)? {
        var status = statvfs()
        guard unsafe path.withPlatformString({ unsafe statvfs($0, &status) }) == 0 else { return nil }
        let block = Int(clamping: status.f_frsize)
        let available = Int(clamping: status.f_bavail).multipliedReportingOverflow(by: block)
        let total = Int(clamping: status.f_blocks).multipliedReportingOverflow(by: block)
        return available.overflow || total.overflow ? nil : (available.partialValue, total.partialValue)
    }

    /// True where this process may make files in a folder: its file system may have become read-only.
    package static func isWritable(_ folder: FilePath) -> Bool {
        unsafe folder.withPlatformString { unsafe access($0, W_OK | X_OK) } == 0
    }

    /// Makes the names in a folder survive a power cut.
    ///
    /// A file system that cannot sync folders reports an error, which is no failure.
    package static func synchronizeFolder(_ path: FilePath) throws(Errno) {
        let folder = try FileDescriptor.openFolder(path.isEmpty ? "." : path)
        defer { folder.closeIgnoringErrors() }
        do throws(Errno) {
            try folder.synchronize()
        } catch .invalidArgument, .notSupported, .badFileDescriptor {
            return
        }
    }
}
