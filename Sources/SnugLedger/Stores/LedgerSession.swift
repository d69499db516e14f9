// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
public import SnugGeneration
public import SnugHTTP

/// Keeps the tokens of a session in a ledger, for all processes that share it.
///
/// The new pair is on the disk before anybody uses it.
public final class LedgerSession: SessionStore {
    /// The session's name, the same in all processes.
    public let identity: String
    private let ledger: any SharedLedger

    private struct Content: Codable {
        var access: String
        var refresh: String?

        init(_ tokens: SessionTokens) {
            access = tokens.access.reveal()
            refresh = tokens.refresh?.reveal()
        }

        var tokens: SessionTokens {
            SessionTokens(access: Secret(access), refresh: refresh.map { Secret($0) })
        }
    }

    /// Names a session, which ``logIn(_:)`` begins.
    public init(_ ledger: any SharedLedger, identity: String) {
        self.ledger = ledger
        self.identity = identity
    }

    /// Keeps the tokens from a login in place of those before.
    /// - Throws: `output_failed`.
    public func logIn(_ tokens: SessionTokens) async throws {
        let payload = String(decoding: try JSONEncoder().encode(Content(tokens)), as: UTF8.self)
        do {
            try await ledger.save(payload, as: .sessions, identity)
        } catch let error as LedgerError {
            throw GenerationError(.outputFailed, "cannot keep the new tokens: \(error.message)", cause: error)
        }
    }

    /// The tokens as they are now.
    /// - Throws: `not_authenticated` when there are none; `output_failed` when the ledger cannot be read.
    public func tokens() async throws -> SessionTokens {
        do {
            if let document = try await ledger.document(.sessions, identity) {
                return try JSONDecoder().decode(Content.self, from: Data(document.payload.utf8)).tokens
            }
        } catch is CancellationError {
            throw CancellationError()
        } catch let error as LedgerError {
            // Logging in again would not help.
            throw GenerationError(.outputFailed, "cannot read the session: \(error.message)", cause: error)
        } catch {
            throw GenerationError(
                .notAuthenticated, "cannot read the session \(identity) in \(ledger.place); log in again", cause: error)
        }
        throw GenerationError(.notAuthenticated, "there is no session \(identity) in \(ledger.place); log in")
    }

    /// Refreshes, once for all processes that ask at a time.
    /// - Throws: `not_authenticated`, `output_failed`; what `fetch` throws.
    public func renew(
        after used: Secret, _ fetch: @escaping @Sendable (SessionTokens) async throws -> SessionTokens
    ) async throws -> SessionTokens {
        let lock = try await lock()
        do {
            let tokens = try await refresh(after: used, fetch)
            // Where that fails, the name is free when the process ends, and the tokens are kept.
            try? await ledger.unlock(lock)
            return tokens
        } catch {
            try? await ledger.unlock(lock)
            throw error
        }
    }

    private func refresh(
        after used: Secret, _ fetch: @escaping @Sendable (SessionTokens) async throws -> SessionTokens
    ) async throws -> SessionTokens {
        let old = try await tokens()
        guard old.access == used else { return old }
        // A task of its own: a pair that the provider has given out must not be lost with the one who asked.
        return try await Task {
            var new = try await fetch(old)
            // A provider that does not rotate gives none.
            if new.refresh == nil { new.refresh = old.refresh }
            try await logIn(new)
            return new
        }.value
    }

    private func lock() async throws -> NameLock {
        while true {
            let lock = try await ledger.failingAsOutput("renew the session") { ledger in
                try await ledger.lock("session:\(identity)")
            }
            if let lock { return lock }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
