// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import SnugSystem
import Synchronization
import SystemPackage

/// The state that the workers, the watchers and the dispatcher of a daemon share: a few fields, touched briefly.
final class JobBoard: Sendable {
    private struct State {
        var activities: [JobID: (activity: DaemonEvent.Subject, step: JobStep, since: ContinuousClock.Instant)] = [:]
        var report = DaemonReport()
        /// Lanes in which there may be work that nobody has asked the ledger for.
        var lanes = Set(WorkerLane.allCases)
        /// Jobs that wait for another attempt, by the time of it.
        var retries: [LedgerInstant] = []
        /// Attempts that count among those.
        var countedRetries: [LedgerInstant] = []
        var faults: [String: Int] = [:]
        var pause: JobReason?
        var failures: [String: FailedNames] = [:]
        var taken: [String: Int] = [:]
        /// Jobs that failed in this process, and when.
        var ended: [JobID: LedgerInstant] = [:]
    }
    private let state = Mutex(State())
    private let onEvent: @Sendable (DaemonEvent) -> Void
    /// Signalled when the dispatcher has something to do.
    let wake = AsyncEvent()

    /// Retries that are remembered by their time; beyond that the regular look at the ledger finds them.
    private static let maximumRetries = 10_000

    init(onEvent: @escaping @Sendable (DaemonEvent) -> Void) { self.onEvent = onEvent }

    // MARK: Events

    /// - Parameter fileCount: The files that the event is about: equal ones are one job.
    func report(_ kind: DaemonEvent.Kind, _ subject: DaemonEvent.Subject?, fileCount: Int = 1) {
        state.withLock { state in
            switch kind {
            case .delivered: state.report.deliveredCount += fileCount
            case .failed: state.report.failedCount += fileCount
            case .held: state.report.heldCount += fileCount
            case .settled:
                state.report.takenCount += 1
                if let folder = subject?.folder { state.taken[folder, default: 0] += 1 }
            default: break
            }
        }
        onEvent(DaemonEvent(kind, subject))
    }

    /// Counts a file whose content is that of a job which waits for a person.
    func noteJoinedToHeld() { state.withLock { $0.report.heldCount += 1 } }

    var totals: DaemonReport { state.withLock { $0.report } }

    func takenCount(in folder: String) -> Int { state.withLock { $0.taken[folder] ?? 0 } }

    // MARK: Work

    func began(_ job: Job) {
        state.withLock { state in
            state.activities[job.id] = (DaemonEvent.Subject(job), job.step, .now)
        }
    }

    func ended(_ job: JobID) { state.withLock { $0.activities[job] = nil } }

    var activities: [DaemonStatus.Activity] {
        let now = ContinuousClock.now
        return state.withLock { state in
            state.activities.values.sorted { $0.since < $1.since }.map { entry in
                DaemonStatus.Activity(
                    job: entry.activity.job, folder: entry.activity.folder, name: entry.activity.name,
                    step: entry.step, duration: now - entry.since)
            }
        }
    }

    // MARK: Lanes

    /// Notes that there may be work.
    func mayHaveWork(_ lanes: Set<WorkerLane> = Set(WorkerLane.allCases)) {
        let isNew = state.withLock { state in
            defer { state.lanes.formUnion(lanes) }
            return !lanes.isSubset(of: state.lanes)
        }
        if isNew { wake.signal() }
    }

    /// True when the ledger has to be asked for work of a lane; asking begins now.
    func takeNotice(of lane: WorkerLane) -> Bool { state.withLock { $0.lanes.remove(lane) != nil } }

    /// True while the ledger has to be asked for work of some lane.
    var hasNotice: Bool { state.withLock { !$0.lanes.isEmpty } }

    // MARK: Retries

    func retryLater(_ time: LedgerInstant, consumesAttempt: Bool) {
        state.withLock { state in
            if state.retries.count < Self.maximumRetries { state.retries.append(time) }
            if consumesAttempt, state.countedRetries.count < Self.maximumRetries { state.countedRetries.append(time) }
        }
        wake.signal()
    }

    /// Forgets the retries whose time has come.
    /// - Returns: True when there are some, and the time of the next one.
    func dueRetries(at now: LedgerInstant) -> (isDue: Bool, next: LedgerInstant?) {
        state.withLock { state in
            let count = state.retries.count
            state.retries.removeAll { $0 <= now }
            state.countedRetries.removeAll { $0 <= now }
            return (state.retries.count < count, state.retries.min())
        }
    }

    /// True while a job waits for another attempt that counts.
    var hasCountedRetries: Bool { state.withLock { !$0.countedRetries.isEmpty } }

    // MARK: Faults

    /// Counts a step that failed, in a row.
    func failed(in folder: String) -> Int {
        state.withLock { state in
            state.faults[folder, default: 0] += 1
            return state.faults[folder] ?? 1
        }
    }

    func succeeded(in folder: String) {
        let resumes = state.withLock { state in
            state.faults[folder] = nil
            defer { state.pause = nil }
            return state.pause != nil
        }
        if resumes { report(.resumed, nil) }
    }

    /// Notes that the surroundings allow no work; it is told once.
    func paused(_ reason: JobReason) {
        let isNew = state.withLock { state in
            defer { state.pause = reason }
            return state.pause == nil
        }
        if isNew { report(.paused(reason), nil) }
    }

    var pause: JobReason? { state.withLock { $0.pause } }

    // MARK: Failures

    func failures(of folder: String) -> FailedNames {
        state.withLock { state in
            if let known = state.failures[folder] { return known }
            let new = FailedNames()
            state.failures[folder] = new
            return new
        }
    }

    func noteFailure(of job: Job) {
        failures(of: job.folder).note(job)
        state.withLock { state in
            if state.ended.count >= Self.maximumRetries { state.ended = [:] }
            state.ended[job.id] = job.since
        }
    }

    /// True for a job that ended in this process, and that nobody changed since.
    func hasEnded(_ job: Job) -> Bool { state.withLock { $0.ended[job.id] == job.since } }

    /// True while this process works on a job.
    func isAtWork(on job: JobID) -> Bool { state.withLock { $0.activities[job] != nil } }
}
