// SPDX-License-Identifier: Apache-2.0

/// Remembers jobs so that nothing is lost and nothing is done or paid for twice, whatever happens in between.
///
/// Each call is one transaction, and durable when it returns in a store that is. A call that changes something runs to its
/// end although its task is cancelled. Several stores, in several processes, may share one ledger.
public protocol LedgerStore: Sendable {
    // MARK: Putting work in

    /// Puts work in. Work that the ledger has already gets the new name, and is delivered under both.
    /// - Returns: One job for each, in the same order.
    func enqueue(_ jobs: [NewJob]) async throws -> [EnqueuedJob]

    // MARK: Working

    /// Hands out the jobs that are due: fair between folders, interactive ones before background ones, with ageing.
    ///
    /// Takes back the jobs of workers that are gone first.
    func claim(_ request: ClaimRequest) async throws -> [ClaimedJob]
    /// Extends a lease.
    /// - Throws: `stale_lease`.
    func renew(_ lease: JobLease, for duration: Duration) async throws -> JobLease
    /// Notes that the work on a claimed job begins: should the process end before ``endWork(under:)``, the job may be the
    /// cause. One that was merely claimed is not.
    ///
    /// The note survives the end of the process and nothing more, so it costs no wait for the disk.
    func beginWork(under lease: JobLease) async
    /// Notes that the work on a claimed job is over.
    func endWork(under lease: JobLease) async
    /// Records an effect before it is attempted.
    /// - Throws: `stale_lease`; `not_allowed` while another one is open or a submission's outcome is unknown.
    func recordIntent(_ intent: StepIntent, under lease: JobLease) async throws
    /// Records how a step ended, and with it how its open effect did. The lease ends.
    /// - Parameters:
    ///   - outcome: How it ended.
    ///   - payload: Replaces the job's payload; `nil` leaves it.
    ///   - lease: The lease of the claim.
    /// - Throws: `stale_lease`; `not_allowed`.
    @discardableResult
    func recordOutcome(_ outcome: StepOutcome, payload: String?, under lease: JobLease) async throws -> RecordedOutcome
    /// Hands a job back unfinished, at no cost to it. An open effect that must not be repeated becomes unknown.
    /// - Throws: `stale_lease`.
    @discardableResult
    func release(_ lease: JobLease) async throws -> Job

    // MARK: Holding up

    /// Holds up the submissions of an account, and of no other, until a moment.
    func park(account: String, until: LedgerInstant, reason: JobReason) async throws
    /// Lets a parked account go.
    func unpark(account: String) async throws
    /// Holds up a folder, an account, a step or everything until a moment or until lifted.
    func pause(_ scope: PauseScope, until: LedgerInstant?, reason: JobReason) async throws
    /// Lifts a pause.
    func unpause(_ scope: PauseScope) async throws
    /// The pauses and parked accounts in force.
    func holds() async throws -> [LedgerHold]

    // MARK: Deciding

    /// Carries out a person's decision for the jobs whose states allow it.
    /// - Returns: The jobs that changed.
    @discardableResult
    func resolve(_ ids: [JobID], _ resolution: JobResolution) async throws -> [Job]

    // MARK: Looking

    /// Jobs, newest first.
    func list(_ filter: JobFilter) async throws -> [Job]
    /// Everything that happened to a job, the oldest first.
    func history(of id: JobID) async throws -> [JobEvent]
    /// The effects of a job, the oldest first.
    func steps(of id: JobID) async throws -> [StepRecord]
    /// The names that a job's result is delivered under.
    func deliveries(of id: JobID) async throws -> [JobDelivery]
    /// Those of these source files of a folder that the ledger knows.
    func knownSources(of folder: String, among sources: [String]) async throws -> Set<String>
    /// Those of these objects of a storage that a job refers to: as its content, or anywhere in its payload.
    /// - Parameter digests: SHA-256 in hexadecimal.
    func referredObjects(among digests: [String]) async throws -> Set<String>
    /// Jobs that failed or were cancelled since a moment, with a name in one of these folders that waits for the result:
    /// their sources are to be put away.
    /// - Parameters:
    ///   - since: The moment that the look before named; `nil` begins now.
    ///   - folders: Their names in the ledger.
    func endedJobs(since: LedgerInstant?, waitingIn folders: Set<String>) async throws -> EndedJobs
    /// The counts for each folder.
    func books() async throws -> [String: LedgerBooks]

    // MARK: Forgetting

    /// Forgets jobs that have been over for long enough.
    /// - Returns: How many.
    @discardableResult
    func prune(_ policy: PruningPolicy) async throws -> Int
}

extension LedgerStore {
    /// Records how a step ended, and leaves the job's payload as it is.
    /// - Throws: `stale_lease`; `not_allowed`.
    @discardableResult
    public func recordOutcome(_ outcome: StepOutcome, under lease: JobLease) async throws -> RecordedOutcome {
        try await recordOutcome(outcome, payload: nil, under: lease)
    }

    /// A job.
    /// - Throws: `job_not_found`.
    public func job(_ id: JobID) async throws -> Job {
        guard let job = try await list(JobFilter(ids: [id])).first else {
            throw LedgerError(.notFound, "there is no job \(id); `snug jobs` lists those there are")
        }
        return job
    }
}
