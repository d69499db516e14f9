// SPDX-License-Identifier: Apache-2.0
import SnugSystem
package import SystemPackage

/// A storage in a folder that all hosts have mounted, such as one of an NFS server.
///
/// Each object is a file `sha256/ab/abcd…`. A mark in the folder tells it from the empty folder below it where nothing is
/// mounted.
package struct FolderStorage: ByteStorage {
    let root: FilePath
    private let publisher = FilePublisher()
    let threads = BlockingThreads(count: 4)

    /// The file that is in every storage.
    static let mark = ".snug-storage"
    /// The age from which an object is stored again: long before it could be taken for an orphan.
    private static let renewalAge = Duration.seconds(3600)

    /// Uses a folder, which has to be there. It blocks.
    /// - Throws: `unavailable`, `refused`.
    package init(_ root: FilePath) throws(StorageError) {
        self.root = root
        guard FileSystem.isFolder(root) else {
            throw StorageError(
                .unavailable, "the storage \(PrintableName.of(root)) is not there; make the folder, or mount it")
        }
        guard !FileSystem.isFile(root.appending(Self.mark)) else { return }
        do throws(SystemFailure) { try FilePublisher.replace(root.appending(Self.mark), with: [], mode: 0o644) } catch {
            throw Self.fault(error, root)
        }
    }

    /// `file:///PATH`.
    package var place: String { "file://\(root)" }

    /// The ledger that the mark names.
    package func owner() async throws -> String? {
        try await threads.run {
            try checkPresence()
            let mark = root.appending(Self.mark)
            do throws(Errno) {
                let text = String(decoding: try FileDescriptor.contents(of: mark, maximum: 1024), as: UTF8.self)
                return text.contains { !$0.isWhitespace } ? text.filter { !$0.isWhitespace } : nil
            } catch {
                throw Self.fault(SystemFailure(doing: "read \(PrintableName.of(mark))", reason: error), mark)
            }
        }
    }

    /// Writes the name of the ledger into the mark.
    package func setOwner(_ ledger: String) async throws {
        try await threads.run {
            try checkPresence()
            let mark = root.appending(Self.mark)
            do throws(SystemFailure) {
                try FilePublisher.replace(mark, with: Array("\(ledger)\n".utf8), mode: 0o644)
            } catch {
                throw Self.fault(error, mark)
            }
        }
    }

    // MARK: Bytes

    /// Stores the bytes of a file.
    package func store(_ file: FilePath, as object: StoredObject) async throws {
        try await threads.run {
            let path = try place(of: object.digest)
            try checkPresence()
            if let known = try? FileIdentity(of: path, followsLinks: false), known.byteCount == object.byteCount,
                try age(of: known) < Self.renewalAge
            {
                return
            }
            let source: FileDescriptor
            do throws(Errno) { source = try FileDescriptor.opening(file, .readOnly, options: .noFollow) } catch {
                throw StorageError(.ioFailed, "\(PrintableName.of(file)) cannot be read: \(error)")
            }
            defer { source.closeIgnoringErrors() }
            try copy(source, of: object, to: path, local: file, shared: path, mode: 0o644)
            // One that was unmounted meanwhile has got nothing: the bytes are in the folder below it.
            try checkPresence()
        }
    }

    /// Fetches an object into a file.
    package func fetch(_ object: StoredObject, to file: FilePath) async throws {
        try await threads.run {
            let path = try place(of: object.digest)
            let source: FileDescriptor
            do throws(Errno) { source = try FileDescriptor.opening(path, .readOnly, options: .noFollow) } catch {
                try checkPresence()
                guard error == .noSuchFileOrDirectory else {
                    throw Self.fault(SystemFailure(doing: "read \(PrintableName.of(path))", reason: error), path)
                }
                throw StorageError(.missing, "the storage has no object \(object.digest)")
            }
            defer { source.closeIgnoringErrors() }
            try copy(source, of: object, to: file, local: file, shared: path, mode: 0o600)
        }
    }

    /// Removes an object.
    package func remove(_ digest: String) async throws {
        try await threads.run {
            let path = try place(of: digest)
            try checkPresence()
            do throws(Errno) { try FileSystem.remove(path) } catch .noSuchFileOrDirectory { return } catch {
                throw Self.fault(SystemFailure(doing: "remove \(PrintableName.of(path))", reason: error), path)
            }
        }
    }

    private struct WrongBytes: Error {}

    /// Copies bytes to a file that appears once they have proved to be those of the object.
    private func copy(
        _ source: FileDescriptor, of object: StoredObject, to target: FilePath, local: FilePath, shared: FilePath,
        mode: UInt32
    ) throws {
        do {
            _ = try publisher.publish(to: target, replacing: true, mode: mode, isCancelled: { Task.isCancelled }) {
                write in
                var hash = MessageDigest(.sha256)
                var count = 0
                while true {
                    let chunk: [UInt8]
                    do throws(Errno) { chunk = try source.readBytes(maximum: 1 << 18) } catch {
                        throw SystemFailure(
                            doing: "read \(PrintableName.of(target == local ? shared : local))", reason: error)
                    }
                    if chunk.isEmpty { break }
                    hash.update(chunk)
                    count += chunk.count
                    try write(chunk[...])
                }
                guard count == object.byteCount, hash.finalize().hexadecimal == object.digest else {
                    throw WrongBytes()
                }
            }
        } catch is WrongBytes {
            let isFetch = target == local
            throw StorageError(
                isFetch ? .damaged : .ioFailed,
                isFetch
                    ? "the storage has other bytes than it promises under \(object.digest); remove \(PrintableName.of(shared))"
                    : "\(PrintableName.of(local)) changed while it was stored")
        } catch let failure as SystemFailure {
            // The storage's fault, unless it is about the file of this machine.
            let isLocal = target == local && FileSystem.isFile(shared)
            throw isLocal ? StorageError(.ioFailed, failure.description) : Self.fault(failure, shared)
        }
    }

    // MARK: Listing

    /// Objects in the order of their names: those of one of 256 folders at a time.
    package func objects(after digest: String?) async throws -> [ListedObject] {
        try await threads.run {
            try checkPresence()
            let now = try storageTime()
            let folders = try names(in: root.appending("sha256")).filter { $0.utf8.count == 2 }.sorted()
            for folder in folders where digest.map({ folder >= $0.prefix(2) }) ?? true {
                let place = root.appending("sha256").appending(folder)
                let objects = try names(in: place).filter { Self.isDigest($0) && $0 > digest ?? "" }.sorted()
                let listed = objects.compactMap { name -> ListedObject? in
                    guard let identity = try? FileIdentity(of: place.appending(name), followsLinks: false),
                        identity.kind == .file
                    else { return nil }
                    let age = Duration.nanoseconds(max(0, now - identity.modified))
                    return ListedObject(digest: name, byteCount: identity.byteCount, age: age)
                }
                if !listed.isEmpty { return listed }
            }
            return []
        }
    }

    func names(in folder: FilePath) throws -> [String] {
        do throws(Errno) {
            return try FolderListing.names(in: folder).map { String(decoding: $0, as: UTF8.self) }
        } catch .noSuchFileOrDirectory {
            return []
        } catch {
            throw Self.fault(SystemFailure(doing: "list \(PrintableName.of(folder))", reason: error), folder)
        }
    }

    // MARK: Parts

    private func place(of digest: String) throws(StorageError) -> FilePath {
        guard Self.isDigest(digest) else {
            throw StorageError(.refused, "'\(PrintableName.escaped(String(digest.prefix(80))))' names no object")
        }
        return root.appending("sha256").appending(String(digest.prefix(2))).appending(digest)
    }

    private static func isDigest(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }

    func checkPresence() throws(StorageError) {
        guard !FileSystem.isFile(root.appending(Self.mark)) else { return }
        throw StorageError(
            .unavailable,
            "the storage \(PrintableName.of(root)) is not there, or not mounted; work resumes once it is")
    }

    private func age(of known: FileIdentity) throws -> Duration {
        .nanoseconds(max(0, try storageTime() - known.modified))
    }

    /// The time of day by the clock that gives files their times, in nanoseconds: the server's, where the folder is one's.
    func storageTime() throws -> Int64 {
        let path = root.appending(TemporaryFiles.randomName())
        do {
            let file = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
            defer {
                file.closeIgnoringErrors()
                FileSystem.removeIfThere(path)
            }
            return try file.identity().modified
        } catch {
            let reason = error as? Errno ?? .ioError
            throw Self.fault(SystemFailure(doing: "write in \(PrintableName.of(root))", reason: reason), root)
        }
    }

    static func fault(_ failure: SystemFailure, _ place: FilePath) -> StorageError {
        switch failure.reason {
        case .permissionDenied, .notPermitted, .readOnlyFileSystem:
            StorageError(.refused, "\(failure); let this user read and write there")
        default: StorageError(.unavailable, "\(failure); work resumes once that is cured")
        }
    }
}
