// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSystem
import Synchronization
import SystemPackage

/// A folder for images on their way to their place, in files that nobody else can read.
///
/// Each file is locked for as long as its owner lives, so that what a killed process left behind can be told apart and is
/// removed by the next one. Its calls block.
final class SpoolDirectory: Sendable {
    private static let prefix = ".snug-spool-"
    let path: FilePath
    private let isReady = Mutex(false)

    init(_ path: FilePath) { self.path = path }

    /// Creates a file.
    /// - Throws: `sink_failed`.
    func create() throws(HTTPError) -> SpoolFile {
        do {
            let fault: String? = try isReady.withLock { isReady in
                if isReady { return nil }
                try FileSystem.makeFolders(path, mode: 0o700)
                if let fault = try Self.fault(of: path) { return fault }
                cleanUp()
                isReady = true
                return nil
            }
            if let fault { throw HTTPError(.sinkFailed, "\(path) \(fault), or \(Self.otherFolder)") }
            while true {
                let file = path.appending(Self.prefix + String(UInt64.random(in: .min ... .max), radix: 36))
                let descriptor = try open(file)
                // A file system without locks leaves the file unlocked, and nobody removes a file that cannot be locked.
                let isLocked = try? descriptor.lock(waiting: false)
                // Another process may remove it between the two calls: then it has the lock, or the file is gone.
                if isLocked != false, let identity = try? descriptor.identity(), identity.linkCount > 0 {
                    return SpoolFile(file, descriptor)
                }
                descriptor.closeIgnoringErrors()
            }
        } catch let error as HTTPError {
            throw error
        } catch {
            throw Self.failure("create a file in \(path)", Errno(error))
        }
    }

    private func open(_ file: FilePath) throws(Errno) -> FileDescriptor {
        func open() throws(Errno) -> FileDescriptor {
            try FileDescriptor.opening(
                file, .writeOnly, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
        }
        do throws(Errno) {
            return try open()
        } catch .noSuchFileOrDirectory {
            // The system cleans up folders for temporary files now and then.
            try FileSystem.makeFolders(path, mode: 0o700)
            return try open()
        }
    }

    /// The reason why images are not safe in a folder, and what to do. Its name can be guessed, so another user may have
    /// made it first, or a link to a folder of this user in its place.
    private static func fault(of path: FilePath) throws(Errno) -> String? {
        for followsLinks in [false, true] {
            let owner: UInt32
            do {
                owner = try path.stat(followTargetSymlink: followsLinks).userID.rawValue
            } catch { throw Errno(error) }
            guard owner == Machine.userID else { return "belongs to another user; remove it" }
        }
        let mode = try FileIdentity(of: path, followsLinks: true).mode & 0o777
        guard mode & 0o022 == 0 else {
            return "can be written by other users (mode \(String(mode, radix: 8))); run 'chmod 700' on it"
        }
        return nil
    }

    private static let otherFolder = "choose another folder for temporary files"

    /// Bytes that a usual response's images take.
    private static let usualNeed = 32 << 20

    /// - Throws: `sink_failed` when there is no room for images.
    func checkRoom() throws(HTTPError) {
        // A file system that does not tell shows when it is written to.
        guard let free = FileSystem.availableBytes(at: path), free < Self.usualNeed else { return }
        throw HTTPError(
            .sinkFailed, "\(path) has \(free) bytes left, too few for images; make room, or \(Self.otherFolder)")
    }

    /// Removes the files whose owners are gone.
    private func cleanUp() {
        for file in (try? FolderListing.files(in: path)) ?? [] {
            guard file.lastComponent?.string.hasPrefix(Self.prefix) == true,
                let descriptor = try? FileDescriptor.opening(file, .readOnly, options: .noFollow)
            else { continue }
            if (try? descriptor.lock(waiting: false)) == true { FileSystem.removeIfThere(file) }
            descriptor.closeIgnoringErrors()
        }
    }

    fileprivate static func failure(_ what: String, _ reason: Errno) -> HTTPError {
        let advice =
            switch reason {
            case .notDirectory: "a file is in its place: move that away"
            case .permissionDenied, .notPermitted: "check owner and permissions"
            case .readOnlyFileSystem: "its file system is read-only: make it writable"
            default: "make room"
            }
        return HTTPError(
            .sinkFailed,
            "cannot \(what): \(reason); images are kept there until they are delivered: \(advice), or \(otherFolder)",
            cause: reason)
    }
}

/// An image that is being written.
final class SpoolFile {
    private let path: FilePath
    private let descriptor: FileDescriptor
    private var isHandedOver = false
    private(set) var byteCount = 0

    fileprivate init(_ path: FilePath, _ descriptor: FileDescriptor) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        if isHandedOver { return }
        FileSystem.removeIfThere(path)
        descriptor.closeIgnoringErrors()
    }

    /// - Throws: `sink_failed`.
    func write(_ bytes: some Collection<UInt8>) throws(HTTPError) {
        do throws(Errno) {
            try descriptor.writeBytes(bytes)
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
