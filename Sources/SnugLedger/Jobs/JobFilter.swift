// SPDX-License-Identifier: Apache-2.0

/// Selects jobs for a list, newest first.
public struct JobFilter: Sendable, Hashable {
    /// Ids; `nil` for any.
    public var ids: [JobID]?
    /// States; empty for any.
    public var states: Set<JobState>
    /// The folder; `nil` for any.
    public var folder: String?
    /// The account; `nil` for any.
    public var account: String?
    /// First seen at this moment or later.
    public var since: LedgerInstant?
    /// In their state since this moment or later.
    public var changedSince: LedgerInstant?
    /// Text within the name or the reason. Looks through all jobs that the rest selects.
    public var text: String?
    /// Only jobs older than this one: the last of the page before.
    public var before: JobID?
    /// Jobs at most. Default 100.
    public var limit: Int

    /// Selects jobs.
    public init(
        ids: [JobID]? = nil, states: Set<JobState> = [], folder: String? = nil, account: String? = nil,
        since: LedgerInstant? = nil, changedSince: LedgerInstant? = nil, text: String? = nil, before: JobID? = nil,
        limit: Int = 100
    ) {
        self.ids = ids
        self.states = states
        self.folder = folder
        self.account = account
        self.since = since
        self.changedSince = changedSince
        self.text = text
        self.before = before
        self.limit = limit
    }
}

/// A step in the history of a job.
public struct JobEvent: Sendable, Hashable, Codable {
    /// When.
    public var at: LedgerInstant
    /// The verb of the change to the job.
    public var verb: String
    /// Its stage from then on.
    public var stage: JobStage
    /// Its state from then on.
    public var state: JobState
    /// Its step from then on.
    public var step: JobStep
    /// Attempts at the step.
    public var attempt: Int
    /// Number of the claim.
    public var fence: Int
    /// Why.
    public var reason: JobReason?
}
