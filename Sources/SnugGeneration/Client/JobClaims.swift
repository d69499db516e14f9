// SPDX-License-Identifier: Apache-2.0
import Logging
import Synchronization
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Which jobs of the provider's belong to which of our submissions, finished ones included: what a listing shows can then
/// be told from what was lost.
///
/// Between processes it is a file that lines are added to: seconds since 1970, our key, the job.
final class JobClaims: Sendable {
    /// Listings are searched for what was sent minutes or hours ago.
    private static let lifetime = 3 * 86_400
    /// Bytes after which old lines are left out.
    private static let usualSize = 1 << 20

    private let owners = Mutex<[String: String]>([:])
    private let path: FilePath?
    private let threads: FileThreads
    private let logger: Logger

    /// - Parameter path: Where processes share it; `nil` keeps it to this one.
    init(_ path: FilePath?, threads: FileThreads, logger: Logger) {
        self.path = path
        self.threads = threads
        self.logger = logger
    }

    /// Takes a job for a submission; false when it belongs to another.
    func take(_ job: String, for key: String, now: Int) async -> Bool {
        let (isOurs, isNew) = owners.withLock { owners in
            if owners.count >= 100_000 { owners.removeAll() }
            guard let owner = owners[job] else {
                owners[job] = key
                return (true, true)
            }
            return (owner == key, false)
        }
        guard isNew, let path else { return isOurs }
        do {
            return try await threads.run { try Self.add(job, key, now, to: path) }
        } catch {
            logger.warning("a job could not be noted for other processes", metadata: ["error": "\(error)"])
            return isOurs
        }
    }

    /// The jobs that belong to others.
    func others(than key: String, now: Int) async -> Set<String> {
        var known = Set(owners.withLock { $0.filter { $0.value != key }.keys })
        guard let path else { return known }
        let lines = (try? await threads.run { try Self.read(path) }) ?? []
        for line in lines where line.key != key { known.insert(line.job) }
        return known
    }

    // MARK: The file

    private struct Line {
        var time: Int
        var key: String
        var job: String

        init?(_ text: Substring) {
            let parts = text.split(separator: " ", maxSplits: 2)
            guard parts.count == 3, let time = Int(parts[0]) else { return nil }
            self.time = time
            key = String(parts[1])
            job = String(parts[2])
        }
    }

    private static func read(_ path: FilePath) throws(Errno) -> [Line] {
        let descriptor: Int32
        do throws(Errno) {
            descriptor = try DiskCalls.open(path, O_RDONLY)
        } catch .noSuchFileOrDirectory {
            return []
        }
        defer { close(descriptor) }
        let bytes = try DiskCalls.read(descriptor, count: Int(DiskCalls.status(path)?.st_size ?? 0))
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { Line($0) }
    }

    /// - Returns: False when another process has the job already.
    private static func add(_ job: String, _ key: String, _ now: Int, to path: FilePath) throws(Errno) -> Bool {
        DiskCalls.makeFolders(path.removingLastComponent(), mode: 0o700)
        let lock = try DiskCalls.open(FilePath(path.string + ".lock"), O_RDWR | O_CREAT, mode: 0o600)
        // Closing gives the lock back.
        defer { close(lock) }
        _ = try DiskCalls.lock(lock, waiting: true)
        var lines = try read(path)
        if let owner = lines.first(where: { $0.job == job }) { return owner.key == key }
        let new = "\(now) \(key) \(job)\n"
        if DiskCalls.status(path).map({ $0.st_size > usualSize }) ?? false {
            lines.removeAll { $0.time < now - lifetime }
            let text = lines.map { "\($0.time) \($0.key) \($0.job)\n" }.joined() + new
            try DiskCalls.replace(path, with: Array(text.utf8), mode: 0o600)
            return true
        }
        let descriptor = try DiskCalls.open(path, O_WRONLY | O_CREAT | O_APPEND, mode: 0o600)
        defer { close(descriptor) }
        try DiskCalls.write(Array(new.utf8), to: descriptor)
        return true
    }
}
