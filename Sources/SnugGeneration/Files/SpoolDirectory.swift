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

/// Where images lie until they are put in their place, in files that nobody else can read.
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
        var isForeign = false
        isReady.withLock { isReady in
            if isReady { return }
            DiskCalls.makeFolders(path, mode: 0o700)
            // Its name can be guessed, so that another user may have made it first.
            isForeign = DiskCalls.status(path).map { $0.st_uid != DiskCalls.userID } ?? false
            if isForeign { return }
            sweep()
            isReady = true
        }
        guard !isForeign else {
            throw HTTPError(.sinkFailed, "\(path) belongs to another user; choose another folder for temporary files")
        }
        do throws(Errno) {
            while true {
                let file = path.appending(Self.prefix + String(UInt64.random(in: .min ... .max), radix: 36))
                let descriptor: Int32
                do throws(Errno) {
                    descriptor = try DiskCalls.open(file, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
                } catch .noSuchFileOrDirectory {
                    // Folders for temporary files are cleaned by the system now and then.
                    DiskCalls.makeFolders(path, mode: 0o700)
                    descriptor = try DiskCalls.open(file, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
                }
                // A file system without locks leaves the file unlocked, and nobody removes what cannot be locked.
                let isLocked = try? DiskCalls.lock(descriptor, waiting: false)
                // Another process may sweep it away between the two calls: it has the lock, or the file is gone.
                var status = stat()
                if isLocked != false, unsafe fstat(descriptor, &status) == 0, status.st_nlink > 0 {
                    return SpoolFile(file, descriptor)
                }
                close(descriptor)
            }
        } catch {
            throw Self.failure("create a file in \(path)", error)
        }
    }

    /// Bytes that a usual response's images take.
    private static let usualNeed = 32 << 20

    /// - Throws: `sink_failed` when there is no room for images.
    func checkRoom() throws(HTTPError) {
        var status = statvfs()
        // A file system that does not tell shows when it is written to.
        guard unsafe path.withPlatformString({ unsafe statvfs($0, &status) }) == 0 else { return }
        let free = Int(clamping: status.f_bavail).multipliedReportingOverflow(by: Int(clamping: status.f_frsize))
        guard !free.overflow, free.partialValue < Self.usualNeed else { return }
        throw HTTPError(
            .sinkFailed,
            "\(path) has \(free.partialValue) bytes left, too few for images; make room or choose another folder")
    }

    /// Removes the files whose owners are gone.
    private func sweep() {
        guard let folder = unsafe path.withPlatformString({ unsafe opendir($0) }) else { return }
        defer { unsafe closedir(folder) }
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            let file = path.appending(name)
            guard name.hasPrefix(Self.prefix), let descriptor = try? DiskCalls.open(file, O_RDONLY | O_NOFOLLOW) else {
                continue
            }
            if (try? DiskCalls.lock(descriptor, waiting: false)) == true { DiskCalls.remove(file) }
            close(descriptor)
        }
    }

    fileprivate static func failure(_ what: String, _ reason: Errno) -> HTTPError {
        HTTPError(
            .sinkFailed, "cannot \(what): \(reason); images of answers are kept there for a moment", cause: reason)
    }
}

/// An image that is being written.
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
        DiskCalls.remove(path)
        close(descriptor)
    }

    /// - Throws: `sink_failed`.
    func write(_ bytes: some Collection<UInt8>) throws(HTTPError) {
        do throws(Errno) {
            try DiskCalls.write(bytes, to: descriptor)
        } catch {
            throw SpoolDirectory.failure("write \(path)", error)
        }
        byteCount += bytes.count
    }

    /// Hands the file over.
    func finish() -> SpooledImage {
        isHandedOver = true
        return SpooledImage(path: path, byteCount: byteCount, lock: descriptor)
    }
}
