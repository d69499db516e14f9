internal import FoundationEssentials
// SPDX-License-Identifier: Apache-2.0
internal import SnugSystem
public import SystemPackage

/// A store with one small file for each pending upload, and one for the hosts, in a folder of their own.
///
/// A file is replaced as a whole, so that a crash leaves the old record or the new one.
public final class FileUploadStore: UploadRecordStore, HostLimitStore {
    /// The folder.
    public let directory: FilePath

    /// Opens a store, creating its folder.
    /// - Throws: `state_failed`.
    public init(_ directory: FilePath) throws(UploadError) {
        self.directory = directory
        do throws(Errno) {
            try FileSystem.makeFolders(directory, mode: 0o700)
        } catch .notDirectory {
            throw UploadError(
                .stateFailed,
                "\(directory) is not a folder, and pending uploads are recorded in one; name another, or move that away"
            )
        } catch {
            throw Self.failure("create \(directory)", error)
        }
    }

    /// All pending uploads, the oldest first.
    public func pending() throws(UploadError) -> [UploadRecord] {
        let paths: [FilePath]
        do throws(Errno) {
            paths = try FolderListing.files(in: directory, suffix: ".json")
        } catch {
            throw Self.failure("list \(directory)", error)
        }
        var records: [UploadRecord] = []
        for path in paths where path.lastComponent?.string != Self.hostsName {
            // An upload that was only requested has no data anywhere.
            if let record: UploadRecord = try read(path), record.hasBegun { records.append(record) }
        }
        return records.sorted { ($0.created, $0.key) < ($1.created, $1.key) }
    }

    /// The record of a key, if there is one.
    public func record(_ key: String) throws(UploadError) -> UploadRecord? { try read(path(of: key)) }

    /// Writes a record in place of the one with its key.
    public func save(_ record: UploadRecord) throws(UploadError) { try write(record, as: "\(record.key).json") }

    /// Forgets an upload here; nothing is removed at the server.
    public func remove(_ key: String) throws(UploadError) {
        let path = path(of: key)
        do throws(Errno) {
            try FileSystem.remove(path)
            try FileSystem.synchronizeFolder(directory)
        } catch .noSuchFileOrDirectory {
            return
        } catch {
            throw Self.failure("remove \(path)", error)
        }
    }

    /// Locks an upload until the last reference to the lock is gone.
    public func lock(_ key: String) throws(UploadError) -> any UploadLock {
        let path = directory.appending("\(key).lock")
        let lock: FileLock?
        do throws(Errno) {
            lock = try FileLock.acquire(path, removesFile: true)
        } catch {
            throw Self.failure("lock \(path)", error)
        }
        guard let lock else { throw .inUse }
        return Lock(lock)
    }

    private final class Lock: UploadLock {
        private let file: FileLock
        init(_ file: FileLock) { self.file = file }
    }

    // MARK: Hosts

    private static let hostsName = "hosts.json"

    /// All limits, by origin.
    public func hostLimits() throws(UploadError) -> [String: HostLimit] {
        try read(directory.appending(Self.hostsName)) ?? [:]
    }

    /// Replaces all limits.
    public func saveHostLimits(_ limits: [String: HostLimit]) throws(UploadError) {
        try write(limits, as: Self.hostsName)
    }

    // MARK: Files

    private func path(of key: String) -> FilePath { directory.appending("\(key).json") }

    private func read<Value: Decodable>(_ path: FilePath) throws(UploadError) -> Value? {
        guard let data = FileManager.default.contents(atPath: path.string) else { return nil }
        do {
            return try JSONDecoder().decode(Value.self, from: data)
        } catch {
            throw UploadError(
                .stateFailed, "\(path) is not a record of an upload; remove it to start over", cause: error)
        }
    }

    func write(_ value: some Encodable, as name: String) throws(UploadError) {
        let data: Data
        do {
            data = try JSONEncoder().encode(value)
        } catch {
            throw UploadError(.stateFailed, "the record of an upload cannot be written", cause: error)
        }
        do throws(SystemFailure) {
            try FilePublisher.replace(directory.appending(name), with: data)
        } catch {
            throw Self.failure(error.doing, error.reason)
        }
    }

    private static func failure(_ action: String, _ reason: Errno) -> UploadError {
        UploadError(.stateFailed, "cannot \(action): \(reason); without it, uploads cannot be resumed", cause: reason)
    }
}

extension UploadError {
    static var inUse: UploadError {
        UploadError(.inUse, "the same file is being sent to the same place already; wait for that to end")
    }
}
