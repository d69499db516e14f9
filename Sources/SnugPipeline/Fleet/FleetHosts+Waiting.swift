// SPDX-License-Identifier: Apache-2.0
package import SnugLedger
import SnugSystem

/// Why jobs wait although nothing holds them up: no process runs that could do their next step.
extension FleetHosts {
    /// The code of a job that waits for a process that is not there.
    package static let absent = "host_absent"

    /// Why a waiting job is not begun by anybody; `nil` where a process runs that can do it, and for jobs that do not wait.
    /// - Parameter folders: The folders in which names wait for the job's result; `nil` for the job's own.
    package func absence(for job: Job, waitingIn folders: Set<String>? = nil) -> JobReason? {
        let folders = folders.flatMap { $0.isEmpty ? nil : $0 } ?? [job.folder]
        guard isFleet, job.state == .waiting,
            !hosts.contains(where: { $0.isAlive && $0.work.reaches(job, waitingIn: folders) })
        else { return nil }
        return JobReason(code: Self.absent, message: words(for: job, folder: folders.min() ?? job.folder))
    }

    /// The job with the reason that it waits for, in place of what happened last.
    package func explained(_ job: Job) -> Job {
        guard let reason = absence(for: job) else { return job }
        return job.waiting(because: reason)
    }

    private func words(for job: Job, folder: String) -> String {
        let alive = hosts.filter(\.isAlive)
        if FleetRole.boundSteps.contains(job.step) || !alive.contains(where: { !$0.work.isBound(to: job.step) }),
            !alive.contains(where: { $0.work.folders.contains(folder) })
        {
            return words(forFolder: folder)
        }
        guard alive.contains(where: { $0.work.hasAccount(of: job) }) else {
            return
                "no running host has the account '\(PrintableName.escaped(job.account))'; start one whose configuration "
                + "has it, or cancel the job"
        }
        return "no running host does the step \(job.step.rawValue); start one that does, such as snug work"
    }

    /// The folder's files are on one host only.
    private func words(forFolder folder: String) -> String {
        let name = FleetRole.hostName(ofFolder: folder)
        let shown = PrintableName.escaped(folder)
        // A worker has no folders, whatever its name.
        guard let host = hosts.first(where: { $0.role != .work && $0.name == name }) else {
            return "folder \(shown) is on no running host, and no host of its name has been seen; start "
                + (name.isEmpty ? "it" : "the host '\(PrintableName.escaped(name))'") + ", or cancel the job"
        }
        guard host.isAlive else {
            let end = host.state == .stopped ? "stopped" : "not seen"
            return "waits for \(host.words), \(end) since \(host.seenAt.timestamp); start it again, or cancel the job"
        }
        return
            "folder \(shown) is on no running host: \(host.words) runs and does not have it any more; put it back into "
            + "its configuration, or cancel the job"
    }
}

extension FleetWork {
    /// True for a step that the process does for its own folders only, or not at all.
    fileprivate func isBound(to step: JobStep) -> Bool {
        boundSteps.contains(step.rawValue) || !steps.contains(step.rawValue)
    }
}
