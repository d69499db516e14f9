// SPDX-License-Identifier: Apache-2.0
internal import GRDB
internal import SnugSystem
public import SystemPackage

extension SQLiteLedger {
    /// Looks through the whole file, its indexes and its references, which takes a while for a large one.
    /// - Throws: `corrupt_ledger`, naming the first findings.
    public func checkIntegrity() async throws {
        let (pool, path) = (pool, path)
        try await translatingOnThread {
            try Self.check(pool, "integrity_check", path)
            let orphan = try pool.read { try Row.fetchOne($0, sql: "PRAGMA foreign_key_check") }
            guard orphan == nil else {
                throw LedgerError(
                    .corrupt,
                    "\(path): it has records of jobs that are gone; stop Snug, keep a copy, and restore the last backup"
                )
            }
        }
        try await checkBooks()
    }

    /// Its version, size and place.
    public func facts() async throws -> LedgerFacts {
        let path = path
        let pool = pool
        let version = try await translatingOnThread { try pool.read { try LedgerSchema.version(of: $0) } }
        return try await onThread {
            let files = ["", "-wal"].compactMap {
                try? FileIdentity(of: FilePath(path.string + $0), followsLinks: true)
            }
            let kind = try? FileSystemKind(of: path)
            return LedgerFacts(
                place: path.string, schemaVersion: version, bytes: files.reduce(0) { $0 + $1.byteCount },
                medium: kind?.name)
        }
    }

    /// Writes a copy to a file of its own while work goes on, checks it, and puts it in its place.
    /// - Parameters:
    ///   - file: The place of the copy.
    ///   - replacing: True takes the place of a file of that name.
    /// - Throws: `already_exists`, also for the ledger itself; `disk_full`, `corrupt_ledger`.
    public func backup(to file: FilePath, replacing: Bool = false) async throws {
        let (pool, id, path) = (pool, ids.next(), path)
        try await translatingOnThread {
            // Without the file's own name, which may be as long as the file system allows.
            let temporary = file.removingLastComponent().appending(".snug-backup-\(id)")
            defer {
                for suffix in ["", "-wal", "-shm", "-journal"] {
                    FileSystem.removeIfThere(FilePath(temporary.string + suffix))
                }
            }
            if !replacing { try LedgerFiles.refuseExisting(file) }
            try LedgerFiles.refuseOwn(file, of: path)
            try LedgerFiles.makeCopy(temporary, named: file)
            let copy = try DatabaseQueue(path: temporary.string)
            try pool.backup(to: copy)
            try copy.writeWithoutTransaction { database in
                // One file, also for those who look at it with other tools.
                try database.execute(sql: "PRAGMA journal_mode = DELETE")
            }
            try Self.check(copy, "integrity_check", file)
            try copy.close()
            try LedgerFiles.publish(temporary, as: file, replacing: replacing)
        }
    }

    private func translatingOnThread<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        let path = path
        return try await onThread {
            do { return try body() } catch { throw LedgerError.translating(error, path: path.string) }
        }
    }
}
