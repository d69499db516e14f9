// SPDX-License-Identifier: Apache-2.0
public import SnugHTTP
import SnugSystem

/// The tokens of a session.
public struct SessionTokens: Sendable, Hashable {
    /// Sent with every request, for some minutes.
    public var access: Secret
    /// Fetches the next pair; `nil` when the provider gave none. Used once, where the provider rotates it.
    public var refresh: Secret?

    /// Pairs two tokens.
    public init(access: Secret, refresh: Secret? = nil) {
        self.access = access
        self.refresh = refresh
    }
}

/// Keeps the tokens of a session, for all who share it.
///
/// A refresh token may be worth nothing once it was used, so that two refreshes at a time, or one whose result is not
/// kept, end the session.
public protocol SessionStore: Sendable {
    /// Tells sessions apart, for limits and records that belong to one account; the same in all processes.
    var identity: String { get }
    /// The tokens as they are now.
    func tokens() async throws -> SessionTokens
    /// Refreshes, once for all who ask at a time, and keeps the result before anybody gets it.
    /// - Parameters:
    ///   - used: The access token that was refused. When another one is stored by now, that one is the result.
    ///   - fetch: Asks the provider for the next pair.
    ///   It is not cancelled with the task that asks: a pair that the provider has given out must not be lost.
    func renew(
        after used: Secret, _ fetch: @escaping @Sendable (SessionTokens) async throws -> SessionTokens
    ) async throws -> SessionTokens
}

/// The credentials of a client.
public enum GenerationCredentials: Sendable {
    /// None, for a server of one's own that asks for none.
    case none
    /// A key that does not change.
    case key(Secret)
    /// Tokens that expire.
    case session(any SessionStore)

    var isSession: Bool { if case .session = self { true } else { false } }

    /// The secret to send now.
    func current() async throws -> Secret? {
        switch self {
        case .none: nil
        case .key(let key): key
        case .session(let store): try await store.tokens().access
        }
    }
}

/// Keeps tokens for this process.
public final class InMemorySession: SessionStore {
    private let kept: Kept
    private let mutex = AsyncMutex()

    private actor Kept {
        var tokens: SessionTokens
        init(_ tokens: SessionTokens) { self.tokens = tokens }
        func set(_ tokens: SessionTokens) { self.tokens = tokens }
    }

    /// Tells sessions apart.
    public let identity: String

    /// Starts with tokens from a login.
    /// - Parameters:
    ///   - tokens: The tokens.
    ///   - identity: Whose session it is, when there are several.
    public init(_ tokens: SessionTokens, identity: String = "session") {
        kept = Kept(tokens)
        self.identity = identity
    }

    /// The tokens as they are now.
    public func tokens() async -> SessionTokens { await kept.tokens }

    /// Refreshes, once for all who ask at a time.
    public func renew(
        after used: Secret, _ fetch: @escaping @Sendable (SessionTokens) async throws -> SessionTokens
    ) async throws -> SessionTokens {
        try await mutex.lock()
        defer { mutex.unlock() }
        let old = await kept.tokens
        guard old.access == used else { return old }
        return try await Task { [kept] in
            var new = try await fetch(old)
            // A provider that does not rotate gives none.
            if new.refresh == nil { new.refresh = old.refresh }
            await kept.set(new)
            return new
        }.value
    }
}
