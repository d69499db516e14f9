// SPDX-License-Identifier: Apache-2.0
import CPlatform
import Glibc
package import SystemPackage

/// An open folder, whose entries are reached by name: nobody can redirect that by replacing a folder with a link.
///
/// Its calls block.
package struct OpenFolder: ~Copyable {
    package let descriptor: FileDescriptor

    private init(_ descriptor: Int32) { self.descriptor = FileDescriptor(rawValue: descriptor) }

    deinit { descriptor.closeIgnoringErrors() }

    /// Opens a folder by its path, whose links are followed.
    package init(_ path: FilePath) throws(Errno) { descriptor = try FileDescriptor.openFolder(path) }

    /// Opens a folder by its path, made with those above it where it is missing.
    package static func openingOrMaking(_ path: FilePath, mode: UInt32 = 0o777) throws(Errno) -> OpenFolder {
        do throws(Errno) { return try OpenFolder(path) } catch .noSuchFileOrDirectory {}
        try FileSystem.makeFolders(path, mode: mode)
        return try OpenFolder(path)
    }

    /// Opens a folder in this one.
    /// - Throws: `notDirectory` or `tooManySymbolicLinkLevels` for a link.
    package func opening(_ name: [UInt8]) throws(Errno) -> OpenFolder {
        OpenFolder(try open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC))
    }

    /// Opens a folder below this one, one name after the other.
    package func opening(_ names: some Sequence<[UInt8]>) throws(Errno) -> OpenFolder {
        var names = names.makeIterator()
        var folder = try opening(names.next() ?? Self.itself)
        while let name = names.next() { folder = try folder.opening(name) }
        return folder
    }

    /// Opens a folder below this one, made where it is missing.
    package func openingOrMaking(_ names: some Sequence<[UInt8]>) throws(Errno) -> OpenFolder {
        var names = names.makeIterator()
        guard let first = names.next() else { return try opening(Self.itself) }
        var folder = try openingOrMaking(first)
        while let name = names.next() { folder = try folder.openingOrMaking(name) }
        return folder
    }

    private func openingOrMaking(_ name: [UInt8]) throws(Errno) -> OpenFolder {
        // Mostly it is there.
        do throws(Errno) { return try opening(name) } catch .noSuchFileOrDirectory {}
        do throws(Errno) {
            try makeFolder(name)
        } catch .fileExists {
            // Opening it tells a folder from anything else.
        }
        return try opening(name)
    }

    private static let itself = Array(".".utf8)

    /// Opens a file to read it: never a link, and without waiting for the other end of a pipe.
    package func openFile(_ name: [UInt8]) throws(Errno) -> FileDescriptor {
        FileDescriptor(rawValue: try open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC))
    }

    /// Creates a file that must not be there yet, to write it.
    package func createFile(_ name: [UInt8], mode: UInt32) throws(Errno) -> FileDescriptor {
        FileDescriptor(rawValue: try open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode: mode))
    }

    private func open(_ name: [UInt8], _ flags: Int32, mode: UInt32 = 0) throws(Errno) -> Int32 {
        try retryingInterrupted {
            unsafe withName(name) { unsafe openat(descriptor.rawValue, $0, flags, mode_t(mode)) }
        }
    }

    /// An entry's state; of a link, the link's own.
    package func identity(of name: [UInt8]) throws(Errno) -> FileIdentity {
        var status = stat()
        _ = try retryingInterrupted {
            unsafe withName(name) { unsafe fstatat(descriptor.rawValue, $0, &status, AT_SYMLINK_NOFOLLOW) }
        }
        return FileIdentity(status)
    }

    /// The state of the folder itself.
    package func identity() throws(Errno) -> FileIdentity { try descriptor.identity() }

    /// Calls `body` for each name but `.` and `..`, in the file system's order, until it returns false.
    package func forEachName(_ body: ([UInt8]) throws -> Bool) throws {
        // A descriptor of its own: closing the stream closes it, and its position is its own.
        let file = try open([0x2E], O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard let stream = unsafe fdopendir(file) else {
            let reason = Errno.current
            _ = Glibc.close(file)
            throw reason
        }
        defer { unsafe closedir(stream) }
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else {
                let reason = Errno.current
                if reason.rawValue != 0 { throw reason }
                return
            }
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe Array(bytes.prefix { $0 != 0 })
            }
            if name == [0x2E] || name == [0x2E, 0x2E] { continue }
            guard try body(name) else { return }
        }
    }

    /// Creates a folder.
    /// - Throws: `fileExists` when something has its name.
    package func makeFolder(_ name: [UInt8]) throws(Errno) {
        _ = try retryingInterrupted { unsafe withName(name) { unsafe mkdirat(descriptor.rawValue, $0, 0o777) } }
    }

    /// Removes a file.
    package func remove(_ name: [UInt8]) throws(Errno) {
        _ = try retryingInterrupted { unsafe withName(name) { unsafe unlinkat(descriptor.rawValue, $0, 0) } }
    }

    /// Removes an empty folder.
    package func removeFolder(_ name: [UInt8]) throws(Errno) {
        _ = try retryingInterrupted { unsafe withName(name) { unsafe unlinkat(descriptor.rawValue, $0, AT_REMOVEDIR) } }
    }

    /// Moves a file to a folder of the same file system.
    /// - Throws: `fileExists` when the name is taken, `improperLink` for another file system.
    package func rename(_ name: [UInt8], to folder: borrowing OpenFolder, as newName: [UInt8]) throws(Errno) {
        let (from, to) = (descriptor.rawValue, folder.descriptor.rawValue)
        let result = unsafe withName(name) { old in
            unsafe withName(newName) { unsafe snug_rename_between(from, old, to, $0) }
        }
        switch Errno(rawValue: result) {
        case _ where result == 0: return
        // Some file systems (NFS, older FUSE) know no such rename.
        case .invalidArgument, .noFunction, .notSupported: break
        case let reason: throw reason
        }
        _ = try retryingInterrupted {
            unsafe withName(name) { old in unsafe withName(newName) { unsafe linkat(from, old, to, $0, 0) } }
        }
        try remove(name)
    }

    /// Makes the names in the folder survive a power cut, where the file system can do that.
    package func synchronize() throws(Errno) {
        do throws(Errno) {
            try descriptor.synchronize()
        } catch .invalidArgument, .notSupported, .badFileDescriptor {
            return
        }
    }

    private func withName<Result>(_ name: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        unsafe (name + [0]).withUnsafeBufferPointer { buffer in
            unsafe buffer.withMemoryRebound(to: CChar.self) { characters in
                guard let start = characters.baseAddress else {
                    preconditionFailure("an array with a byte has an address")
                }
                return unsafe body(start)
            }
        }
    }
}
