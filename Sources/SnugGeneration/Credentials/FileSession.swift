// SPDX-License-Identifier: Apache-2.0
public import SnugHTTP
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

/// Keeps tokens in a file, `{"access_token": …, "refresh_token": …}`, for all processes of this machine that name it.
///
/// The new pair is on the disk before anybody uses it, and only the owner can read it.
public final class FileSession: SessionStore {
    private struct Content: Codable {
        var access_token: String
        var refresh_token: String?
    }
    /// The file.
    public var identity: String { path.string }
    private let path: FilePath
    private let threads: FileThreads
    private let mutex = AsyncMutex()

    /// Names the file, which has to be there.
    /// - Throws: `output_failed` when there are no threads to be had.
    public init(_ path: FilePath) throws(GenerationError) {
        self.path = path
        threads = try FileThreads(count: 1)
    }

    /// The tokens as they are now.
    /// - Throws: `not_authenticated` when the file cannot be read.
    public func tokens() async throws -> SessionTokens {
        try await threads.run { [path] in try Self.read(path) }
    }

    /// Refreshes, once for all processes that ask at a time.
    /// - Throws: `not_authenticated`, `output_failed`; what `fetch` throws.
    public func renew(
        after used: Secret, _ fetch: @escaping @Sendable (SessionTokens) async throws -> SessionTokens
    ) async throws -> SessionTokens {
        try await mutex.enter()
        defer { mutex.leave() }
        let lock = try await lock()
        // Closing gives the lock back.
        defer { close(lock) }
        let old = try await tokens()
        guard old.access == used else { return old }
        return try await Task { [threads, path] in
            var new = try await fetch(old)
            // A provider that does not rotate gives none.
            if new.refresh == nil { new.refresh = old.refresh }
            let kept = new
            try await threads.run { try Self.write(kept, path) }
            return kept
        }.value
    }

    /// Waits for other processes without keeping a thread, so that the waiting can be cancelled.
    private func lock() async throws -> Int32 {
        while true {
            if let lock = try await threads.run({ [path] in try Self.lock(path) }) { return lock }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private static func read(_ path: FilePath) throws(GenerationError) -> SessionTokens {
        let bytes: [UInt8]
        do throws(Errno) {
            let descriptor = try DiskCalls.open(path, O_RDONLY)
            defer { close(descriptor) }
            bytes = try DiskCalls.read(descriptor, count: 1 << 20)
        } catch {
            throw GenerationError(
                .notAuthenticated, "cannot read the session in \(path): \(error); log in again", cause: error)
        }
        guard let content = try? JSONDecoder().decode(Content.self, from: Data(bytes)) else {
            throw GenerationError(
                .notAuthenticated, "\(path) is no session: it needs \"access_token\" and \"refresh_token\"")
        }
        return SessionTokens(access: Secret(content.access_token), refresh: content.refresh_token.map { Secret($0) })
    }

    private static func lock(_ path: FilePath) throws(GenerationError) -> Int32? {
        do throws(Errno) {
            let descriptor = try DiskCalls.open(FilePath(path.string + ".lock"), O_RDWR | O_CREAT, mode: 0o600)
            do throws(Errno) {
                guard try DiskCalls.lock(descriptor, waiting: false) else {
                    close(descriptor)
                    return nil
                }
            } catch {
                close(descriptor)
                throw error
            }
            return descriptor
        } catch {
            throw failure(path, error)
        }
    }

    private static func write(_ tokens: SessionTokens, _ path: FilePath) throws {
        let content = Content(access_token: tokens.access.reveal(), refresh_token: tokens.refresh?.reveal())
        let data = try JSONEncoder().encode(content)
        do throws(Errno) {
            try DiskCalls.replace(path, with: data, mode: 0o600)
        } catch {
            throw failure(path, error)
        }
    }

    private static func failure(_ path: FilePath, _ reason: Errno) -> GenerationError {
        GenerationError(
            .outputFailed, "cannot keep the new tokens in \(path): \(reason); make the file writable", cause: reason)
    }
}
