// SPDX-License-Identifier: Apache-2.0
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// System calls on files, with `errno` thrown. They block.
enum DiskCalls {
    /// Opens a file, which no program started meanwhile inherits.
    static func open(_ path: FilePath, _ flags: Int32, mode: UInt32 = 0o666) throws(Errno) -> Int32 {
        let descriptor = unsafe path.withPlatformString { path in
            #if canImport(Glibc)
                unsafe Glibc.open(path, flags | O_CLOEXEC, mode_t(mode))
            #elseif canImport(Musl)
                unsafe Musl.open(path, flags | O_CLOEXEC, mode_t(mode))
            #else
                unsafe Darwin.open(path, flags | O_CLOEXEC, mode_t(mode))
            #endif
        }
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        return descriptor
    }

    /// The next `count` bytes, fewer only at the end.
    static func read(_ descriptor: Int32, count: Int) throws(Errno) -> [UInt8] {
        var bytes: [UInt8] = []
        // As it comes: callers name the most that they take, which is far more than there is.
        var chunk = [UInt8](repeating: 0, count: min(count, 256 * 1024))
        while bytes.count < count {
            let wanted = min(chunk.count, count - bytes.count)
            let read = unsafe chunk.withUnsafeMutableBytes { buffer in
                #if canImport(Glibc)
                    return unsafe Glibc.read(descriptor, buffer.baseAddress, wanted)
                #elseif canImport(Musl)
                    return unsafe Musl.read(descriptor, buffer.baseAddress, wanted)
                #else
                    return unsafe Darwin.read(descriptor, buffer.baseAddress, wanted)
                #endif
            }
            if read == 0 { break }
            if read < 0, errno != EINTR { throw Errno(rawValue: errno) }
            bytes += chunk.prefix(max(read, 0))
        }
        return bytes
    }

    /// Writes all of it.
    static func write(_ bytes: some Collection<UInt8>, to descriptor: Int32) throws(Errno) {
        var failure: Errno?
        let done: Void? = bytes.withContiguousStorageIfAvailable { buffer in
            do throws(Errno) {
                try unsafe writeAll(UnsafeRawBufferPointer(buffer), to: descriptor)
            } catch {
                failure = error
            }
        }
        if done == nil { return try write(Array(bytes), to: descriptor) }
        if let failure { throw failure }
    }

    private static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws(Errno) {
        var done = 0
        while done < bytes.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
            #if canImport(Glibc)
                let written = unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
            #elseif canImport(Musl)
                let written = unsafe Musl.write(descriptor, rest.baseAddress, rest.count)
            #else
                let written = unsafe Darwin.write(descriptor, rest.baseAddress, rest.count)
            #endif
            if written == 0 { throw .noSpace }
            if written < 0, errno != EINTR { throw Errno(rawValue: errno) }
            done += max(written, 0)
        }
    }

    static func rename(_ from: FilePath, _ to: FilePath) throws(Errno) {
        let result = unsafe from.withPlatformString { old in
            unsafe to.withPlatformString { new in
                #if canImport(Glibc)
                    unsafe Glibc.rename(old, new)
                #elseif canImport(Musl)
                    unsafe Musl.rename(old, new)
                #else
                    unsafe Darwin.rename(old, new)
                #endif
            }
        }
        guard result == 0 else { throw Errno(rawValue: errno) }
    }

    /// Gives a file a second name, which must be free.
    static func link(_ from: FilePath, _ to: FilePath) throws(Errno) {
        let result = unsafe from.withPlatformString { old in
            unsafe to.withPlatformString { new in
                #if canImport(Glibc)
                    unsafe Glibc.link(old, new)
                #elseif canImport(Musl)
                    unsafe Musl.link(old, new)
                #else
                    unsafe Darwin.link(old, new)
                #endif
            }
        }
        guard result == 0 else { throw Errno(rawValue: errno) }
    }

    /// Removes a name, if it is there.
    static func remove(_ path: FilePath) { _ = unsafe path.withPlatformString { unsafe unlink($0) } }

    /// Makes a folder and those above it. One that is there already may response anything; what is missing shows later.
    static func makeFolders(_ path: FilePath, mode: UInt32) {
        var folder = FilePath(root: path.root, [])
        for component in path.components {
            folder.append(component)
            _ = unsafe folder.withPlatformString { unsafe mkdir($0, mode_t(mode)) }
        }
    }

    /// Makes a file, or the names in a folder, survive a power cut.
    static func synchronize(_ path: FilePath) throws(Errno) {
        let descriptor = try open(path, O_RDONLY)
        defer { close(descriptor) }
        guard fsync(descriptor) != 0 else { return }
        // A file system that cannot sync folders says so by an error, which is no failure.
        if [EINVAL, ENOTSUP, EBADF].contains(errno) { return }
        throw Errno(rawValue: errno)
    }

    /// Puts a file in place of another, or of none, whole or not at all, also when the power fails.
    static func replace(_ path: FilePath, with bytes: some Collection<UInt8>, mode: UInt32) throws(Errno) {
        let temporary = FilePath(path.string + ".new-" + String(UInt64.random(in: .min ... .max), radix: 36))
        do throws(Errno) {
            let descriptor = try open(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
            defer { close(descriptor) }
            try write(bytes, to: descriptor)
            guard fsync(descriptor) == 0 else { throw Errno(rawValue: errno) }
            try rename(temporary, path)
        } catch {
            remove(temporary)
            throw error
        }
        let folder = path.removingLastComponent()
        try synchronize(folder.isEmpty ? "." : folder)
    }

    /// Whose files these are.
    static var userID: UInt32 { getuid() }

    /// What a path leads to; `nil` when it leads nowhere.
    static func status(_ path: FilePath) -> stat? {
        var status = stat()
        return unsafe path.withPlatformString { unsafe stat($0, &status) } == 0 ? status : nil
    }

    /// Takes the lock on an open file.
    /// - Returns: False when another has it and there is to be no wait.
    static func lock(_ descriptor: Int32, waiting: Bool) throws(Errno) -> Bool {
        while flock(descriptor, waiting ? LOCK_EX : LOCK_EX | LOCK_NB) != 0 {
            if errno == EWOULDBLOCK { return false }
            if errno != EINTR { throw Errno(rawValue: errno) }
        }
        return true
    }
}
