// SPDX-License-Identifier: Apache-2.0
internal import GRDB
internal import SnugSystem
public import SystemPackage

extension SQLiteLedger {
    /// Takes over the state files of versions before the ledger, once: all records in one transaction, then each file gets
    /// the suffix `.migrated`.
    ///
    /// A file that cannot be read, or that a process of the earlier version works on, stays and is reported. Where there are
    /// no such files, this costs a look into the folders.
    /// - Parameter state: The state folder, or one that an earlier version was told to use.
    /// - Throws: `disk_full` and the like; nothing has been taken over then.
    public func takeOver(from state: FilePath) async throws -> TakeOver {
        // On one thread from the lock to the new names: in between, a task could wait long for a thread of the busy pool.
        try await onThread { [self] in
            let reading = try EarlierFiles(in: state, for: path, timeout: busyTimeout)
            guard !reading.taken.isEmpty else { return TakeOver(problems: reading.problems) }
            let records = reading.taken.flatMap(\.records)
            do {
                try pool.write { database in
                    let transaction = transaction(in: database)
                    for record in records { try transaction.takeOver(record) }
                }
            } catch {
                throw LedgerError.translating(error, path: path.string)
            }
            return TakeOver(records: records.count, problems: reading.problems + reading.markTaken())
        }
    }
}

/// The files of a folder that can be taken over, locked against processes of the earlier version.
private struct EarlierFiles: Sendable {
    struct Taken: Sendable {
        var path: FilePath
        var records: [EarlierFile.Record]
        var lock: FileLock?
    }
    private(set) var taken: [Taken] = []
    private(set) var problems: [TakeOver.Problem] = []
    /// Held by one process at a time, so that two that begin together do not meet at each file.
    private var turn: FileLock?

    init(in state: FilePath, for ledger: FilePath, timeout: Duration) throws {
        guard try !Self.find(in: state).isEmpty else { return }
        // Whoever has the turn waits for the disk with each file: longer than a transaction takes.
        turn = try LedgerFiles.lock(
            FilePath(ledger.string + "-open"), timeout: max(timeout, .seconds(60)),
            whatFor: "take over the state files in \(state)")
        // Another process may have been first.
        for file in try Self.find(in: state) {
            do {
                var lock: FileLock?
                if let path = file.lockPath {
                    lock = try FileLock.acquire(path, removesFile: true)
                    guard lock != nil else {
                        problems.append(
                            TakeOver.Problem(
                                path: file.path,
                                message: "a process of an earlier version works on it; it is taken over after that"))
                        continue
                    }
                }
                taken.append(Taken(path: file.path, records: try file.records(), lock: lock))
            } catch {
                problems.append(
                    TakeOver.Problem(path: file.path, message: "it cannot be read (\(error)); \(file.remedy)"))
            }
        }
    }
}

extension EarlierFiles {
    /// Gives each file that was taken over its new name, while it is locked.
    fileprivate func markTaken() -> [TakeOver.Problem] {
        withExtendedLifetime(self) {
            taken.compactMap { taken in
                do throws(Errno) {
                    try FileSystem.rename(taken.path, FilePath(taken.path.string + ".migrated"))
                    return nil
                } catch {
                    return TakeOver.Problem(
                        path: taken.path,
                        message: "it was taken over and cannot be renamed (\(error)); remove it")
                }
            }
        }
    }

    fileprivate static func find(in state: FilePath) throws(LedgerError) -> [EarlierFile] {
        do throws(Errno) {
            return try EarlierFile.all(in: state)
        } catch {
            throw LedgerFiles.failure(error, "look for state files of an earlier version in \(state)")
        }
    }
}

extension LedgerTransaction {
    /// Keeps a record of an earlier version, unless the ledger has a later one.
    fileprivate func takeOver(_ record: EarlierFile.Record) throws {
        switch record {
        case .document(let kind, let key, let payload, let expiresAt):
            guard try document(kind, key) == nil else { return }
            try save(payload, as: kind, key, expiresAt: expiresAt)
        case .jobClaim(let claim): _ = try self.claim(claim)
        }
    }
}
