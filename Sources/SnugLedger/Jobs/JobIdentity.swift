// SPDX-License-Identifier: Apache-2.0

/// The work that a job is: two jobs with equal identities are one.
public struct JobIdentity: Sendable, Hashable, Codable {
    /// Digest of the input's content; `nil` until it is known, and then nothing equals it.
    public var contentHash: String?
    /// Name of the pipeline.
    public var pipeline: String
    /// Every option that has a part in the result, as canonical JSON or a digest of it.
    public var options: String
    /// Version of the meaning of pipeline and options.
    public var version: Int

    /// Names work.
    public init(contentHash: String?, pipeline: String, options: String = "{}", version: Int = 1) {
        self.contentHash = contentHash
        self.pipeline = pipeline
        self.options = options
        self.version = version
    }
}

/// Work to put into a ledger.
public struct NewJob: Sendable, Hashable {
    /// The work.
    public var identity: JobIdentity
    /// The name that its result is delivered under. Escape bytes that are not UTF-8.
    public var name: String
    /// The watched folder or other origin; fairness is between these.
    public var folder: String
    /// Identity of the source file within its folder, such as path, device, inode, size and time.
    ///
    /// A source that the ledger knows is not put in again.
    public var source: String?
    /// A digest of the account that pays; empty for none.
    public var account: String
    /// Class of urgency. Default background.
    public var priority: JobPriority
    /// First step. Default `settle` while the content is unknown, else `fit`.
    public var step: JobStep
    /// Not before this; `nil` for at once.
    public var dueAt: LedgerInstant?
    /// An incomplete or failed job whose place this one takes.
    public var supersedes: JobID?
    /// Anything that its workers need, as JSON.
    public var payload: String

    /// Describes work.
    public init(
        _ identity: JobIdentity, name: String, folder: String = "", source: String? = nil, account: String = "",
        priority: JobPriority = .background, step: JobStep? = nil, dueAt: LedgerInstant? = nil,
        supersedes: JobID? = nil, payload: String = "{}"
    ) {
        self.identity = identity
        self.name = name
        self.folder = folder
        self.source = source
        self.account = account
        self.priority = priority
        self.step = step ?? (identity.contentHash == nil ? .settle : .fit)
        self.dueAt = dueAt
        self.supersedes = supersedes
        self.payload = payload
    }
}

/// A job that was put in, or that was already there.
public struct EnqueuedJob: Sendable, Hashable {
    /// The job.
    public var job: Job
    /// True when nothing equal was there.
    public var isNew: Bool
}

/// A name that a result is delivered under.
public struct JobDelivery: Sendable, Hashable, Codable {
    /// The name.
    public var name: String
    /// Folder of its source.
    public var folder: String
    /// Identity of its source file.
    public var source: String?
    /// When the result was in its place; `nil` until then.
    public var deliveredAt: LedgerInstant?

    /// True for the same bytes: names that only look alike are two files.
    func isSameName(as other: JobDelivery) -> Bool {
        name.utf8.elementsEqual(other.name.utf8) && folder.utf8.elementsEqual(other.folder.utf8)
    }
}
