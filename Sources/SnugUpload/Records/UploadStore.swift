// SPDX-License-Identifier: Apache-2.0
internal import Crypto
internal import Synchronization
public import SystemPackage

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Records of pending uploads and what was learnt about hosts, one small file each in a folder of their own.
///
/// Files are replaced whole (temporary name, fsync, rename, fsync of the folder): a record is the old one or the new one,
/// whatever happens in between.
public final class UploadStore: Sendable {
    /// The folder.
    public let directory: FilePath

    /// Opens a store, creating its folder.
    /// - Throws: `state_failed`.
    public init(_ directory: FilePath) throws(UploadError) {
        self.directory = directory
        var path = FilePath(root: directory.root, [])
        for component in directory.components {
            path.append(component)
            let result = unsafe path.withPlatformString { unsafe mkdir($0, 0o700) }
            if result != 0, errno != EEXIST { throw Self.failure("create \(path)", errno) }
            if result != 0, !Self.isFolder(path) {
                throw UploadError(
                    .stateFailed,
                    "\(path) is no folder, and uploads under way are recorded in one; name another, or move that away")
            }
        }
    }

    private static func isFolder(_ path: FilePath) -> Bool {
        var status = stat()
        return unsafe path.withPlatformString { unsafe stat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// All pending uploads, the oldest first.
    public func pending() throws(UploadError) -> [UploadRecord] {
        var records: [UploadRecord] = []
        for name in try names() where name.hasSuffix(".json") && name != Self.hostsName {
            // Of what was only asked for, nothing is anywhere.
            if let record: UploadRecord = try read(name), record.hasBegun { records.append(record) }
        }
        return records.sorted { ($0.created, $0.key) < ($1.created, $1.key) }
    }

    /// Names what is sent from where to where: a file that changed is found under the same name.
    static func key(path: FilePath, target: String, wire: UploadProtocol) -> String {
        var hash = SHA256()
        for text in [path.lexicallyNormalized().string, target, wire.rawValue] {
            hash.update(data: Array("\(text)\n".utf8))
        }
        return String(hash.finalize().hexadecimal.prefix(32))
    }

    func record(_ key: String) throws(UploadError) -> UploadRecord? { try read("\(key).json") }

    func save(_ record: UploadRecord) throws(UploadError) { try write(record, as: "\(record.key).json") }

    /// Forgets an upload here; nothing is removed at the server.
    public func remove(_ key: String) throws(UploadError) {
        let path = directory.appending("\(key).json")
        guard unsafe path.withPlatformString({ unsafe unlink($0) }) == 0 || errno == ENOENT else {
            throw Self.failure("remove \(path)", errno)
        }
        try synchronizeDirectory()
    }

    // MARK: What hosts take

    private static let hostsName = "hosts.json"

    func hostLimits() throws(UploadError) -> [String: HostLimits.Limit] { try read(Self.hostsName) ?? [:] }

    func saveHostLimits(_ limits: [String: HostLimits.Limit]) throws(UploadError) {
        try write(limits, as: Self.hostsName)
    }

    // MARK: Files

    private func read<Value: Decodable>(_ name: String) throws(UploadError) -> Value? {
        let path = directory.appending(name)
        guard let data = FileManager.default.contents(atPath: path.string) else { return nil }
        do {
            return try JSONDecoder().decode(Value.self, from: data)
        } catch {
            throw UploadError(.stateFailed, "\(path) is no record of an upload; remove it to begin anew", cause: error)
        }
    }

    func write(_ value: some Encodable, as name: String) throws(UploadError) {
        let data: Data
        do {
            data = try JSONEncoder().encode(value)
        } catch {
            throw UploadError(.stateFailed, "the record of an upload cannot be written", cause: error)
        }
        let temporary = directory.appending("\(name).\(getpid()).\(UInt32.random(in: .min ... .max)).tmp")
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
        let descriptor = unsafe temporary.withPlatformString { unsafe open($0, flags, 0o600) }
        guard descriptor >= 0 else { throw Self.failure("create \(temporary)", errno) }
        let isSafe = writeAll([UInt8](data), to: descriptor) && fsync(descriptor) == 0
        let code = errno
        close(descriptor)
        let target = directory.appending(name)
        let isRenamed = unsafe temporary.withPlatformString { from in
            unsafe target.withPlatformString { to in unsafe isSafe && rename(from, to) == 0 }
        }
        guard isRenamed else {
            _ = unsafe temporary.withPlatformString { unsafe unlink($0) }
            throw Self.failure("write \(target)", isSafe ? errno : code)
        }
        try synchronizeDirectory()
    }

    private func synchronizeDirectory() throws(UploadError) {
        let descriptor = unsafe directory.withPlatformString { unsafe open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw Self.failure("open \(directory)", errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Self.failure("sync \(directory)", errno) }
    }

    private func names() throws(UploadError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory.string)
        } catch {
            throw UploadError(.stateFailed, "cannot list \(directory)", cause: error)
        }
    }

    static func failure(_ what: String, _ code: Int32) -> UploadError {
        let reason = unsafe String(cString: strerror(code))
        return UploadError(.stateFailed, "cannot \(what): \(reason); uploads could not be resumed without it")
    }
}

/// Keeps other processes from sending the same thing at the same time: two writers to one upload interleave at best.
final class UploadLock: Sendable {
    private let descriptor: Int32
    private let path: FilePath

    init(_ store: UploadStore, key: String) throws(UploadError) {
        path = store.directory.appending("\(key).lock")
        while true {
            let opened = unsafe path.withPlatformString { unsafe open($0, O_RDWR | O_CREAT | O_CLOEXEC, 0o600) }
            guard opened >= 0 else { throw UploadStore.failure("lock \(path)", errno) }
            guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
                close(opened)
                throw UploadError(.inUse, "the same file is being sent to the same place already; wait for that to end")
            }
            // Between opening and locking, another process may have ended and removed the file that it had locked.
            if Self.isSameFile(opened, path) {
                descriptor = opened
                return
            }
            close(opened)
        }
    }

    deinit {
        // Removed while it is still locked: nobody can take it for free in between.
        _ = unsafe path.withPlatformString { unsafe unlink($0) }
        close(descriptor)
    }

    private static func isSameFile(_ descriptor: Int32, _ path: FilePath) -> Bool {
        var opened = stat()
        var named = stat()
        guard unsafe fstat(descriptor, &opened) == 0,
            unsafe path.withPlatformString({ unsafe lstat($0, &named) }) == 0
        else { return false }
        return opened.st_ino == named.st_ino && opened.st_dev == named.st_dev
    }
}

private func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var done = 0
    while done < bytes.count {
        let written = unsafe bytes.withUnsafeBytes { buffer in
            unsafe write(descriptor, buffer.baseAddress.map { unsafe $0 + done }, buffer.count - done)
        }
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { return false }
        done += written
    }
    return true
}
