// SPDX-License-Identifier: Apache-2.0
import CPlatform
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The system calls that publishing a file makes, so that tests can make any of them fail.
struct FileCalls: Sendable {
    /// Opens a folder, for the calls below and to make renames in it durable.
    var openFolder: @Sendable (FilePath) throws(Errno) -> Int32
    /// Makes a folder; `fileExists` when something has its name.
    var makeFolder: @Sendable (FilePath) throws(Errno) -> Void
    /// Creates a file in a folder that must not have the name yet.
    var create: @Sendable (_ folder: Int32, _ name: FilePath, _ mode: UInt32?) throws(Errno) -> Int32
    /// Writes some of the bytes, and says how many.
    var write: @Sendable (_ file: Int32, _ bytes: ArraySlice<UInt8>) throws(Errno) -> Int
    var sync: @Sendable (Int32) throws(Errno) -> Void
    var close: @Sendable (Int32) throws(Errno) -> Void
    /// Gives a file its final name; `fileExists` when that is taken and `replacing` is not set.
    var rename: @Sendable (_ folder: Int32, _ from: FilePath, _ to: FilePath, _ replacing: Bool) throws(Errno) -> Void
    var remove: @Sendable (_ folder: Int32, _ name: FilePath) throws(Errno) -> Void

    /// The real ones.
    static let system = FileCalls(
        openFolder: { path throws(Errno) in
            try check { unsafe path.withPlatformString { unsafe open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) } }
        },
        makeFolder: { path throws(Errno) in
            _ = try check { unsafe path.withPlatformString { unsafe mkdir($0, 0o777) } }
        },
        create: { folder, name, mode throws(Errno) in
            let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
            let file = try check {
                unsafe name.withPlatformString { unsafe openat(folder, $0, flags, mode_t(0o666)) }
            }
            // A file that is replaced keeps its permissions; where the file system has none, it has none to keep.
            if let mode { _ = fchmod(file, mode_t(mode)) }
            return file
        },
        write: { file, bytes throws(Errno) in
            try check {
                unsafe bytes.withUnsafeBytes { unsafe Int32(clamping: Self.writeSome(file, $0)) }
            }.asInt
        },
        sync: { file throws(Errno) in _ = try check { fsync(file) } },
        // After EINTR the descriptor is gone all the same on Linux: closing again could close another thread's file.
        close: { file throws(Errno) in if Self.closeOnce(file) != 0, errno != EINTR { throw Errno(rawValue: errno) } },
        rename: { folder, from, to, replacing throws(Errno) in
            try Self.rename(folder, from, to, replacing: replacing)
        },
        remove: { folder, name throws(Errno) in
            _ = try check { unsafe name.withPlatformString { unsafe unlinkat(folder, $0, 0) } }
        })

    private static func closeOnce(_ file: Int32) -> Int32 {
        #if canImport(Glibc)
            Glibc.close(file)
        #elseif canImport(Musl)
            Musl.close(file)
        #else
            Darwin.close(file)
        #endif
    }

    private static func writeSome(_ file: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        // A count that always fits 32 bits.
        let count = min(bytes.count, 1 << 30)
        #if canImport(Glibc)
            return unsafe Glibc.write(file, bytes.baseAddress, count)
        #elseif canImport(Musl)
            return unsafe Musl.write(file, bytes.baseAddress, count)
        #else
            return unsafe Darwin.write(file, bytes.baseAddress, count)
        #endif
    }

    private static func rename(
        _ folder: Int32, _ from: FilePath, _ to: FilePath, replacing: Bool
    ) throws(Errno) {
        if replacing {
            _ = try check {
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
        _ = try check {
            unsafe from.withPlatformString { old in
                unsafe to.withPlatformString { unsafe linkat(folder, old, folder, $0, 0) }
            }
        }
        _ = try check { unsafe from.withPlatformString { unsafe unlinkat(folder, $0, 0) } }
    }

    /// Calls until it is not interrupted, and throws `errno` for a negative result.
    private static func check(_ call: () -> Int32) throws(Errno) -> Int32 {
        while true {
            let result = call()
            if result >= 0 { return result }
            let code = errno
            if code != EINTR { throw Errno(rawValue: code) }
        }
    }
}

extension Int32 {
    fileprivate var asInt: Int { Int(self) }
}
