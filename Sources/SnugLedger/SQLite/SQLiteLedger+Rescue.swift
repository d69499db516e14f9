// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

extension SQLiteLedger {
    /// Takes jobs back from workers that are gone: at once when their process has ended, and when a lease was not renewed.
    ///
    /// A clock that is set forward ends all leases at once. So a worker that lives loses a job only when its lease stays
    /// unrenewed for as long again, at most a minute, by a clock that never jumps.
    func rescue() async throws {
        let (workerID, overdueSince) = (workerID, environment.now())
        let (running, late) = try await look { transaction in
            (
                try transaction.fetch(
                    String.self, "SELECT DISTINCT owner FROM jobs WHERE state = 'running' AND owner <> :worker",
                    ["worker": workerID]),
                try transaction.fetch(
                    JobRow.self, "SELECT \(JobRow.columns) FROM jobs WHERE state = 'running' AND lease_until <= :now",
                    ["now": overdueSince.milliseconds]
                ).map(\.job)
            )
        }
        let gone = liveness.gone(among: running)
        let expired = overdue.note(late, elapsed: environment.elapsed())
        guard !gone.isEmpty || !expired.isEmpty else { return }
        let policy = policy
        try await transact { transaction in
            for worker in gone { try transaction.bury(worker.id, worked: worker.worked, policy: policy) }
            for job in expired { try transaction.rescue(job, .leaseExpired, policy: policy) }
        }
        for worker in gone { worker.forget() }
    }
}
