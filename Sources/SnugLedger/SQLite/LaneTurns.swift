// SPDX-License-Identifier: Apache-2.0

/// The turns of lanes within one transaction, which nobody else writes beside.
///
/// Lanes and holds are read once for all jobs that are claimed, and the jobs of a lane together. Turns are noted at the end.
struct LaneTurns {
    private let transaction: LedgerTransaction
    private let request: ClaimRequest
    private let ageing: Duration
    private let own: OwnNames?
    private var lanes: [Lane]
    /// The number of the last turn.
    private var served: Int
    /// Folders that had a turn.
    private var servedFolders: Set<String> = []
    /// False while a job that has ended its process before runs: no other of that kind runs beside it, so that it takes none
    /// down with it.
    private var allowsSuspects: Bool
    /// Jobs that may still be claimed.
    private var room: Int

    /// A lane, its turn, and the first of its jobs.
    private struct Lane {
        let lane: JobLane
        let part: ClaimRequest.LanePart
        let isHeld: Bool
        var served: Int
        var claimedAt: LedgerInstant
        /// A job of it was claimed.
        var isClaimed = false
        /// Jobs that were read and not claimed.
        var jobs: ArraySlice<Job> = []
        /// There may be others.
        var hasMore = true
    }

    /// Jobs of a lane that are read at once.
    private static let jobsAtOnce = 32

    init(_ transaction: LedgerTransaction, _ request: ClaimRequest, ageing: Duration) throws {
        self.transaction = transaction
        self.request = request
        self.ageing = ageing
        own = OwnNames(request)
        room = request.limit
        let holds = try transaction.holds()
        let rows = try transaction.fetch(
            LaneRow.self, "SELECT folder, account, step, priority, served, claimed_at FROM lanes ORDER BY served")
        served = rows.map(\.served).max() ?? 0
        lanes = rows.map { row in
            Lane(
                lane: row.lane, part: request.part(of: row.lane), isHeld: transaction.isHeld(row.lane, holds),
                served: row.served, claimedAt: row.claimedAt)
        }
        let suspects = try transaction.fetch(
            Int.self, "SELECT count(*) FROM jobs WHERE state = 'running' AND crashes > 0")
        allowsSuspects = suspects == [0]
    }

    /// The job whose turn it is, which has to be claimed; `nil` when none is due.
    mutating func next() throws -> Job? {
        var best: (head: LaneHead, lane: Int, job: Job?)?
        func precedes(_ head: LaneHead) -> Bool {
            best.map { head.precedes($0.head, now: transaction.now, ageing: ageing) } ?? true
        }
        let joined = try own.map { try transaction.joinedHeads($0, allowsSuspects: allowsSuspects) } ?? []
        for head in joined where request.hasAccount(head.lane) {
            guard let index = lanes.firstIndex(where: { $0.lane == head.lane }), !lanes[index].isHeld else { continue }
            let current = self.head(of: lanes[index], head.jobID, head.dueAt)
            if precedes(current) { best = (current, index, nil) }
        }
        for index in lanes.indices where lanes[index].part != .none && !lanes[index].isHeld {
            guard let job = try first(in: index) else { continue }
            let head = self.head(of: lanes[index], job.id, job.dueAt)
            if precedes(head) { best = (head, index, job) }
        }
        guard let best, let job = try best.job ?? transaction.job(best.head.jobID) else { return nil }
        if best.job != nil { lanes[best.lane].jobs.removeFirst() }
        serve(best.lane)
        room -= 1
        if job.crashes > 0 {
            allowsSuspects = false
            for index in lanes.indices { (lanes[index].jobs, lanes[index].hasMore) = ([], true) }
        }
        return job
    }

    /// Notes the turns.
    func record() throws {
        for folder in servedFolders.sorted() {
            guard let lane = lanes.first(where: { $0.lane.folder == folder }) else { continue }
            try transaction.execute(
                "UPDATE lanes SET served = :served WHERE folder = :folder", ["served": lane.served, "folder": folder])
        }
        for lane in lanes where lane.isClaimed {
            try transaction.execute(
                """
                UPDATE lanes SET claimed_at = :now
                WHERE folder = :folder AND account = :account AND step = :step AND priority = :priority
                """, lane.lane.arguments + ["now": transaction.now.milliseconds])
        }
    }

    /// A lane and its folder have their turn.
    private mutating func serve(_ index: Int) {
        served += 1
        let folder = lanes[index].lane.folder
        for other in lanes.indices where lanes[other].lane.folder == folder { lanes[other].served = served }
        lanes[index].claimedAt = transaction.now
        lanes[index].isClaimed = true
        servedFolders.insert(folder)
    }

    private func head(of lane: Lane, _ job: JobID, _ dueAt: LedgerInstant) -> LaneHead {
        LaneHead(lane: lane.lane, served: lane.served, claimedAt: lane.claimedAt, jobID: job, dueAt: dueAt)
    }

    /// The first job of a lane that is due.
    private mutating func first(in index: Int) throws -> Job? {
        if let job = lanes[index].jobs.first { return job }
        guard lanes[index].hasMore else { return nil }
        let limit = min(room, Self.jobsAtOnce)
        let own = lanes[index].part == .own ? own : nil
        let jobs = try transaction.fetch(
            JobRow.self,
            """
            SELECT \(JobRow.columns) FROM jobs
            WHERE state = 'waiting' AND folder = :folder AND account = :account AND step = :step AND priority = :priority
                AND due_at <= :now AND (crashes = 0 OR :suspects = 1)\(own.map { " AND " + $0.condition() } ?? "")
            ORDER BY due_at, id LIMIT :limit
            """,
            lanes[index].lane.arguments + (own?.arguments ?? [:]) + [
                "now": transaction.now.milliseconds, "suspects": allowsSuspects ? 1 : 0, "limit": limit,
            ]
        ).map(\.job)
        (lanes[index].jobs, lanes[index].hasMore) = (jobs[...], jobs.count == limit)
        return jobs.first
    }
}

/// A row of the table of lanes.
private struct LaneRow: SQLRecord {
    let lane: JobLane
    let served: Int
    let claimedAt: LedgerInstant

    init(row: any SQLRow) throws {
        guard let priority = JobPriority(rawValue: try row.requiredNumber(3)) else { throw SQLRecordError.unreadable }
        lane = JobLane(
            folder: try row.requiredText(0), account: try row.requiredText(1), step: try row.name(2),
            priority: priority)
        (served, claimedAt) = (try row.requiredNumber(4), try row.instant(5))
    }
}
