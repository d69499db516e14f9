// SPDX-License-Identifier: Apache-2.0

/// The right to work on a job, until it runs out or another claim has a greater number.
public struct JobLease: Sendable, Hashable {
    /// The job.
    public var jobID: JobID
    /// The worker.
    public var owner: String
    /// Number of the claim; grows with each claim of the job.
    ///
    /// Pass it along with every effect that can check it.
    public var fence: Int
    /// Number of the attempt.
    public var attempt: Int
    /// When it runs out.
    public var until: LedgerInstant
    /// True when somebody asked for the end of the job: stop, then release it.
    public var isCancelRequested: Bool

    init?(_ job: Job) {
        guard job.state == .running, let owner = job.owner, let until = job.leaseUntil else { return nil }
        jobID = job.id
        self.owner = owner
        fence = job.fence
        attempt = job.attempt
        self.until = until
        isCancelRequested = job.isCancelRequested
    }

    /// True for a job that is still in the lease's hands.
    func holds(_ job: Job) -> Bool {
        job.state == .running && job.owner == owner && job.fence == fence && job.attempt == attempt
    }
}

/// A job in a worker's hands.
public struct ClaimedJob: Sendable, Hashable {
    /// The job.
    public var job: Job
    /// The right to work on it.
    public var lease: JobLease
    /// The names that wait for its result.
    public var pendingDeliveries: [JobDelivery]
}

/// The kind of work that a worker asks for.
public struct ClaimRequest: Sendable, Hashable {
    /// Steps that the worker can do.
    public var steps: Set<JobStep>
    /// Jobs at most. Default 1.
    public var limit: Int
    /// Time until the lease has to be renewed. Default 1 min.
    public var lease: Duration
    /// The worker's reach among the hosts that share the ledger; `nil`, the default, for a worker that can do all.
    public var reach: ClaimReach?

    /// Asks for work.
    public init(
        _ steps: Set<JobStep> = Set(JobStep.allCases), limit: Int = 1, lease: Duration = .seconds(60),
        reach: ClaimReach? = nil
    ) {
        self.steps = steps
        self.limit = limit
        self.lease = lease
        self.reach = reach
    }
}
