// SPDX-License-Identifier: Apache-2.0

/// Work in a ledger: how far it is, what happens next, when, and why.
public struct Job: Sendable, Hashable, Codable {
    /// Its name.
    public let id: JobID
    /// The first name that its result is delivered under.
    public internal(set) var name: String
    /// The watched folder or other origin.
    public internal(set) var folder: String
    /// A digest of the account that pays; empty for none.
    public internal(set) var account: String
    /// Class of urgency.
    public internal(set) var priority: JobPriority
    /// The work.
    public internal(set) var identity: JobIdentity
    /// How far it has come.
    public internal(set) var stage: JobStage
    /// Activity.
    public internal(set) var state: JobState
    /// The next step, or the one that runs; for a failed or held job the one that a retry starts with.
    public internal(set) var step: JobStep
    /// When it came into its state.
    public internal(set) var since: LedgerInstant
    /// Why it is in its state, where there is more to say than the state does.
    public internal(set) var reason: JobReason?
    /// When the next step may start.
    public internal(set) var dueAt: LedgerInstant
    /// When a pause ends by itself; `nil` when there is none, or it lasts until lifted.
    public internal(set) var pausedUntil: LedgerInstant?
    /// Attempts at the step so far, the running one included.
    ///
    /// Shutdowns and environmental faults are not counted.
    public internal(set) var attempt: Int
    /// Ends of the worker's process in a row while it was at work on the job.
    public internal(set) var crashes: Int
    /// Number of the last claim; grows with each.
    public internal(set) var fence: Int
    /// The worker that has it.
    public internal(set) var owner: String?
    /// When its lease runs out.
    public internal(set) var leaseUntil: LedgerInstant?
    /// The effect that is under way: recorded before it, and not closed yet.
    public internal(set) var openIntent: OpenIntent?
    /// True when a paid submission may or may not have taken effect; it is not repeated until that is settled.
    public internal(set) var isOutcomeUnknown: Bool
    /// True when somebody asked for the end of a running job.
    public internal(set) var isCancelRequested: Bool
    /// The idempotency key of the job's submission: made once, sent with every repeat.
    public internal(set) var key: String
    /// The job whose place this one took.
    public internal(set) var supersedes: JobID?
    /// Anything that its workers need, as JSON.
    public internal(set) var payload: String
    /// When it was first seen.
    public internal(set) var createdAt: LedgerInstant

    /// True where a request in doubt is an upload, which nobody pays for.
    public var isAboutUpload: Bool {
        let stages = identity.pipeline.split(separator: ",")
        return step == .upload || stages.contains("upload") && !stages.contains("generate")
    }

    /// An effect under way.
    public struct OpenIntent: Sendable, Hashable, Codable {
        /// The record's id.
        public var id: String
        /// Treatment after a crash.
        public var repetition: StepIntent.Repetition
    }
}
