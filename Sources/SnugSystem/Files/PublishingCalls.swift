// SPDX-License-Identifier: Apache-2.0
import CPlatform
import Glibc
package import SystemPackage

/// The system calls that publishing a file makes, so that tests can make any of them fail.
package struct PublishingCalls: Sendable {
    /// Opens a folder, for the calls below and to make renames in it durable.
    package var openFolder: @Sendable (FilePath) throws(Errno) -> FileDescriptor
    /// Creates a folder and those above it.
    package var makeFolders: @Sendable (FilePath) throws(Errno) -> Void
    /// Creates a file in a folder that must not have the name yet.
    package var create:
        @Sendable (_ folder: FileDescriptor, _ name: FilePath, _ mode: UInt32?) throws(Errno) -> FileDescriptor
    /// Writes some of the bytes, and returns how many.
    package var write: @Sendable (_ file: FileDescriptor, _ bytes: ArraySlice<UInt8>) throws(Errno) -> Int
    package var synchronize: @Sendable (FileDescriptor) throws(Errno) -> Void
    package var close: @Sendable (FileDescriptor) throws(Errno) -> Void
    /// Gives a file its final name.
    /// - Throws: `fileExists` when that is taken and `replacing` is not set.
    package var rename:
        @Sendable (_ folder: FileDescriptor, _ from: FilePath, _ to: FilePath, _ replacing: Bool) throws(Errno) -> Void
    package var remove: @Sendable (_ folder: FileDescriptor, _ name: FilePath) throws(Errno) -> Void

    /// The real ones.
    package static let system = PublishingCalls(
        openFolder: { path throws(Errno) in try FileDescriptor.openFolder(path) },
        makeFolders: { path throws(Errno) in try FileSystem.makeFolders(path) },
        create: { folder, name, mode throws(Errno) in
            let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
            let file = try retryingInterrupted {
                unsafe name.withPlatformString { unsafe openat(folder.rawValue, $0, flags, mode_t(0o666)) }
            }
            // A file that is replaced keeps its permissions; where the file system has none, it has none to keep.
            if let mode { _ = fchmod(file, mode_t(mode)) }
            return FileDescriptor(rawValue: file)
        },
        write: { file, bytes throws(Errno) in
            try retryingInterrupted {
                unsafe bytes.withUnsafeBytes { unsafe Glibc.write(file.rawValue, $0.baseAddress, $0.count) }
            }
        },
        synchronize: { file throws(Errno) in try file.synchronize() },
        close: { file throws(Errno) in try file.closing() },
        rename: { folder, from, to, replacing throws(Errno) in
            try Self.rename(folder.rawValue, from, to, replacing: replacing)
        },
        remove: { folder, name throws(Errno) in
            _ = try retryingInterrupted {
                unsafe name.withPlatformString { unsafe unlinkat(folder.rawValue, $0, 0) }
            }
        })

    private static func rename(
        _ folder: Int32, _ from: FilePath, _ to: FilePath, replacing: Bool
    ) throws(Errno) {
        if replacing {
            _ = try retryingInterrupted {
                unsafe from.withPlatformString { old in
                    unsafe to.withPlatformString { unsafe renameat(folder, old, folder, $0) }
                }
            }
            return
        }
        let result = unsafe from.withPlatformString { old in
            unsafe to.withPlatformString { unsafe snug_rename_exclusively(folder, old, $0) }
        }
        switch Errno(rawValue: result) {
        case _ where result == 0: return
        // Some file systems (NFS, older FUSE) know no such rename.
        case .invalidArgument, .noFunction, .notSupported: break
        case let reason: throw reason
        }
        do throws(Errno) {
            _ = try retryingInterrupted {
                unsafe from.withPlatformString { old in
                    unsafe to.withPlatformString { unsafe linkat(folder, old, folder, $0, 0) }
                }
            }
            _ = try retryingInterrupted { unsafe from.withPlatformString { unsafe unlinkat(folder, $0, 0) } }
        } catch .notPermitted, .notSupported, .noFunction, .tooManyLinks {
            // A file system without links: the name is taken first, so that no other file is replaced.
            let taken = try retryingInterrupted {
                unsafe to.withPlatformString {
                    unsafe openat(folder, $0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
                }
            }
            _ = Glibc.close(taken)
            try rename(folder, from, to, replacing: true)
        }
    }
}
