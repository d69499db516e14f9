// SPDX-License-Identifier: Apache-2.0
internal import GRDB

extension SQLiteLedger: NameLocks {
    /// Reserves a name for this worker; `nil` when a worker that lives has it.
    public func lock(_ name: String) async throws -> NameLock? {
        let workerID = workerID
        if let lock = try await transact({ try $0.take(name, for: workerID, from: nil) }) { return lock }
        let owner = try await look { try $0.owner(of: name) }
        guard let owner, hasEnded(owner) else { return nil }
        return try await transact { try $0.take(name, for: workerID, from: owner) }
    }

    /// Gives a name back.
    public func unlock(_ lock: NameLock) async throws { try await transact { try $0.unlock(lock) } }

    func hasEnded(_ owner: String) -> Bool { owner != workerID && !liveness.gone(among: [owner]).isEmpty }
}

extension LedgerTransaction {
    /// Takes a name that is free, or that a worker that is gone has.
    func take(_ name: String, for worker: String, from gone: String?) throws -> NameLock? {
        let fence = try Int.fetchOne(
            try cached(
                """
                INSERT INTO locks (name, owner, fence, taken_at) VALUES (:name, :worker, 1, :now)
                ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, fence = locks.fence + 1,
                    taken_at = excluded.taken_at
                WHERE locks.owner IN ('', :gone)
                RETURNING fence
                """,
                ["name": name, "worker": worker, "now": now.milliseconds, "gone": gone ?? ""]))
        return fence.map { NameLock(name: name, owner: worker, fence: $0) }
    }

    /// The worker that has a name; `nil` for a name that is free.
    func owner(of name: String) throws -> String? {
        try String.fetchOne(
            try cached("SELECT owner FROM locks WHERE name = :name AND owner <> ''", ["name": name]))
    }

    /// Gives a name back. The row stays for its number.
    func unlock(_ lock: NameLock) throws {
        try execute(
            "UPDATE locks SET owner = '' WHERE name = :name AND owner = :owner AND fence = :fence",
            ["name": lock.name, "owner": lock.owner, "fence": lock.fence])
    }
}
