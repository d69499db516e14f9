// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import Synchronization
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where pictures lie until they are put in their place, in files that nobody else can read.
///
/// Each file is locked for as long as its owner lives, so that what a killed process left behind can be told apart and is
/// removed by the next one. Its calls block.
final class SpoolDirectory: Sendable {
    private static let prefix = ".snug-spool-"
    let path: FilePath
    private let isReady = Mutex(false)

    init(_ path: FilePath) { self.path = path }

    /// - Throws: `sink_failed`.
    func create() throws(HTTPError) -> SpoolFile {
        try isReady.withLock { isReady throws(HTTPError) in
            if !isReady { try prepare() }
            isReady = true
        }
        while true {
            let name = Self.prefix + String(UInt64.random(in: .min ... .max), radix: 36)
            let file = path.appending(name)
            let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
            let descriptor = unsafe file.withPlatformString { unsafe open($0, flags, 0o600) }
            guard descriptor >= 0 else { throw Self.failure("create a file in \(path)", errno) }
            // A file system without locks leaves the file unlocked, and nobody removes what cannot be locked.
            _ = flock(descriptor, LOCK_EX | LOCK_NB)
            // Another process may have swept it away between the two calls.
            var status = stat()
            if unsafe fstat(descriptor, &status) == 0, status.st_nlink > 0 { return SpoolFile(file, descriptor) }
            close(descriptor)
        }
    }

    private func prepare() throws(HTTPError) {
        var folder = FilePath(root: path.root, [])
        for component in path.components {
            folder.append(component)
            let result = unsafe folder.withPlatformString { unsafe mkdir($0, 0o700) }
            // What is there already may forbid making it: EROFS, EACCES.
            if result != 0, errno == ENOSPC || errno == EDQUOT {
                throw Self.failure("make the folder \(folder)", errno)
            }
        }
        sweep()
    }

    /// Removes the files whose owners are gone.
    private func sweep() {
        guard let folder = unsafe path.withPlatformString({ unsafe opendir($0) }) else { return }
        defer { unsafe closedir(folder) }
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name.hasPrefix(Self.prefix) else { continue }
            let file = path.appending(name)
            let descriptor = unsafe file.withPlatformString { unsafe open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) }
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { _ = unsafe file.withPlatformString { unsafe unlink($0) } }
            close(descriptor)
        }
    }

    static func failure(_ what: String, _ code: Int32) -> HTTPError {
        let reason = unsafe String(cString: strerror(code))
        return HTTPError(.sinkFailed, "cannot \(what): \(reason); pictures of answers are kept there for a moment")
    }
}

/// A picture that is being written.
final class SpoolFile {
    private let path: FilePath
    private let descriptor: Int32
    private var isHandedOver = false
    private(set) var byteCount = 0

    fileprivate init(_ path: FilePath, _ descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        if isHandedOver { return }
        _ = unsafe path.withPlatformString { unsafe unlink($0) }
        close(descriptor)
    }

    /// - Throws: `sink_failed`.
    func write(_ bytes: some Collection<UInt8>) throws(HTTPError) {
        var failure: Int32 = 0
        let done: Void? = bytes.withContiguousStorageIfAvailable { buffer in
            failure = unsafe writeAll(UnsafeRawBufferPointer(buffer), to: descriptor)
        }
        if done == nil { return try write(Array(bytes)) }
        guard failure == 0 else { throw SpoolDirectory.failure("write \(path)", failure) }
        byteCount += bytes.count
    }

    /// Hands the file over.
    func finish() -> SpooledPicture {
        isHandedOver = true
        return SpooledPicture(path: path, byteCount: byteCount, lock: descriptor)
    }
}

/// - Returns: 0, or an `errno` value.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
    var done = 0
    while done < bytes.count {
        let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
        let written = unsafe write(descriptor, rest.baseAddress, rest.count)
        if written > 0 {
            done += written
        } else if written == 0 {
            return ENOSPC
        } else if errno != EINTR {
            return errno
        }
    }
    return 0
}
