// SPDX-License-Identifier: Apache-2.0

extension SharedLedger {
    /// Reserves a name for this worker; `nil` when a worker that lives has it.
    public func lock(_ name: String) async throws -> NameLock? { try await lock(oneOf: [name]) }

    /// Reserves the first of these names that no worker has that lives.
    func lock(oneOf names: [String]) async throws -> NameLock? {
        let workerID = workerID
        let attempt: (lock: NameLock?, taken: [(name: String, owner: String)]) = try await transact { transaction in
            for name in names {
                if let lock = try transaction.take(name, for: workerID, from: nil) { return (lock, []) }
            }
            return (nil, try names.compactMap { name in try transaction.owner(of: name).map { (name, $0) } })
        }
        if let lock = attempt.lock { return lock }
        for (name, owner) in attempt.taken where try await hasEnded(owner) {
            if let lock = try await transact({ try $0.take(name, for: workerID, from: owner) }) { return lock }
        }
        return nil
    }

    /// Gives a name back.
    public func unlock(_ lock: NameLock) async throws { try await transact { try $0.unlock(lock) } }
}

extension LedgerTransaction {
    /// Takes a name that is free, or that a worker that is gone has.
    func take(_ name: String, for worker: String, from gone: String?) throws -> NameLock? {
        let fences = try fetch(
            Int.self,
            """
            INSERT INTO locks (name, owner, fence, taken_at) VALUES (:name, :worker, 1, :now)
            ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, fence = locks.fence + 1,
                taken_at = excluded.taken_at
            WHERE locks.owner IN ('', :gone)
            RETURNING fence
            """, ["name": try Self.whole(name), "worker": worker, "now": now.milliseconds, "gone": gone ?? ""])
        return fences.first.map { NameLock(name: name, owner: worker, fence: $0) }
    }

    /// The worker that has a name; `nil` for a name that is free.
    func owner(of name: String) throws -> String? {
        try fetch(String.self, "SELECT owner FROM locks WHERE name = :name AND owner <> ''", ["name": name]).first
    }

    /// Gives a name back. The row stays for its number.
    func unlock(_ lock: NameLock) throws {
        try execute(
            "UPDATE locks SET owner = '' WHERE name = :name AND owner = :owner AND fence = :fence",
            ["name": lock.name, "owner": lock.owner, "fence": lock.fence])
    }
}
