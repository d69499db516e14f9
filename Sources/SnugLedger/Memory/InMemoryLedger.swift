// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// A ledger that forgets everything with the process.
///
/// It makes the decisions that every store makes, and looks through all jobs for each: for tests, for dry runs, and for a few
/// thousand jobs.
public final class InMemoryLedger: LedgerStore {
    /// The name under which this instance claims work.
    public let workerID: String
    let policy: LedgerPolicy
    let environment: LedgerEnvironment
    let ids: LedgerIDGenerator
    private let shared: Shared

    /// The content, which several workers may share.
    private final class Shared: Sendable {
        let content = Mutex(InMemoryContent())
    }

    /// Starts empty.
    public convenience init(policy: LedgerPolicy = LedgerPolicy(), environment: LedgerEnvironment = .system) {
        self.init(
            policy: policy, environment: environment, ids: LedgerIDGenerator(environment), shared: Shared())
    }

    private init(policy: LedgerPolicy, environment: LedgerEnvironment, ids: LedgerIDGenerator, shared: Shared) {
        self.policy = policy
        self.environment = environment
        self.ids = ids
        self.shared = shared
        workerID = ids.next()
    }

    /// Another worker on the same jobs.
    public func anotherWorker() -> InMemoryLedger {
        InMemoryLedger(policy: policy, environment: environment, ids: ids, shared: shared)
    }

    /// Changes the content in one step: all of it, or nothing when `body` throws.
    func transact<Result: Sendable>(_ body: (inout InMemoryContent, LedgerInstant) throws -> Result) throws -> Result {
        let now = environment.now()
        return try shared.content.withLock { content in
            var changed = content
            let result = try body(&changed, now)
            content = changed
            return result
        }
    }
}

/// Jobs and all that belongs to them.
struct InMemoryContent: Sendable {
    var jobs: [JobID: Job] = [:]
    var events: [JobID: [JobEvent]] = [:]
    var steps: [JobID: [StepRecord]] = [:]
    var deliveries: [JobID: [JobDelivery]] = [:]
    var books: [String: LedgerBooks] = [:]
    var holds: [LedgerHold] = []
    var served: [String: Int] = [:]
    var claimedAt: [JobLane: LedgerInstant] = [:]

    /// The job, when the lease still holds it.
    func job(under lease: JobLease) throws(LedgerError) -> Job {
        guard let job = jobs[lease.jobID], lease.holds(job) else {
            throw LedgerError(
                .staleLease, "\(lease.jobID) was taken from its worker; drop what was made of it, and claim another")
        }
        return job
    }

    func pending(_ id: JobID) -> [JobDelivery] { (deliveries[id] ?? []).filter { $0.deliveredAt == nil } }

    mutating func save(_ job: Job, verb: String?, now: LedgerInstant) {
        jobs[job.id] = job
        guard let verb else { return }
        events[job.id, default: []].append(
            JobEvent(
                at: now, verb: verb, stage: job.stage, state: job.state, step: job.step, attempt: job.attempt,
                fence: job.fence, reason: job.reason))
    }

    mutating func closeStep(of job: Job, as state: StepRecord.State, now: LedgerInstant) {
        guard let intent = job.openIntent,
            let index = steps[job.id]?.firstIndex(where: { $0.id == intent.id })
        else { return }
        steps[job.id]?[index].state = state
        steps[job.id]?[index].endedAt = now
    }

    /// Adds names to work that is there already.
    mutating func join(_ names: [JobDelivery], to id: JobID, from folder: String, now: LedgerInstant) {
        guard var job = jobs[id] else { return }
        let new = names.filter { name in !(deliveries[id] ?? []).contains { $0.isSameName(as: name) } }
        guard !new.isEmpty else { return }
        deliveries[id, default: []] += new.map { JobDelivery(name: $0.name, folder: $0.folder, source: $0.source) }
        _ = job.join(now: now)
        save(job, verb: "join", now: now)
        books[folder, default: LedgerBooks()].joined += new.count
    }

    mutating func forget(_ id: JobID) {
        jobs[id] = nil
        events[id] = nil
        steps[id] = nil
        deliveries[id] = nil
    }
}
