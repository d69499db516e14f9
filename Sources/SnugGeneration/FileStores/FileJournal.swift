// SPDX-License-Identifier: Apache-2.0
import Crypto
import FoundationEssentials
import SnugSystem
import Synchronization
public import SystemPackage

/// Keeps one file for each record in a folder, for all processes of this machine that name it.
///
/// A record is on the disk before `save` returns. A reserved name is a lock, which the system takes back from a process
/// that dies, so that a killed job can be resumed at once.
public final class FileJournal: GenerationJournal {
    /// True: records outlive the process.
    public var isDurable: Bool { true }
    private let folder: FilePath
    private let threads = BlockingThreads(count: 2)
    private let locks = Mutex<[String: FileLock]>([:])

    /// Names the folder, which is made when it is needed.
    public init(_ folder: FilePath) { self.folder = folder }

    /// The record of that name.
    /// - Throws: `journal_failed`.
    public func record(_ id: String) async throws -> GenerationRecord? {
        let path = path(id, "json")
        return try await threads.runToEnd { try Self.read(path) }
    }

    /// Replaces a record; it is on the disk when this returns.
    /// - Throws: `journal_failed`.
    public func save(_ record: GenerationRecord) async throws {
        let path = path(record.id, "json")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(record)
        try await threads.runToEnd { try Self.mapping("write \(path)") { try StateFile.replace(path, with: data) } }
    }

    /// Removes a record.
    /// - Throws: `journal_failed`.
    public func remove(_ id: String) async throws {
        let path = path(id, "json")
        try await threads.runToEnd {
            try Self.mapping("remove \(path)") {
                do throws(Errno) {
                    try FileSystem.remove(path)
                    try FileSystem.synchronizeFolder(path.removingLastComponent())
                } catch .noSuchFileOrDirectory {
                    // There was no record.
                }
            }
        }
    }

    /// All records, the oldest first.
    /// - Throws: `journal_failed`.
    public func records() async throws -> [GenerationRecord] {
        let folder = folder
        return try await threads.runToEnd {
            // A record that another process removes meanwhile is gone.
            try Self.files(in: folder).compactMap { try Self.read($0) }
                .sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
        }
    }

    /// Reserves a name among all processes.
    /// - Throws: `journal_failed`.
    public func claim(_ id: String) async throws -> Bool {
        let path = path(id, "lock")
        let lock = try await threads.runToEnd {
            try Self.mapping("lock \(path)") { try FileLock.acquire(path, removesFile: true) }
        }
        guard let lock else { return false }
        locks.withLock { $0[id] = lock }
        return true
    }

    /// Gives a reserved name back.
    public func release(_ id: String) async { _ = locks.withLock { $0.removeValue(forKey: id) } }

    // MARK: Files

    /// Names may hold anything, so files are named by digests.
    private func path(_ id: String, _ suffix: String) -> FilePath {
        folder.appending("\(SHA256.hash(data: Array(id.utf8)).hexadecimal.prefix(32)).\(suffix)")
    }

    private static func files(in folder: FilePath) throws -> [FilePath] {
        try mapping("read \(folder)") {
            do throws(Errno) {
                return try FolderListing.files(in: folder, suffix: ".json")
            } catch .noSuchFileOrDirectory {
                return []
            }
        }
    }

    private static func read(_ path: FilePath) throws -> GenerationRecord? {
        guard let bytes = try mapping("read \(path)", { try StateFile.read(path) }) else { return nil }
        do {
            return try JSONDecoder().decode(GenerationRecord.self, from: Data(bytes))
        } catch {
            throw GenerationError(
                .journalFailed,
                "\(path) is damaged: find out from the provider whether its job was paid for, then remove the file",
                cause: error)
        }
    }

    private static func mapping<Result>(_ what: String, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch {
            throw GenerationError(
                .journalFailed,
                "cannot \(what): \(StateFile.reason(error)); nothing is sent without a record: make the folder writable",
                cause: error)
        }
    }
}
