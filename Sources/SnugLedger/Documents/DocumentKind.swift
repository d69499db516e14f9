// SPDX-License-Identifier: Apache-2.0

/// The kinds of documents kept beside jobs, each in a table of its own.
public enum DocumentKind: String, Sendable, Hashable, CaseIterable {
    /// Uploads under way, by their keys.
    case uploads
    /// The largest request that a host takes, by its origin.
    case hostLimits
    /// Submissions to generation APIs, by their names.
    case generations
    /// Requests and limits of accounts.
    case accountLimits
    /// Standing of accounts: whether they may be used, and why not.
    case accountStanding
    /// Limits of inputs, as providers were seen to apply them.
    case inputLimits
    /// Tokens of sessions, by their identities.
    case sessions
    /// Finished uploads of folders, by content and target.
    case finishedUploads
    /// Requests to the server by their idempotency keys, with their responses.
    case requests
    /// Uploads that the server receives, by their names.
    case receivedUploads
    /// Messages to webhooks, by their names.
    case messages
    /// The last sweeps of storages, by their addresses.
    case sweeps
    /// The processes of a fleet, by their names.
    case hosts

    /// Its table.
    var table: String {
        switch self {
        case .uploads: "uploads"
        case .hostLimits: "host_limits"
        case .generations: "generations"
        case .accountLimits: "account_limits"
        case .accountStanding: "account_standing"
        case .inputLimits: "input_limits"
        case .sessions: "sessions"
        case .finishedUploads: "finished_uploads"
        case .requests: "requests"
        case .receivedUploads: "received_uploads"
        case .messages: "messages"
        case .sweeps: "sweeps"
        case .hosts: "hosts"
        }
    }
}

/// A remembered value.
public struct LedgerDocument: Sendable, Hashable {
    /// Its name within its kind.
    public var key: String
    /// The value, as JSON.
    public var payload: String
    /// Grows with each change.
    public var version: Int
    /// When it was first kept.
    public var createdAt: LedgerInstant
    /// When it was last changed.
    public var updatedAt: LedgerInstant
    /// When it may be forgotten; `nil` for never.
    public var expiresAt: LedgerInstant?
}

/// Remembers values by kind and key. Each call runs to its end although its task is cancelled.
public protocol DocumentStore: Sendable {
    /// A value; `nil` when there is none, or its time is over.
    func document(_ kind: DocumentKind, _ key: String) async throws -> LedgerDocument?
    /// All values of a kind, the oldest first.
    func documents(_ kind: DocumentKind) async throws -> [LedgerDocument]
    /// Reads and changes a value in one step, with no other process in between.
    /// - Parameters:
    ///   - kind: The kind of the value.
    ///   - key: Its name among those of the kind.
    ///   - expiresAt: The end of its time; `nil` for none.
    ///   - body: Gets the payload, or `nil`, and leaves what is to be kept; `nil` forgets it. It must not wait.
    func update<Result: Sendable>(
        _ kind: DocumentKind, _ key: String, expiresAt: LedgerInstant?,
        _ body: @escaping @Sendable (inout String?) throws -> Result
    ) async throws -> Result
}

extension DocumentStore {
    /// Keeps a value in place of the one before.
    public func save(
        _ payload: String, as kind: DocumentKind, _ key: String, expiresAt: LedgerInstant? = nil
    ) async throws {
        try await update(kind, key, expiresAt: expiresAt) { $0 = payload }
    }

    /// Forgets a value.
    public func remove(_ kind: DocumentKind, _ key: String) async throws {
        try await update(kind, key, expiresAt: nil) { $0 = nil }
    }
}
