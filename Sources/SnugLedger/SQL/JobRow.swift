// SPDX-License-Identifier: Apache-2.0

/// A row of the table of jobs.
///
/// Read by position, because a list may hold a million: finding each column by its name costs more than all the rest. What
/// is not there throws, because a damaged file must not end the process.
struct JobRow: SQLRecord {
    /// The columns to select, in the order in which they are read.
    static let columns = [
        "id", "name", "folder", "account", "priority", "content_hash", "pipeline", "options", "version", "stage",
        "state",
        "step", "since", "reason_code", "reason_message", "reason_details", "due_at", "paused_until", "attempt",
        "crashes",
        "fence", "owner", "lease_until", "intent_id", "intent_repetition", "outcome_unknown", "cancel_requested",
        "idempotency_key", "supersedes", "payload", "created_at",
    ].map { "jobs.\($0)" }.joined(separator: ", ")

    let job: Job

    init(row: any SQLRow) throws {
        guard row.count == 31, let priority = JobPriority(rawValue: try row.requiredNumber(4)) else {
            throw SQLRecordError.unreadable
        }
        let identity = JobIdentity(
            contentHash: row.text(5), pipeline: try row.requiredText(6), options: try row.requiredText(7),
            version: try row.requiredNumber(8))
        var job = Job(
            NewJob(
                identity, name: try row.requiredText(1), folder: try row.requiredText(2),
                account: try row.requiredText(3), priority: priority, step: try row.name(11),
                dueAt: try row.instant(16), supersedes: row.text(28).map { JobID(trusted: $0) },
                payload: try row.requiredText(29)),
            id: JobID(trusted: try row.requiredText(0)), key: try row.requiredText(27), now: try row.instant(30))
        job.stage = try row.name(9)
        job.state = try row.name(10)
        job.since = try row.instant(12)
        job.reason = JobReason(code: row.text(13), message: row.text(14), details: row.text(15))
        job.pausedUntil = row.optionalInstant(17)
        job.attempt = try row.requiredNumber(18)
        job.crashes = try row.requiredNumber(19)
        job.fence = try row.requiredNumber(20)
        job.owner = row.text(21)
        job.leaseUntil = row.optionalInstant(22)
        job.openIntent = try row.text(23).map { Job.OpenIntent(id: $0, repetition: try row.name(24)) }
        job.isOutcomeUnknown = try row.requiredNumber(25) != 0
        job.isCancelRequested = try row.requiredNumber(26) != 0
        self.job = job
    }
}

extension JobReason {
    init?(code: String?, message: String?, details: String?) {
        guard let code else { return nil }
        self.init(code: code, message: message ?? "", details: details)
    }
}

extension Job {
    /// All columns of its row.
    var arguments: SQLArguments {
        [
            "id": id.description, "name": name, "folder": folder, "account": account, "priority": priority.rawValue,
            "content_hash": identity.contentHash, "pipeline": identity.pipeline, "options": identity.options,
            "version": identity.version, "stage": stage.rawValue, "state": state.rawValue, "step": step.rawValue,
            "since": since.milliseconds, "reason_code": reason?.code, "reason_message": reason?.message,
            "reason_details": reason?.details, "due_at": dueAt.milliseconds,
            "paused_until": pausedUntil?.milliseconds, "attempt": attempt, "crashes": crashes, "fence": fence,
            "owner": owner, "lease_until": leaseUntil?.milliseconds, "intent_id": openIntent?.id,
            "intent_repetition": openIntent?.repetition.rawValue, "outcome_unknown": isOutcomeUnknown ? 1 : 0,
            "cancel_requested": isCancelRequested ? 1 : 0, "idempotency_key": key,
            "supersedes": supersedes?.description, "payload": payload, "created_at": createdAt.milliseconds,
        ]
    }
}

/// A row of the table of events.
struct EventRow: SQLRecord {
    static let columns =
        "at, verb, stage, state, step, attempt, fence, reason_code, reason_message, reason_details"

    let event: JobEvent

    init(row: any SQLRow) throws {
        event = JobEvent(
            at: try row.instant(0), verb: try row.requiredText(1), stage: try row.name(2), state: try row.name(3),
            step: try row.name(4), attempt: try row.requiredNumber(5), fence: try row.requiredNumber(6),
            reason: JobReason(code: row.text(7), message: row.text(8), details: row.text(9)))
    }
}

/// A row of the table of effects.
struct StepRow: SQLRecord {
    static let columns = """
        id, step, fence, state, repetition, idempotency_key, body_digest, deadline, key_expires_at, payload, begun_at, \
        ended_at
        """

    let record: StepRecord

    init(row: any SQLRow) throws {
        record = StepRecord(
            id: try row.requiredText(0), step: try row.name(1), fence: try row.requiredNumber(2),
            state: try row.name(3), repetition: try row.name(4), key: try row.requiredText(5),
            bodyDigest: row.text(6), deadline: row.optionalInstant(7), keyExpiresAt: row.optionalInstant(8),
            payload: try row.requiredText(9), begunAt: try row.instant(10), endedAt: row.optionalInstant(11))
    }
}

/// A row of the table of deliveries.
struct DeliveryRow: SQLRecord {
    static let columns = "name, folder, source, delivered_at"

    let delivery: JobDelivery

    init(row: any SQLRow) throws {
        delivery = JobDelivery(
            name: try row.requiredText(0), folder: try row.requiredText(1), source: row.text(2),
            deliveredAt: row.optionalInstant(3))
    }
}
