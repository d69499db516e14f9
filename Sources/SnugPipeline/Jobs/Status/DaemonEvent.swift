// SPDX-License-Identifier: Apache-2.0
public import SnugLedger
public import SystemPackage

/// A step of a daemon, in the order of happening.
public struct DaemonEvent: Sendable {
    /// The job that a step is about.
    public struct Subject: Sendable, Hashable {
        /// The job.
        public var job: JobID
        /// The name of the watched folder.
        public var folder: String
        /// The path of the source in the inbox; bytes that are not UTF-8 are escaped.
        public var name: String
    }

    /// The kinds of steps.
    public enum Kind: Sendable {
        /// The daemon works: everything that an earlier process left is taken up.
        case started
        /// A file was taken. True for work that is already known: one job, delivered under both names.
        case settled(isJoined: Bool)
        /// A worker began a step.
        case began(JobStep)
        /// The image was fitted.
        case fitted(inputBytes: Int, outputBytes: Int)
        /// The image was uploaded; the address may be secret.
        case uploaded(bytes: Int)
        /// The provider accepted the generation.
        case submitted
        /// The results of the generation are here.
        case completed(images: Int, bytes: Int)
        /// The result is in the outbox, under these names; images have that many bytes together.
        case delivered([FilePath], bytes: Int)
        /// The job failed; the source is beside this report.
        case failed(JobReason, report: FilePath?)
        /// The job waits for a person.
        case held(JobReason)
        /// The step is tried again, at the earliest then.
        case postponed(JobReason, until: LedgerInstant, consumesAttempt: Bool)
        /// Submissions of an account stop until then.
        case parked(account: String, JobReason, until: LedgerInstant)
        /// Work stops because the surroundings do not allow any, such as a full disk. It resumes by itself.
        case paused(JobReason)
        /// Work resumes after ``paused(_:)``.
        case resumed
        /// A remark about a folder or the daemon as a whole.
        case notice(String)
        /// No new work is begun; what runs gets time to finish.
        case draining
        /// Everything has ended.
        case stopped
    }

    /// The step.
    public var kind: Kind
    /// The job; `nil` for steps of the daemon as a whole.
    public var subject: Subject?

    init(_ kind: Kind, _ subject: Subject? = nil) {
        self.kind = kind
        self.subject = subject
    }
}
