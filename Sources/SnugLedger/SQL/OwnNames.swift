// SPDX-License-Identifier: Apache-2.0

/// Conditions on names in a worker's own folders that wait for a result.
struct OwnNames: Sendable {
    private let folders: [String]
    /// Bound steps that the worker asks for.
    private let steps: [JobStep]

    /// `nil` for a request that asks for no bound step.
    init?(_ request: ClaimRequest) {
        let steps = request.steps.intersection(request.reach?.boundSteps ?? [])
        guard let reach = request.reach, !steps.isEmpty else { return nil }
        self.init(reach.folders, steps: steps)
    }

    init(_ folders: Set<String>, steps: Set<JobStep> = []) {
        self.folders = folders.sorted()
        self.steps = steps.sorted { $0.rawValue < $1.rawValue }
    }

    /// The values of ``folderList`` and ``stepList``.
    var arguments: SQLArguments {
        var arguments: SQLArguments = [:]
        for (index, folder) in folders.enumerated() { arguments = arguments + ["own\(index)": folder] }
        for (index, step) in steps.enumerated() { arguments = arguments + ["bound\(index)": step.rawValue] }
        return arguments
    }

    /// True when no job can meet the conditions.
    var isEmpty: Bool { folders.isEmpty }

    /// The folders in brackets. Nothing is in a list without a member.
    var folderList: String { Self.list("own", folders.count) }

    /// The steps in brackets.
    var stepList: String { Self.list("bound", steps.count) }

    /// A condition on the job whose id is in a column.
    ///
    /// A value and no EXISTS, for which PostgreSQL may read all names of a folder to look one up.
    func condition(on column: String = "jobs.id") -> String {
        """
        (SELECT 1 FROM deliveries WHERE deliveries.job_id = \(column) AND deliveries.delivered_at IS NULL
            AND deliveries.folder IN \(folderList) LIMIT 1) = 1
        """
    }

    private static func list(_ name: String, _ count: Int) -> String {
        count == 0 ? "(NULL)" : "(" + (0..<count).map { ":\(name)\($0)" }.joined(separator: ", ") + ")"
    }
}

extension LedgerTransaction {
    /// Jobs of other folders in one question.
    private static let joinedHeadCount = 20

    /// The first jobs of other hosts' folders that wait for a worker of this one, because a name in one of its folders was
    /// joined to them. There are few: they are looked for from the names.
    func joinedHeads(_ own: OwnNames, allowsSuspects: Bool) throws -> [LaneHead] {
        if own.isEmpty { return [] }
        return try fetch(
            LaneHeadRow.self,
            """
            SELECT lanes.folder, lanes.account, lanes.step, lanes.priority, lanes.served, lanes.claimed_at, jobs.id,
                jobs.due_at
            FROM deliveries CROSS JOIN jobs CROSS JOIN lanes
            WHERE deliveries.joined = 1 AND deliveries.delivered_at IS NULL AND deliveries.folder IN \(own.folderList)
                AND jobs.id = deliveries.job_id AND jobs.state = 'waiting' AND jobs.due_at <= :now
                AND jobs.step IN \(own.stepList) AND jobs.folder NOT IN \(own.folderList)
                AND (jobs.crashes = 0 OR :suspects = 1)
                AND lanes.folder = jobs.folder AND lanes.account = jobs.account AND lanes.step = jobs.step
                AND lanes.priority = jobs.priority
            ORDER BY jobs.due_at, jobs.id LIMIT :limit
            """,
            own.arguments + [
                "now": now.milliseconds, "suspects": allowsSuspects ? 1 : 0, "limit": Self.joinedHeadCount,
            ]
        ).map(\.head)
    }
}

/// A lane and the job that is to be claimed of it.
struct LaneHeadRow: SQLRecord {
    let head: LaneHead

    init(row: any SQLRow) throws {
        guard let priority = JobPriority(rawValue: try row.requiredNumber(3)) else { throw SQLRecordError.unreadable }
        head = LaneHead(
            lane: JobLane(
                folder: try row.requiredText(0), account: try row.requiredText(1), step: try row.name(2),
                priority: priority),
            served: try row.requiredNumber(4), claimedAt: try row.instant(5),
            jobID: JobID(trusted: try row.requiredText(6)), dueAt: try row.instant(7))
    }
}
