// SPDX-License-Identifier: Apache-2.0
internal import GRDB

/// A row of the table of jobs.
///
/// Read by position, because a list may hold a million: finding each column by its name costs more than all the rest. What
/// is not there throws, because a damaged file must not end the process.
struct JobRow: FetchableRecord {
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

    init(row: Row) throws {
        guard row.count == 31, let priority = JobPriority(rawValue: try Self.number(row, 4)),
            let stage = JobStage(rawValue: try Self.text(row, 9)),
            let state = JobState(rawValue: try Self.text(row, 10)), let step = JobStep(rawValue: try Self.text(row, 11))
        else { throw Self.unreadable }
        let identity = JobIdentity(
            contentHash: row[5], pipeline: try Self.text(row, 6), options: try Self.text(row, 7),
            version: try Self.number(row, 8))
        let supersedes: String? = row[28]
        var job = Job(
            NewJob(
                identity, name: try Self.text(row, 1), folder: try Self.text(row, 2), account: try Self.text(row, 3),
                priority: priority, step: step, dueAt: try Self.instant(row, 16),
                supersedes: supersedes.map { JobID(trusted: $0) }, payload: try Self.text(row, 29)),
            id: JobID(trusted: try Self.text(row, 0)), key: try Self.text(row, 27), now: try Self.instant(row, 30))
        job.stage = stage
        job.state = state
        job.since = try Self.instant(row, 12)
        job.reason = JobReason(code: row[13], message: row[14], details: row[15])
        job.pausedUntil = Self.optionalInstant(row, 17)
        job.attempt = try Self.number(row, 18)
        job.crashes = try Self.number(row, 19)
        job.fence = try Self.number(row, 20)
        job.owner = row[21]
        job.leaseUntil = Self.optionalInstant(row, 22)
        job.openIntent = try Self.openIntent(row)
        job.isOutcomeUnknown = try Self.number(row, 25) != 0
        job.isCancelRequested = try Self.number(row, 26) != 0
        self.job = job
    }

    private static func openIntent(_ row: Row) throws -> Job.OpenIntent? {
        let id: String? = row[23]
        guard let id else { return nil }
        guard let repetition = StepIntent.Repetition(rawValue: try text(row, 24)) else { throw unreadable }
        return Job.OpenIntent(id: id, repetition: repetition)
    }

    private static func text(_ row: Row, _ index: Int) throws -> String {
        let value: String? = row[index]
        guard let value else { throw unreadable }
        return value
    }

    private static func number(_ row: Row, _ index: Int) throws -> Int {
        let value: Int? = row[index]
        guard let value else { throw unreadable }
        return value
    }

    private static func instant(_ row: Row, _ index: Int) throws -> LedgerInstant {
        LedgerInstant(milliseconds: try number(row, index))
    }

    private static func optionalInstant(_ row: Row, _ index: Int) -> LedgerInstant? {
        let value: Int? = row[index]
        return value.map { LedgerInstant(milliseconds: $0) }
    }

    private static var unreadable: DecodingError {
        .dataCorrupted(.init(codingPath: [], debugDescription: "the row of a job is damaged"))
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
    var arguments: StatementArguments {
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
struct EventRow: Decodable, FetchableRecord {
    static var databaseColumnDecodingStrategy: DatabaseColumnDecodingStrategy { .convertFromSnakeCase }

    var at: Int
    var verb: String
    var stage: JobStage
    var state: JobState
    var step: JobStep
    var attempt: Int
    var fence: Int
    var reasonCode: String?
    var reasonMessage: String?
    var reasonDetails: String?

    var event: JobEvent {
        JobEvent(
            at: LedgerInstant(milliseconds: at), verb: verb, stage: stage, state: state, step: step, attempt: attempt,
            fence: fence, reason: JobReason(code: reasonCode, message: reasonMessage, details: reasonDetails))
    }
}

/// A row of the table of effects.
struct StepRow: Decodable, FetchableRecord {
    static var databaseColumnDecodingStrategy: DatabaseColumnDecodingStrategy { .convertFromSnakeCase }

    var id: String
    var step: JobStep
    var fence: Int
    var state: StepRecord.State
    var repetition: StepIntent.Repetition
    var idempotencyKey: String
    var bodyDigest: String?
    var deadline: Int?
    var keyExpiresAt: Int?
    var payload: String
    var begunAt: Int
    var endedAt: Int?

    var record: StepRecord {
        func instant(_ milliseconds: Int?) -> LedgerInstant? { milliseconds.map { LedgerInstant(milliseconds: $0) } }
        return StepRecord(
            id: id, step: step, fence: fence, state: state, repetition: repetition, key: idempotencyKey,
            bodyDigest: bodyDigest, deadline: instant(deadline), keyExpiresAt: instant(keyExpiresAt), payload: payload,
            begunAt: LedgerInstant(milliseconds: begunAt), endedAt: instant(endedAt))
    }
}

/// A row of the table of deliveries.
struct DeliveryRow: Decodable, FetchableRecord {
    static var databaseColumnDecodingStrategy: DatabaseColumnDecodingStrategy { .convertFromSnakeCase }

    var name: String
    var folder: String
    var source: String?
    var deliveredAt: Int?

    var delivery: JobDelivery {
        JobDelivery(
            name: name, folder: folder, source: source,
            deliveredAt: deliveredAt.map { LedgerInstant(milliseconds: $0) })
    }
}
