// SPDX-License-Identifier: Apache-2.0

/// How a step ended.
public enum StepOutcome: Sendable, Hashable {
    /// The step is done; another one follows, at once or not before a moment.
    ///
    /// A delivery is done by ``delivered(_:)`` only: one that advances found that other work has to come first. So did a
    /// step that advances to ``JobStep/settle``: its input has to be brought first.
    case advanced(to: JobStep, at: LedgerInstant? = nil)
    /// The input is complete and its content known. Work that the ledger has already gets this job's names, and the job ends.
    case identified(contentHash: String, next: JobStep)
    /// The result is in its place under these names. Names that came meanwhile are delivered next.
    case delivered([JobDelivery])
    /// To be tried again: it surely took no effect.
    ///
    /// An environmental fault (full disk, no permission, no network) consumes no attempt.
    case retry(at: LedgerInstant, JobReason, consumesAttempt: Bool = true)
    /// Failed for good.
    case failed(JobReason)
    /// Left to a person's decision; no submission is open.
    case held(JobReason)
    /// It may or may not have taken effect.
    case unknown(JobReason)
}

/// A job after the end of a step.
public struct RecordedOutcome: Sendable, Hashable {
    /// The job, or the one that it was joined to.
    public var job: Job
    /// True when equal work was already there and has taken over the names.
    public var isJoined: Bool
}

/// A person's decision about a job.
public enum JobResolution: Sendable, Hashable {
    /// Tries a failed, held or cancelled job again, but never repeats a submission whose outcome is unknown.
    case retry
    /// Submits again although the first submission may have been paid for.
    case payAgain
    /// Gives a held or failed job up.
    case drop
    /// Cancels a job that is not over. A running one ends when its worker next renews its lease.
    case cancel
    /// Pauses a waiting job, until a moment or until lifted.
    case pause(until: LedgerInstant?)
    /// Lifts a pause of the job.
    case unpause
}
