// SPDX-License-Identifier: Apache-2.0
import CPlatform
import Glibc
package import SystemPackage

/// Moves files between folders, also of two file systems, without replacing any. Its calls block.
package enum FileMover {
    /// The fate of a file that was to be moved.
    package enum Outcome: Hashable, Sendable {
        case moved
        /// The folders are on two file systems, or a copy was asked for: the file was copied, then removed.
        case copied
        /// Another file has the name in the new folder.
        case nameTaken
        /// The file changed while it was copied, and stays where it is.
        case changed
    }

    /// Moves a file.
    ///
    /// Across file systems the copy gets its name once it is on the disk, with the times and permissions of the original,
    /// and only then is the original removed.
    /// - Parameter copies: Copies also within a file system: the content is then nobody else's, whatever other names or
    ///   open descriptors lead to the original.
    /// - Throws: The system's reason; `noSuchFileOrDirectory` when the file is gone.
    package static func move(
        _ name: [UInt8], from folder: borrowing OpenFolder, to target: borrowing OpenFolder, as newName: [UInt8],
        copies: Bool = false
    ) throws(Errno) -> Outcome {
        if !copies {
            do throws(Errno) {
                try folder.rename(name, to: target, as: newName)
                return .moved
            } catch .fileExists {
                return .nameTaken
            } catch .improperLink {
                // Two file systems.
            }
        }
        return try copy(name, from: folder, to: target, as: newName)
    }

    private static func copy(
        _ name: [UInt8], from folder: borrowing OpenFolder, to target: borrowing OpenFolder, as newName: [UInt8]
    ) throws(Errno) -> Outcome {
        let source = try folder.openFile(name)
        defer { source.closeIgnoringErrors() }
        let before = try source.identity()
        guard before.kind == .file else { throw .invalidArgument }
        let temporary = Array(TemporaryFiles.randomName().utf8)
        let file = try target.createFile(temporary, mode: before.mode & 0o777)
        do throws(Errno) {
            try fill(file, from: source, like: before)
            let after = try source.identity()
            guard after.byteCount == before.byteCount, after.modified == before.modified else {
                try target.remove(temporary)
                return .changed
            }
            try target.rename(temporary, to: target, as: newName)
        } catch {
            // Should this fail as well, the first error matters more, and the name shows whose file it is.
            try? target.remove(temporary)
            if error == .fileExists { return .nameTaken }
            throw error
        }
        try target.synchronize()
        try folder.remove(name)
        return .copied
    }

    private static func fill(
        _ file: FileDescriptor, from source: FileDescriptor, like original: FileIdentity
    ) throws(Errno) {
        do throws(Errno) {
            try copyBytes(from: source, to: file)
            // After the last byte, because writing changes them. One that cannot be kept is no failure.
            let times = [original.modified, original.modified].map {
                timespec(tv_sec: Int($0.floored(by: 1_000_000_000)), tv_nsec: Int($0.remainder(of: 1_000_000_000)))
            }
            _ = unsafe futimens(file.rawValue, times)
            try file.synchronize()
        } catch {
            file.closeIgnoringErrors()
            throw error
        }
        try file.closing()
    }

    /// Copies from both files' positions on to the end.
    private static func copyBytes(from source: FileDescriptor, to file: FileDescriptor) throws(Errno) {
        while true {
            let count = snug_copy_range(source.rawValue, file.rawValue, 1 << 30)
            if count == 0 { break }
            if count > 0 { continue }
            let reason = Errno.current
            if reason == .interrupted { continue }
            // Kernels and file systems differ in what they refuse to copy by themselves.
            if [.noSpace, .diskQuotaExceeded, .ioError].contains(reason) { throw reason }
            break
        }
        // Some file systems claim to be at the end at once (procfs, some FUSE): the ordinary way sees to the rest.
        while true {
            let chunk = try source.readBytes(maximum: 1 << 20)
            if chunk.isEmpty { return }
            try file.writeBytes(chunk)
        }
    }
}

extension Int64 {
    fileprivate func floored(by divisor: Int64) -> Int64 { (self - remainder(of: divisor)) / divisor }
    /// Never negative.
    fileprivate func remainder(of divisor: Int64) -> Int64 { (self % divisor + divisor) % divisor }
}

extension FileDescriptor {
    /// True when a process has the file open for writing, or has mapped it to write; `nil` where the system does not tell.
    ///
    /// The descriptor has to be open for reading only.
    package var hasWriters: Bool? {
        let result = snug_has_writers(rawValue)
        return result < 0 ? nil : result == 1
    }

    /// True when a stretch of the file was never written: it takes no space on the disk.
    package var hasHoles: Bool {
        guard let size = try? identity().byteCount, size > 0 else { return false }
        let hole = Glibc.lseek(rawValue, 0, seekHole)
        return hole >= 0 && hole < off_t(size)
    }
}

/// lseek(2); the C library declares it for GNU sources only.
private let seekHole: Int32 = 4
