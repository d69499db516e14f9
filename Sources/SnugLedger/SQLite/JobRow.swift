// SPDX-License-Identifier: Apache-2.0
internal import GRDB

/// A row of the table of jobs. It is decoded, not cast: a damaged file must not end the process.
struct JobRow: Decodable, FetchableRecord {
    static var databaseColumnDecodingStrategy: DatabaseColumnDecodingStrategy { .convertFromSnakeCase }

    var id: String
    var name: String
    var folder: String
    var account: String
    var priority: JobPriority
    var contentHash: String?
    var pipeline: String
    var options: String
    var version: Int
    var stage: JobStage
    var state: JobState
    var step: JobStep
    var since: Int
    var reasonCode: String?
    var reasonMessage: String?
    var reasonDetails: String?
    var dueAt: Int
    var pausedUntil: Int?
    var attempt: Int
    var crashes: Int
    var fence: Int
    var owner: String?
    var leaseUntil: Int?
    var intentId: String?
    var intentRepetition: StepIntent.Repetition?
    var outcomeUnknown: Bool
    var cancelRequested: Bool
    var idempotencyKey: String
    var supersedes: String?
    var payload: String
    var createdAt: Int

    var job: Job {
        var job = Job(
            NewJob(
                JobIdentity(contentHash: contentHash, pipeline: pipeline, options: options, version: version),
                name: name, folder: folder, account: account, priority: priority, step: step,
                dueAt: LedgerInstant(milliseconds: dueAt), supersedes: supersedes.map { JobID(trusted: $0) },
                payload: payload),
            id: JobID(trusted: id), key: idempotencyKey, now: LedgerInstant(milliseconds: createdAt))
        job.stage = stage
        job.state = state
        job.since = LedgerInstant(milliseconds: since)
        job.reason = JobReason(code: reasonCode, message: reasonMessage, details: reasonDetails)
        job.pausedUntil = pausedUntil.map { LedgerInstant(milliseconds: $0) }
        job.attempt = attempt
        job.crashes = crashes
        job.fence = fence
        job.owner = owner
        job.leaseUntil = leaseUntil.map { LedgerInstant(milliseconds: $0) }
        if let intentId, let intentRepetition {
            job.openIntent = Job.OpenIntent(id: intentId, repetition: intentRepetition)
        }
        job.isOutcomeUnknown = outcomeUnknown
        job.isCancelRequested = cancelRequested
        return job
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
