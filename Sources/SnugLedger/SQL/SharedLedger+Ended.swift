// SPDX-License-Identifier: Apache-2.0

extension SharedLedger {
    /// Jobs that failed or were cancelled since a moment, with a name in one of these folders that waits for the result.
    public func endedJobs(since: LedgerInstant?, waitingIn folders: Set<String>) async throws -> EndedJobs {
        try await look { transaction in
            guard let since, !folders.isEmpty else { return EndedJobs(at: transaction.now) }
            let own = OwnNames(folders)
            let jobs = try [JobState.failed, .cancelled].flatMap { try transaction.ended(as: $0, since: since, own) }
            return EndedJobs(jobs, since: since, now: transaction.now)
        }
    }
}

extension LedgerTransaction {
    fileprivate func ended(as state: JobState, since: LedgerInstant, _ own: OwnNames) throws -> [Job] {
        try fetch(
            JobRow.self,
            "SELECT \(JobRow.columns) FROM jobs WHERE state = :state AND since >= :since AND \(own.condition())",
            own.arguments + ["state": state.rawValue, "since": since.milliseconds]
        ).map(\.job)
    }
}
