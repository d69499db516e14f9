// SPDX-License-Identifier: Apache-2.0
public import SystemPackage

/// A ledger, for a person who looks after it.
public struct LedgerFacts: Sendable, Hashable {
    /// The database.
    public var path: FilePath
    /// The number of its latest migration.
    public var schemaVersion: Int
    /// Bytes of the database and its log.
    public var bytes: Int
    /// The name of the file system that it is on; `nil` where the system has none.
    public var fileSystem: String?
}
