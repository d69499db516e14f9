// SPDX-License-Identifier: Apache-2.0

extension SharedLedger {
    /// Forgets jobs that have been over for long enough, in transactions of some hundred.
    /// - Returns: How many.
    @discardableResult
    public func prune(_ policy: PruningPolicy) async throws -> Int {
        var total = 0
        for (state, age) in policy.ages {
            while true {
                try Task.checkCancellation()
                let count = try await transact { try $0.prune(state, age: age, policy.folders) }
                total += count
                if count == 0 { break }
            }
        }
        try await transact { try $0.pruneRest() }
        return total
    }
}

extension LedgerTransaction {
    private static let batch = 500

    fileprivate func prune(_ state: JobState, age: Duration, _ folders: Set<String>?) throws -> Int {
        let own = folders.map { OwnNames($0) }
        let jobs = try fetch(
            PrunedRow.self,
            """
            SELECT id, folder FROM jobs
            WHERE state = :state AND since < :before AND outcome_unknown = 0\(own.map { " AND folder IN \($0.folderList)" } ?? "")
                AND NOT EXISTS (SELECT 1 FROM steps WHERE steps.job_id = jobs.id AND steps.key_expires_at > :now)
            ORDER BY since LIMIT :limit\(database.rowLock)
            """,
            (own?.arguments ?? [:]) + [
                "state": state.rawValue, "before": (now - age).milliseconds, "now": now.milliseconds,
                "limit": Self.batch,
            ])
        // Another process may have forgotten it meanwhile, and counted it.
        for job in jobs where try execute("DELETE FROM jobs WHERE id = :id", ["id": job.id]) > 0 {
            // The name of a column, never text from outside.
            try execute(
                "UPDATE totals SET pruned_\(state.rawValue) = pruned_\(state.rawValue) + 1 WHERE folder = :folder",
                ["folder": job.folder])
        }
        return jobs.count
    }

    /// Forgets lanes without jobs, holds that are over, free names, and documents past their time.
    fileprivate func pruneRest() throws {
        let now: SQLArguments = ["now": self.now.milliseconds]
        try database.reserveLanes()
        try execute(
            """
            DELETE FROM lanes WHERE NOT EXISTS (
                SELECT 1 FROM \(database.waitingJobs) AS waiting
                WHERE waiting.folder = lanes.folder AND waiting.account = lanes.account AND waiting.step = lanes.step
                    AND waiting.priority = lanes.priority)
            """)
        try execute("DELETE FROM holds WHERE until <= :now", now)
        // Whoever had the name then is long over, so that its number may start again.
        try execute(
            "DELETE FROM locks WHERE owner = '' AND taken_at < :before",
            ["before": (self.now - .seconds(30 * 86_400)).milliseconds])
        try forgetOldJobClaims()
        for kind in DocumentKind.allCases {
            try execute("DELETE FROM \(kind.table) WHERE expires_at <= :now", now)
        }
    }
}

private struct PrunedRow: SQLRecord {
    let id: String
    let folder: String

    init(row: any SQLRow) throws { (id, folder) = (try row.requiredText(0), try row.requiredText(1)) }
}
