// SPDX-License-Identifier: Apache-2.0
import Crypto
import Synchronization
import SystemPackage

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

/// Keeps what is known of an account, for this process or for all that name the same folder.
///
/// Between processes it is a small file that is read and replaced under a lock. It is not synced to the disk: after a power
/// cut the server's own headers say how things are. Requests at once are counted by locks that the system takes back from
/// a process that dies.
final class RateLimitStore: Sendable {
    /// One of the requests that may run at once.
    final class Slot: Sendable {
        private let descriptor: Int32?
        private let onRelease: @Sendable () -> Void
        fileprivate init(descriptor: Int32?, onRelease: @escaping @Sendable () -> Void = {}) {
            self.descriptor = descriptor
            self.onRelease = onRelease
        }
        deinit {
            if let descriptor { close(descriptor) }
            onRelease()
        }
    }

    private let memory = Mutex(RateLimitState())
    private let slots = Mutex<Set<Int>>([])
    private let files: FilePath?
    private let threads: FileThreads

    /// - Parameter directory: Where processes share what they know; `nil` keeps it to this one.
    init(account: String, directory: FilePath?, threads: FileThreads) {
        self.threads = threads
        let digest = SHA256.hash(data: Data(account.utf8)).prefix(12)
        let name = digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        files = directory?.appending(name)
    }

    /// Whether other processes take part.
    var isShared: Bool { files != nil }

    /// Reads and changes the state in one step.
    /// - Throws: `output_failed` when it cannot be kept, and what `body` throws.
    func update<Result: Sendable>(
        _ body: @Sendable (inout RateLimitState) throws -> Result
    ) async throws -> Result {
        guard let files else { return try memory.withLock { try body(&$0) } }
        return try await threads.run { try Self.update(files, body) }
    }

    /// Takes one of so many slots; `nil` when all are taken. Blocks for a moment where processes share.
    func takeSlot(of count: Int) throws -> Slot? {
        guard let files else { return takeOwnSlot(of: count) }
        for number in 0..<count {
            let descriptor = try Self.opening(Self.path(files, ".slot-\(number)"))
            if (try? DiskCalls.lock(descriptor, waiting: false)) == true { return Slot(descriptor: descriptor) }
            close(descriptor)
        }
        return nil
    }

    private func takeOwnSlot(of count: Int) -> Slot? {
        let number = slots.withLock { slots in
            let free = (0..<count).first { !slots.contains($0) }
            if let free { slots.insert(free) }
            return free
        }
        guard let number else { return nil }
        return Slot(descriptor: nil) { [weak self] in self?.slots.withLock { _ = $0.remove(number) } }
    }

    // MARK: Files

    private static func path(_ files: FilePath, _ suffix: String) -> FilePath { FilePath(files.string + suffix) }

    private static func update<Result>(
        _ files: FilePath, _ body: (inout RateLimitState) throws -> Result
    ) throws -> Result {
        let lock = try opening(path(files, ".lock"))
        // Closing gives the lock back.
        defer { close(lock) }
        do throws(Errno) {
            _ = try DiskCalls.lock(lock, waiting: true)
        } catch {
            throw failure(files, error)
        }
        let known = try read(path(files, ".json"))
        var state = known
        let result = try body(&state)
        if state != known { try write(state, path(files, ".json")) }
        return result
    }

    private static func opening(_ path: FilePath) throws -> Int32 {
        do throws(Errno) {
            return try DiskCalls.open(path, O_RDWR | O_CREAT, mode: 0o600)
        } catch .noSuchFileOrDirectory {
            DiskCalls.makeFolders(path.removingLastComponent(), mode: 0o700)
        } catch {
            throw failure(path, error)
        }
        do throws(Errno) {
            return try DiskCalls.open(path, O_RDWR | O_CREAT, mode: 0o600)
        } catch {
            throw failure(path, error)
        }
    }

    private static func read(_ path: FilePath) throws -> RateLimitState {
        let bytes: [UInt8]
        do throws(Errno) {
            let descriptor = try DiskCalls.open(path, O_RDONLY)
            defer { close(descriptor) }
            bytes = try DiskCalls.read(descriptor, count: 4 << 20)
        } catch .noSuchFileOrDirectory {
            return RateLimitState()
        } catch {
            throw failure(path, error)
        }
        // What a power cut left half written is worth nothing, and the server's headers will tell.
        return (try? JSONDecoder().decode(RateLimitState.self, from: Data(bytes))) ?? RateLimitState()
    }

    private static func write(_ state: RateLimitState, _ path: FilePath) throws {
        let data = try JSONEncoder().encode(state)
        let temporary = Self.path(path, ".new")
        do throws(Errno) {
            // Whoever has the lock is alone, so the name can be one for all.
            let descriptor = try DiskCalls.open(temporary, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
            defer { close(descriptor) }
            try DiskCalls.write(data, to: descriptor)
            try DiskCalls.rename(temporary, path)
        } catch {
            throw failure(path, error)
        }
    }

    private static func failure(_ path: FilePath, _ reason: Errno) -> GenerationError {
        GenerationError(
            .outputFailed, "cannot keep count of requests in \(path): \(reason); choose another folder for it",
            cause: reason)
    }
}
