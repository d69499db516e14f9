// SPDX-License-Identifier: Apache-2.0
internal import SnugSystem
public import SystemPackage

extension SharedLedger {
    /// Writes a copy to a file of SQLite's while work goes on, checks it, and puts it in its place.
    ///
    /// The copy is the ledger as it is at one moment.
    /// - Parameters:
    ///   - file: The place of the copy.
    ///   - replacing: True takes the place of a file of that name.
    /// - Throws: `already_exists`, `folder_not_found`, `disk_full`, `corrupt_ledger`.
    public func backUp(to file: FilePath, replacing: Bool = false) async throws {
        if let ledger = self as? SQLiteLedger { return try await ledger.backup(to: file, replacing: replacing) }
        if !replacing { try LedgerFiles.refuseExisting(file) }
        let name = LedgerIDGenerator(.system).next()
        let folder = file.removingLastComponent().appending(".snug-backup-\(name)")
        let path = folder.appending("ledger.sqlite")
        do {
            let copy = try await SQLiteLedger.open(path)
            _ = try await LedgerCopy(from: self, to: copy)
            try await copy.backup(to: file, replacing: replacing)
            try await copy.close()
        } catch {
            Self.remove(folder, path)
            throw error
        }
        Self.remove(folder, path)
    }

    private static func remove(_ folder: FilePath, _ path: FilePath) {
        for suffix in ["", "-wal", "-shm", "-open"] { FileSystem.removeIfThere(FilePath(path.string + suffix)) }
        // Where that fails, what is left has a name that says what it is.
        try? FileSystem.removeFolder(FilePath(path.string + "-workers"))
        try? FileSystem.removeFolder(folder)
    }
}
