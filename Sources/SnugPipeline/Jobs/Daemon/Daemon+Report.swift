// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SystemPackage

/// The totals of a run.
extension Daemon {
    /// - Parameter unsettled: Files that were not taken, each with its reason.
    func report(_ unsettled: [FilePath: String], isOnce: Bool) async throws -> DaemonReport {
        var report = board.totals
        report.unsettled = unsettled
        report.books = try await services.ledger.books()
        // In a fleet others do what this process leaves.
        guard isOnce, role.isAlone else { return report }
        let folders = setup.configuration.folders.map(\.name)
        report.waitingCount = folders.reduce(0) { $0 + (report.books[$1]?.waiting ?? 0) }
        if report.waitingCount > 0 { report.waiting = try await waitingJobs(of: folders) }
        return report
    }

    /// The newest jobs of folders that are not over.
    private func waitingJobs(of folders: [String]) async throws -> [Job] {
        let states: Set<JobState> = [.waiting, .running, .paused]
        var jobs: [Job] = []
        for folder in folders {
            jobs += try await services.ledger.list(JobFilter(states: states, folder: folder, limit: 20))
        }
        return jobs
    }
}
