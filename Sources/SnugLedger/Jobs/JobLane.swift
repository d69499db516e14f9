// SPDX-License-Identifier: Apache-2.0

/// Jobs that are held up, and served, together.
struct JobLane: Sendable, Hashable, Codable {
    var folder: String
    var account: String
    var step: JobStep
    var priority: JobPriority

}

extension JobLane {
    /// The lane that a job is in.
    init(_ job: Job) {
        self.init(folder: job.folder, account: job.account, step: job.step, priority: job.priority)
    }
}

/// The first job of a lane, and the lane's turn among the others.
struct LaneHead: Sendable {
    var lane: JobLane
    /// Number of the last claim from the lane's folder.
    var served: Int
    /// When the lane last had a job claimed.
    var claimedAt: LedgerInstant
    var jobID: JobID
    var dueAt: LedgerInstant

    /// Orders heads by turn: interactive work and background work that has waited long enough, then the folder that has
    /// waited longest, then the job that has.
    func precedes(_ other: LaneHead, now: LedgerInstant, ageing: Duration) -> Bool {
        let (left, right) = (isUrgent(now: now, ageing: ageing), other.isUrgent(now: now, ageing: ageing))
        if left != right { return left }
        return (served, dueAt, jobID) < (other.served, other.dueAt, other.jobID)
    }

    /// Background work is urgent once its lane has had no turn for the time of ageing: so it always gets one in that time,
    /// and never more while there is interactive work.
    private func isUrgent(now: LedgerInstant, ageing: Duration) -> Bool {
        lane.priority == .interactive || max(dueAt, claimedAt) + ageing <= now
    }
}
