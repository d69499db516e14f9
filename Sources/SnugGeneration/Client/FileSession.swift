// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
public import SnugHTTP
import SnugSystem
public import SystemPackage

/// Keeps tokens in a file of the user's, `{"access_token": …, "refresh_token": …}`, for all processes of this machine that
/// name it.
///
/// The file is what a login wrote and other programs read too; a program of one's own keeps its sessions in a ledger.
/// A new pair is on the disk before anybody uses it, and only the owner can read it.
public final class FileSession: SessionStore {
    private struct Content: Codable {
        var access_token: String
        var refresh_token: String?
    }
    /// The file.
    public var identity: String { path.string }
    private let path: FilePath
    private let threads = BlockingThreads(count: 1)
    private let mutex = AsyncMutex()

    /// Names the file, which has to exist.
    public init(_ path: FilePath) { self.path = path }

    /// The current tokens.
    /// - Throws: `not_authenticated` when the file cannot be read.
    public func tokens() async throws -> SessionTokens {
        try await threads.runToEnd { [path] in try Self.read(path) }
    }

    /// Refreshes the tokens, once for all processes that ask at the same time.
    /// - Throws: `not_authenticated`, `output_failed`; what `fetch` throws.
    public func renew(
        after used: Secret, _ fetch: @escaping @Sendable (SessionTokens) async throws -> SessionTokens
    ) async throws -> SessionTokens {
        try await mutex.lock()
        defer { mutex.unlock() }
        let lock = try await lock()
        defer { withExtendedLifetime(lock) {} }
        let old = try await tokens()
        guard old.access == used else { return old }
        // A task of its own: a pair that the provider handed out must not be lost with the caller's cancellation.
        return try await Task { [threads, path] in
            var new = try await fetch(old)
            // A provider that does not rotate refresh tokens returns none.
            if new.refresh == nil { new.refresh = old.refresh }
            let kept = new
            try await threads.runToEnd { try Self.write(kept, path) }
            return kept
        }.value
    }

    /// Waits for other processes without occupying a thread, so that the wait can be cancelled.
    private func lock() async throws -> FileLock {
        let file = FilePath(path.string + ".lock")
        while true {
            let lock = try await threads.runToEnd { [path] in
                try Self.mapping(path) { try FileLock.acquire(file) }
            }
            if let lock { return lock }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private static func read(_ path: FilePath) throws(GenerationError) -> SessionTokens {
        let bytes: [UInt8]
        do throws(Errno) {
            let file = try FileDescriptor.opening(path, .readOnly)
            defer { file.closeIgnoringErrors() }
            bytes = try file.readBytes(maximum: 1 << 20)
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

    private static func write(_ tokens: SessionTokens, _ path: FilePath) throws {
        let content = Content(access_token: tokens.access.reveal(), refresh_token: tokens.refresh?.reveal())
        let data = try JSONEncoder().encode(content)
        try mapping(path) { try FilePublisher.replace(path, with: data) }
    }

    private static func mapping<Result>(_ path: FilePath, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch {
            throw GenerationError(
                .outputFailed,
                "cannot keep the new tokens in \(path): \(reason(error)); make the file writable", cause: error)
        }
    }

    private static func reason(_ error: any Error) -> String {
        (error as? SystemFailure)?.reason.description ?? "\(error)"
    }
}
