// SPDX-License-Identifier: Apache-2.0
internal import GRDB

extension SQLiteLedger: NameLocks {
    /// Reserves a name for this worker; `nil` when a worker that lives has it.
    public func lock(_ name: String) async throws -> NameLock? {
        if let lock = try await take(name, from: nil) { return lock }
        let owner = try await look { transaction in
            try String.fetchOne(
                try transaction.cached("SELECT owner FROM locks WHERE name = :name", ["name": name]))
        }
        // Given back meanwhile, it goes to whoever asks next.
        guard let owner, owner != workerID, !liveness.gone(among: [owner]).isEmpty else { return nil }
        return try await take(name, from: owner)
    }

    /// Gives a name back.
    public func unlock(_ lock: NameLock) async throws {
        try await transact { transaction in
            // The row stays for its number, until the worker retires.
            try transaction.execute(
                "UPDATE locks SET owner = '' WHERE name = :name AND owner = :owner AND fence = :fence",
                ["name": lock.name, "owner": lock.owner, "fence": lock.fence])
        }
    }

    /// Takes a name that is free, or that a worker that is gone has.
    private func take(_ name: String, from gone: String?) async throws -> NameLock? {
        let workerID = workerID
        return try await transact { transaction in
            let fence = try Int.fetchOne(
                try transaction.cached(
                    """
                    INSERT INTO locks (name, owner, fence, taken_at) VALUES (:name, :worker, 1, :now)
                    ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, fence = locks.fence + 1,
                        taken_at = excluded.taken_at
                    WHERE locks.owner IN ('', :gone)
                    RETURNING fence
                    """,
                    ["name": name, "worker": workerID, "now": transaction.now.milliseconds, "gone": gone ?? ""]))
            return fence.map { NameLock(name: name, owner: workerID, fence: $0) }
        }
    }
}
