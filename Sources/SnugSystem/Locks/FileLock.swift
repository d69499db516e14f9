// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SystemPackage

/// A lock among processes, which the system takes back from a process that dies.
///
/// The lock is on a file of its own. It is given back with the last reference.
package final class FileLock: Sendable {
    private let file: FileDescriptor
    private let path: FilePath
    private let removesFile: Bool

    private init(_ file: FileDescriptor, _ path: FilePath, removesFile: Bool) {
        self.file = file
        self.path = path
        self.removesFile = removesFile
    }

    deinit {
        // Removed while it is still locked: nobody can take it for free in between.
        if removesFile { FileSystem.removeIfThere(path) }
        file.closeIgnoringErrors()
    }

    /// Takes the lock.
    /// - Parameters:
    ///   - path: The lock file, created when it is missing, with its folder.
    ///   - waiting: Blocks until the lock is free.
    ///   - removesFile: Removes the file with the lock, for names that are used once.
    /// - Returns: `nil` when another process or another holder in this one has it and there is no wait.
    package static func acquire(
        _ path: FilePath, waiting: Bool = false, removesFile: Bool = false
    ) throws(Errno) -> FileLock? {
        while true {
            let file = try open(path)
            do throws(Errno) {
                guard try file.lock(waiting: waiting) else {
                    file.closeIgnoringErrors()
                    return nil
                }
                // Between opening and locking, another process may have removed the file that it had locked.
                if try isNamed(file, path) { return FileLock(file, path, removesFile: removesFile) }
            } catch {
                file.closeIgnoringErrors()
                throw error
            }
            file.closeIgnoringErrors()
        }
    }

    /// Writes into the lock file, which only the holder does.
    package func write(_ bytes: [UInt8], at offset: Int) throws(Errno) { try file.write(bytes, at: offset) }

    /// The beginning of the lock file: what its last holder has written.
    package func contents(maximum: Int) throws(Errno) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: min(maximum, try file.identity().byteCount))
        var span = bytes.mutableSpan
        let count = try file.read(into: &span, at: 0)
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    private static func open(_ path: FilePath) throws(Errno) -> FileDescriptor {
        do throws(Errno) {
            return try FileDescriptor.opening(path, .readWrite, options: .create, permissions: .ownerReadWrite)
        } catch .noSuchFileOrDirectory {
            try FileSystem.makeFolders(path.removingLastComponent(), mode: 0o700)
        }
        return try FileDescriptor.opening(path, .readWrite, options: .create, permissions: .ownerReadWrite)
    }

    private static func isNamed(_ file: FileDescriptor, _ path: FilePath) throws(Errno) -> Bool {
        let opened = try FileIdentity(of: file)
        do throws(Errno) {
            // Through a link, as opening goes: asking for the link itself would never come to an end.
            return try FileIdentity(of: path, followsLinks: true).isSameFile(as: opened)
        } catch .noSuchFileOrDirectory {
            return false
        }
    }
}

extension FileDescriptor {
    /// Takes the lock on an open file, which closing it gives back.
    /// - Returns: False when another has it and there is no wait.
    package func lock(waiting: Bool) throws(Errno) -> Bool {
        do throws(Errno) {
            let descriptor = rawValue
            _ = try retryingInterrupted { flock(descriptor, waiting ? LOCK_EX : LOCK_EX | LOCK_NB) }
            return true
        } catch .wouldBlock {
            return false
        }
    }
}
