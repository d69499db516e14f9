// SPDX-License-Identifier: Apache-2.0

/// A ledger, for a person who looks after it.
public struct LedgerFacts: Sendable, Hashable {
    /// The database: a path, or an address without a password.
    public var place: String
    /// The number of its latest migration.
    public var schemaVersion: Int
    /// Bytes of the database and its log.
    public var bytes: Int
    /// The name of the file system that it is on, or of the service that keeps it; `nil` where the system has none.
    public var medium: String?
}
