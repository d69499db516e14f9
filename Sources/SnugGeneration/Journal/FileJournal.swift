// SPDX-License-Identifier: Apache-2.0
import Crypto
import Synchronization
public import SystemPackage

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Keeps one file for each record in a folder, for all processes of this machine that name it.
///
/// A record is on the disk before `save` returns. A name is reserved by a lock that the system takes back from a process
/// that dies, so that what was killed can be taken up at once.
public final class FileJournal: GenerationJournal {
    /// It remembers.
    public var isDurable: Bool { true }
    private let folder: FilePath
    private let threads: FileThreads
    private let locks = Mutex<[String: Int32]>([:])

    /// Names the folder, which is made when it is needed.
    /// - Throws: `output_failed` when there are no threads to be had.
    public init(_ folder: FilePath) throws(GenerationError) {
        self.folder = folder
        threads = try FileThreads(count: 2)
    }

    deinit { for descriptor in locks.withLock({ $0.values }) { close(descriptor) } }

    /// The record of that name.
    /// - Throws: `journal_failed`.
    public func record(_ id: String) async throws -> GenerationRecord? {
        let path = path(id, "json")
        return try await threads.run { try Self.read(path) }
    }

    /// Keeps a record in place of the one before; it is on the disk when this returns.
    /// - Throws: `journal_failed`.
    public func save(_ record: GenerationRecord) async throws {
        let path = path(record.id, "json")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(record)
        try await threads.run {
            do throws(Errno) {
                DiskCalls.makeFolders(path.removingLastComponent(), mode: 0o700)
                try DiskCalls.replace(path, with: data, mode: 0o600)
            } catch {
                throw Self.failure("write \(path)", error)
            }
        }
    }

    /// Forgets a record.
    /// - Throws: `journal_failed`.
    public func remove(_ id: String) async throws {
        let path = path(id, "json")
        try await threads.run {
            DiskCalls.remove(path)
            do throws(Errno) {
                try DiskCalls.synchronize(path.removingLastComponent())
            } catch .noSuchFileOrDirectory {
                // Nothing was ever kept.
            } catch {
                throw Self.failure("forget \(path)", error)
            }
        }
    }

    /// All records, the oldest first.
    /// - Throws: `journal_failed`.
    public func records() async throws -> [GenerationRecord] {
        let folder = folder
        return try await threads.run {
            var found: [GenerationRecord] = []
            for name in try Self.names(in: folder) {
                // One that another process forgets meanwhile is gone.
                if let record = try Self.read(folder.appending(name)) { found.append(record) }
            }
            return found.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
        }
    }

    /// Reserves a name among all processes.
    /// - Throws: `journal_failed`.
    public func claim(_ id: String) async throws -> Bool {
        let path = path(id, "lock")
        let descriptor = try await threads.run { try Self.lock(path) }
        guard let descriptor else { return false }
        locks.withLock { $0[id] = descriptor }
        return true
    }

    /// Gives a reserved name back.
    public func release(_ id: String) async {
        guard let descriptor = locks.withLock({ $0.removeValue(forKey: id) }) else { return }
        // Whoever waits for the old file sees that it has no name any more.
        DiskCalls.remove(path(id, "lock"))
        close(descriptor)
    }

    // MARK: Files

    /// Names of the caller's may be anything, so files have their digests.
    private func path(_ id: String, _ suffix: String) -> FilePath {
        folder.appending(SHA256.hash(data: Array(id.utf8)).hexadecimal.prefix(32) + "." + suffix)
    }

    private static func lock(_ path: FilePath) throws(GenerationError) -> Int32? {
        do throws(Errno) {
            DiskCalls.makeFolders(path.removingLastComponent(), mode: 0o700)
            while true {
                let descriptor = try DiskCalls.open(path, O_RDWR | O_CREAT, mode: 0o600)
                do throws(Errno) {
                    guard try DiskCalls.lock(descriptor, waiting: false) else {
                        close(descriptor)
                        return nil
                    }
                } catch {
                    close(descriptor)
                    throw error
                }
                var status = stat()
                if unsafe fstat(descriptor, &status) == 0, status.st_nlink > 0 { return descriptor }
                // Removed between the two calls: its owner is done.
                close(descriptor)
            }
        } catch {
            throw failure("lock \(path)", error)
        }
    }

    private static func names(in folder: FilePath) throws(GenerationError) -> [String] {
        guard let directory = unsafe folder.withPlatformString({ unsafe opendir($0) }) else {
            let reason = Errno(rawValue: errno)
            if reason == .noSuchFileOrDirectory { return [] }
            throw failure("read \(folder)", reason)
        }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".json") { names.append(name) }
        }
        return names.sorted()
    }

    private static func read(_ path: FilePath) throws(GenerationError) -> GenerationRecord? {
        let bytes: [UInt8]
        do throws(Errno) {
            let descriptor = try DiskCalls.open(path, O_RDONLY)
            defer { close(descriptor) }
            var status = stat()
            guard unsafe fstat(descriptor, &status) == 0 else { throw Errno(rawValue: errno) }
            // It is replaced, never written to, so that this is all of it.
            bytes = try DiskCalls.read(descriptor, count: Int(status.st_size))
        } catch .noSuchFileOrDirectory {
            return nil
        } catch {
            throw failure("read \(path)", error)
        }
        do {
            return try JSONDecoder().decode(GenerationRecord.self, from: Data(bytes))
        } catch {
            throw GenerationError(
                .journalFailed,
                "\(path) is damaged; look at it, for what it was about may have been paid for, then remove it",
                cause: error)
        }
    }

    private static func failure(_ what: String, _ reason: Errno) -> GenerationError {
        GenerationError(
            .journalFailed, "cannot \(what): \(reason); what is sent is kept there, so nothing is sent without it",
            cause: reason)
    }
}

extension FilePath {
    /// With a name that has no slash in it.
    fileprivate func appending(_ name: Substring) -> FilePath { appending(String(name)) }
}
