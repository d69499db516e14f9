// SPDX-License-Identifier: Apache-2.0

/// The reads and writes that the verbs are made of, within one transaction of a database.
public struct LedgerTransaction {
    let database: any SQLDatabase
    let now: LedgerInstant
    let ids: LedgerIDGenerator

    // MARK: Jobs

    func job(_ id: JobID) throws -> Job? {
        try fetch(
            JobRow.self, "SELECT \(JobRow.columns) FROM jobs WHERE id = :id\(database.rowLock)", ["id": id.description]
        ).first?.job
    }

    /// The job, when the lease still holds it.
    /// - Throws: `stale_lease`.
    func job(under lease: JobLease) throws -> Job {
        guard let job = try job(lease.jobID), lease.holds(job) else {
            throw LedgerError(
                .staleLease, "\(lease.jobID) was taken from its worker; drop what was made of it, and claim another")
        }
        return job
    }

    /// Adds a job; its lane has to be there too.
    func insert(_ job: Job, verb: String) throws {
        try execute(
            """
            INSERT INTO jobs (id, name, folder, account, priority, content_hash, pipeline, options, version, stage, state,
                step, since, reason_code, reason_message, reason_details, due_at, paused_until, attempt, crashes, fence,
                owner, lease_until, intent_id, intent_repetition, outcome_unknown, cancel_requested, idempotency_key,
                supersedes, payload, created_at)
            VALUES (:id, :name, :folder, :account, :priority, :content_hash, :pipeline, :options, :version, :stage, :state,
                :step, :since, :reason_code, :reason_message, :reason_details, :due_at, :paused_until, :attempt, :crashes,
                :fence, :owner, :lease_until, :intent_id, :intent_repetition, :outcome_unknown, :cancel_requested,
                :idempotency_key, :supersedes, :payload, :created_at)
            """, job.arguments)
        try addObjects(ObjectReferences.digests(in: job.payload), to: job.id)
        try record(job, verb: verb)
    }

    /// Replaces a job by its changed self, if it is still as it was.
    /// - Throws: `stale_lease`.
    func save(_ job: Job, replacing old: Job, verb: String?) throws {
        let expected: SQLArguments = [
            "old_state": old.state.rawValue, "old_attempt": old.attempt, "old_fence": old.fence,
        ]
        // A column that is set has its indexes written, also where its value stays: the one of identities is the largest.
        let identity = job.identity.contentHash == old.identity.contentHash ? "" : "content_hash = :content_hash, "
        let changed = try execute(
            """
            UPDATE jobs SET \(identity)stage = :stage, state = :state, step = :step, since = :since,
                reason_code = :reason_code, reason_message = :reason_message, reason_details = :reason_details,
                due_at = :due_at, paused_until = :paused_until, attempt = :attempt, crashes = :crashes, fence = :fence,
                owner = :owner, lease_until = :lease_until, intent_id = :intent_id,
                intent_repetition = :intent_repetition, outcome_unknown = :outcome_unknown,
                cancel_requested = :cancel_requested, idempotency_key = :idempotency_key, payload = :payload
            WHERE id = :id AND state = :old_state AND attempt = :old_attempt AND fence = :old_fence
            """, job.arguments + expected)
        guard changed > 0 else {
            throw LedgerError(.staleLease, "\(job.id) was changed meanwhile; read it again")
        }
        if job.payload != old.payload { try changeObjects(of: job, from: old) }
        if job.state == .waiting { try ensureLane(of: job) }
        if let verb { try record(job, verb: verb) }
    }

    /// Sees to it that the lane of a job that waits is there.
    func ensureLane(of job: Job) throws {
        let lane = JobLane(job)
        try execute(
            """
            INSERT INTO lanes (folder, account, step, priority, served, claimed_at)
            VALUES (:folder, :account, :step, :priority,
                (SELECT coalesce(max(served), 0) FROM lanes WHERE folder = :folder), 0)
            ON CONFLICT DO NOTHING
            """, lane.arguments)
    }

    func record(_ job: Job, verb: String) throws {
        try execute(
            """
            INSERT INTO events (id, job_id, at, verb, stage, state, step, attempt, fence, reason_code, reason_message,
                reason_details)
            VALUES (:id, :job, :at, :verb, :stage, :state, :step, :attempt, :fence, :code, :message, :details)
            """,
            [
                "id": ids.next(), "job": job.id.description, "at": now.milliseconds, "verb": verb,
                "stage": job.stage.rawValue, "state": job.state.rawValue, "step": job.step.rawValue,
                "attempt": job.attempt, "fence": job.fence, "code": job.reason?.code,
                "message": job.reason?.message, "details": job.reason?.details,
            ])
    }

    // MARK: Names

    func deliveries(of id: JobID) throws -> [JobDelivery] {
        try fetch(
            DeliveryRow.self,
            "SELECT \(DeliveryRow.columns) FROM deliveries WHERE job_id = :id ORDER BY folder, name",
            ["id": id.description]
        ).map(\.delivery)
    }

    /// - Returns: True when the name is new to the job.
    func add(_ delivery: JobDelivery, to id: JobID) throws -> Bool {
        try execute(
            """
            INSERT INTO deliveries (job_id, name, folder, source, delivered_at, joined)
            VALUES (:job, :name, :folder, :source, NULL,
                CASE WHEN :folder = (SELECT jobs.folder FROM jobs WHERE jobs.id = :job) THEN 0 ELSE 1 END)
            ON CONFLICT DO NOTHING
            """,
            ["job": id.description, "name": delivery.name, "folder": delivery.folder, "source": delivery.source]) > 0
    }

    // MARK: Effects

    /// Closes the effect that is open.
    func closeStep(_ intent: Job.OpenIntent?, as state: StepRecord.State) throws {
        guard let intent else { return }
        try execute(
            "UPDATE steps SET state = :state, ended_at = :now WHERE id = :id",
            ["state": state.rawValue, "now": now.milliseconds, "id": intent.id])
    }

    // MARK: Totals

    /// Adds to the count of what was ever seen in a folder.
    func count(seen: Int, joined: Int, in folder: String) throws {
        try execute(
            """
            INSERT INTO totals (folder, seen, joined, pruned_delivered, pruned_cancelled, pruned_failed)
            VALUES (:folder, :seen, :joined, 0, 0, 0)
            ON CONFLICT (folder) DO UPDATE SET seen = totals.seen + excluded.seen, joined = totals.joined + excluded.joined
            """, ["folder": folder, "seen": seen, "joined": joined])
    }

    // MARK: Statements

    /// - Returns: The rows that it changed.
    @discardableResult
    func execute(_ sql: String, _ arguments: SQLArguments = [:]) throws -> Int {
        try database.execute(sql, arguments)
    }

    func fetch<Record: SQLRecord>(
        _ type: Record.Type, _ sql: String, _ arguments: SQLArguments = [:]
    ) throws -> [Record] {
        var records: [Record] = []
        try database.fetch(sql, arguments) { records.append(try Record(row: $0)) }
        return records
    }
}

extension JobLane {
    var arguments: SQLArguments {
        ["folder": folder, "account": account, "step": step.rawValue, "priority": priority.rawValue]
    }
}
