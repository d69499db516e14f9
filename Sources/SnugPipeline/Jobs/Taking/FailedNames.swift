// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import Synchronization

/// The failed jobs of a folder by the names of their files, so that a later file of a name takes the failed one's place.
final class FailedNames: Sendable {
    /// Names that are remembered; of more, the later file does not supersede, which changes no result.
    private static let maximumCount = 10_000
    private let jobs = Mutex<[String: JobID]>([:])

    /// Reads the failed jobs of a folder.
    func load(folder: String, from ledger: any LedgerStore) async throws {
        let failed = try await ledger.list(
            JobFilter(states: [.failed], folder: folder, limit: Self.maximumCount))
        jobs.withLock { jobs in
            // Newest first: the last failure of a name counts.
            for job in failed where jobs[job.name] == nil { jobs[job.name] = job.id }
        }
    }

    func job(named name: String) -> JobID? { jobs.withLock { $0[name] } }

    func note(_ job: Job) {
        jobs.withLock { jobs in
            if jobs.count < Self.maximumCount || jobs[job.name] != nil { jobs[job.name] = job.id }
        }
    }

    func forget(_ name: String) { jobs.withLock { $0[name] = nil } }
}
