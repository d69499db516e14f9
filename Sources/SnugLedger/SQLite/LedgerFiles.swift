// SPDX-License-Identifier: Apache-2.0
internal import SnugSystem
internal import SystemPackage

/// Files beside the database.
enum LedgerFiles {
    /// Makes a folder and those above it, readable to its owner only.
    static func makeFolder(_ folder: FilePath) throws(LedgerError) {
        do throws(Errno) {
            try FileSystem.makeFolders(folder, mode: 0o700)
        } catch .notDirectory {
            throw LedgerError(
                .readOnly, "\(folder) is not a folder; move that away, or name another folder with --state",
                cause: Errno.notDirectory)
        } catch {
            throw failure(error, "make the folder \(folder)")
        }
    }

    /// Makes an empty file that only its owner can read, unless it is there: tokens of sessions go into it.
    static func makePrivate(_ path: FilePath) throws(LedgerError) {
        do throws(Errno) {
            // An existing file is not opened, for closing it would drop SQLite's locks.
            let options: FileDescriptor.OpenOptions = [.create, .exclusiveCreate]
            try FileDescriptor.opening(path, .readWrite, options: options, permissions: .ownerReadWrite).closing()
        } catch .fileExists {
            return
        } catch {
            throw failure(error, "make \(path)")
        }
    }

    /// Makes an empty file for a copy that gets the name `file`, readable to its owner only.
    static func makeCopy(_ temporary: FilePath, named file: FilePath) throws(LedgerError) {
        let parent = file.removingLastComponent()
        let folder: FilePath = parent.isEmpty ? "." : parent
        do throws(Errno) {
            try FileDescriptor.opening(
                temporary, .readWrite, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite
            ).closing()
        } catch {
            let (code, remedy): (LedgerError.Code, String)
            switch error {
            case .noSuchFileOrDirectory: (code, remedy) = (.folderNotFound, "there is no folder \(folder); create it")
            case .notDirectory: (code, remedy) = (.folderNotFound, "\(folder) is not a folder; move that away")
            case .permissionDenied, .notPermitted, .readOnlyFileSystem:
                (code, remedy) = (.readOnly, "\(folder) cannot be written (\(error)); make it writable")
            default: throw failure(error, "write a copy in \(folder)")
            }
            throw LedgerError(code, "cannot write \(file): \(remedy), or name another file", cause: error)
        }
    }

    /// - Throws: `already_exists`, before time is spent on a file that could not get its name.
    static func refuseExisting(_ path: FilePath) throws(LedgerError) {
        guard (try? FileIdentity(of: path, followsLinks: false)) != nil else { return }
        throw alreadyThere(path)
    }

    /// - Throws: `already_exists` for a place that is one of the ledger's own files: whoever works on it would lose what is
    ///   recorded from then on.
    static func refuseOwn(_ path: FilePath, of ledger: FilePath) throws(LedgerError) {
        // Not through a link at that name, which would be replaced itself.
        guard let there = try? FileIdentity(of: path, followsLinks: false) else { return }
        for suffix in ["", "-wal", "-shm", "-open", "-workers"] {
            for followsLinks in [true, false] {
                let own = try? FileIdentity(of: FilePath(ledger.string + suffix), followsLinks: followsLinks)
                guard own?.isSameFile(as: there) == true else { continue }
                throw LedgerError(
                    .alreadyExists, "\(path) belongs to the ledger itself; name another file for the backup")
            }
        }
    }

    private static func alreadyThere(_ path: FilePath) -> LedgerError {
        LedgerError(
            .alreadyExists, "\(path) is already there; name another file, or pass --overwrite to replace it")
    }

    /// Moves a complete file to its name, unless that is taken, and waits for the disk.
    static func publish(_ temporary: FilePath, as path: FilePath, replacing: Bool) throws(LedgerError) {
        do throws(Errno) {
            let file = try FileDescriptor.opening(temporary, .readOnly)
            defer { file.closeIgnoringErrors() }
            try file.synchronize()
            let parent = path.removingLastComponent()
            let folder = try FileDescriptor.openFolder(parent.isEmpty ? "." : parent)
            defer { folder.closeIgnoringErrors() }
            let names = [temporary, path].map { FilePath(root: nil, $0.components.suffix(1)) }
            try PublishingCalls.system.rename(folder, names[0], names[1], replacing)
            try FileSystem.synchronizeFolder(parent)
        } catch .fileExists {
            throw alreadyThere(path)
        } catch {
            throw failure(error, "write \(path)")
        }
    }

    /// Waits for a lock among processes.
    /// - Throws: `ledger_busy` when another has it for longer than the timeout.
    static func lock(_ path: FilePath, timeout: Duration, whatFor: String) throws(LedgerError) -> FileLock {
        let deadline = ContinuousClock.now + timeout
        do throws(Errno) {
            while true {
                if let lock = try FileLock.acquire(path) { return lock }
                guard ContinuousClock.now < deadline else { break }
                DetachedThread.pause(milliseconds: 10)
            }
        } catch {
            throw failure(error, whatFor)
        }
        throw LedgerError(.busy, "cannot \(whatFor): another process is at it; try again when that has ended")
    }

    static func failure(_ cause: Errno, _ what: String) -> LedgerError {
        switch cause {
        case .readOnlyFileSystem, .permissionDenied, .notPermitted, .notDirectory, .noSuchFileOrDirectory:
            LedgerError(
                .readOnly, "cannot \(what): \(cause); make it writable, or name another folder with --state",
                cause: cause)
        case .noSpace, .diskQuotaExceeded:
            LedgerError(
                .diskFull, "cannot \(what): \(cause); free some space, and work resumes by itself", cause: cause)
        default: LedgerError(.ioFailed, "cannot \(what): \(cause); check the disk", cause: cause)
        }
    }

    // MARK: Network file systems

    /// Refuses a file system on which SQLite's locks and shared memory cannot be relied on.
    /// - Throws: `network_file_system`.
    static func refuseNetwork(_ folder: FilePath) throws(LedgerError) {
        let path: FilePath = folder.isEmpty ? "." : folder
        let kind: FileSystemKind
        do throws(Errno) {
            kind = try FileSystemKind(of: path)
        } catch {
            throw failure(error, "look at \(path)")
        }
        if let name = kind.networkName {
            throw LedgerError(
                .networkFileSystem,
                "\(path) is on \(name), where a ledger is not safe; name a folder on a local disk with --state")
        }
    }
}

/// Does what blocks on a thread of its own: the threads of the cooperative pool are few.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    // Without its caller's cancellation: half a backup is removed by the rest of it.
    try await withCheckedThrowingContinuation { continuation in
        do {
            try DetachedThread.start { continuation.resume(with: Result { try body() }) }
        } catch {
            continuation.resume(
                throwing: LedgerError(.ioFailed, "the system has no thread to give; raise ulimit -u", cause: error))
        }
    }
}
