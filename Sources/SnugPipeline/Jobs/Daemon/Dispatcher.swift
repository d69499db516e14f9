// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugLedger
import SnugSystem
import Synchronization

/// Hands jobs of the ledger to workers, as many at once as each lane allows.
///
/// It sleeps until something is enqueued, a step ends, or a job is due; a slow regular look finds what other processes
/// changed, such as a pause that was lifted.
final class Dispatcher: Sendable {
    private struct State {
        var running: [WorkerLane: Int] = [:]
        var isDraining = false
        var lastLook = ContinuousClock.now
        var lastTurn = ContinuousClock.now
    }

    /// Time between two looks at the ledger without a reason. Where other hosts hand jobs over, it is shorter, and not the
    /// same for all.
    private let interval: Duration

    private let services: StageServices
    private let board: JobBoard
    private let setup: @Sendable () -> DaemonSetup
    /// Ends when nothing is left to do now.
    private let isOnce: Bool
    /// In a run that ends by itself: true once no more files come.
    private let noMoreFiles: @Sendable () -> Bool
    private let state = Mutex(State())

    init(
        services: StageServices, board: JobBoard, setup: @escaping @Sendable () -> DaemonSetup, isOnce: Bool,
        noMoreFiles: @escaping @Sendable () -> Bool
    ) {
        self.services = services
        self.board = board
        self.setup = setup
        self.isOnce = isOnce
        self.noMoreFiles = noMoreFiles
        interval = setup().configuration.role.isAlone ? .seconds(5) : .milliseconds(Int.random(in: 750...1500))
    }

    /// Begins no more work.
    func drain() {
        state.withLock { $0.isDraining = true }
        board.wake.signal()
    }

    /// Work that runs.
    var runningCount: Int { state.withLock { $0.running.values.reduce(0, +) } }

    /// The time since the loop last turned; `nil` once it takes no more work.
    var timeSinceTurn: Duration? {
        state.withLock { $0.isDraining ? nil : ContinuousClock.now - $0.lastTurn }
    }

    /// Runs until it is drained or cancelled and everything that ran has ended.
    func run() async {
        // A last look, once no other host works on jobs of this one any more, finds what was handed over meanwhile.
        var isLastLook = setup().configuration.role.isAlone
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled, !state.withLock({ $0.isDraining }) {
                state.withLock { $0.lastTurn = .now }
                let found = await claim(in: &group)
                if isOnce, !found, isIdle {
                    let isAwaited = await isAwaitedElsewhere()
                    if isLastLook, !isAwaited { return }
                    isLastLook = !isAwaited || setup().configuration.role.isAlone
                    if isLastLook {
                        board.mayHaveWork()
                        continue
                    }
                }
                await pause()
            }
        }
    }

    // MARK: Claiming

    /// True when nothing runs, nothing is due, and nothing comes.
    private var isIdle: Bool { runningCount == 0 && noMoreFiles() && !board.hasCountedRetries && !board.hasNotice }

    /// True while other hosts work on jobs of this one, which are handed over to it then.
    private func isAwaitedElsewhere() async -> Bool {
        let setup = setup()
        guard case .host = setup.configuration.role else { return false }
        for folder in setup.ownFolders {
            let filter = JobFilter(states: [.running], folder: folder, limit: 1)
            if let jobs = try? await services.ledger.list(filter), !jobs.isEmpty { return true }
        }
        return false
    }

    /// True when nothing new may be begun, because a disk is nearly full.
    private func waitsForRoom() async -> Bool {
        guard board.hasNotice else { return false }
        let (reserve, folders) = (services.reserve, setup().written)
        let shortage: JobReason?
        if let recent = reserve.recentShortage(in: folders) {
            shortage = recent
        } else {
            shortage = await services.threads.runUncancelled { reserve.shortage(in: folders) }
        }
        guard let reason = shortage else { return false }
        board.paused(reason)
        // Jobs wait for something else than time.
        for lane in WorkerLane.allCases { _ = board.takeNotice(of: lane) }
        board.retryLater(.now + DiskReserve.interval, consumesAttempt: false)
        return true
    }

    /// True when nothing new may be begun, because the storage cannot be reached.
    private func waitsForStorage() -> Bool {
        guard board.hasNotice, let left = services.storagePauseLeft else { return false }
        for lane in WorkerLane.allCases { _ = board.takeNotice(of: lane) }
        board.retryLater(.now + left, consumesAttempt: false)
        return true
    }

    private func claim(in group: inout DiscardingTaskGroup) async -> Bool {
        if await waitsForRoom() { return false }
        if waitsForStorage() { return false }
        var found = false
        let setup = setup()
        let reach = setup.reach(hasStorage: services.storage != nil)
        for lane in WorkerLane.allCases {
            let steps = lane.steps.intersection(setup.configuration.role.steps)
            let running = state.withLock { $0.running[lane] ?? 0 }
            let hand = lane.hand(setup.configuration.workers, fitTime: services.fitTime)
            let free = hand - running
            // Nobody here does such work: nothing waits for it.
            if hand == 0 { _ = board.takeNotice(of: lane) }
            guard free > 0, lane != .fit || WorkerLane.isRoomy(queued: services.gate.queuedCount, hand: hand),
                board.takeNotice(of: lane)
            else { continue }
            do {
                let request = ClaimRequest(steps, limit: free, lease: services.leaseTime, reach: reach)
                let asked = ContinuousClock.now
                let jobs = steps.isEmpty ? [] : try await services.ledger.claim(request)
                // A full hand means that there may be more.
                if jobs.count == free { board.mayHaveWork([lane]) }
                for job in jobs {
                    found = true
                    begin(job, asked, in: lane, &group)
                }
            } catch is CancellationError {
                // The end of the daemon.
                return found
            } catch {
                board.paused(JobReason(code: "ledger_failed", message: "\(error)"))
                services.logger.error("ledger cannot be asked for work", metadata: ["reason": "\(error)"])
                board.retryLater(.now + interval, consumesAttempt: false)
            }
        }
        return found
    }

    private func begin(
        _ claim: ClaimedJob, _ asked: ContinuousClock.Instant, in lane: WorkerLane, _ group: inout DiscardingTaskGroup
    ) {
        state.withLock { $0.running[lane, default: 0] += 1 }
        let runner = JobRunner(services: services, setup: setup(), board: board)
        // Queued here, so that turns are those of the ledger.
        let ticket = claim.job.step == .fit ? services.gate.queue(alone: claim.job.crashes > 0) : nil
        // A fit mostly blocks: it runs where it may, and does not change threads for each file that it touches.
        group.addTask(executorPreference: lane == .fit ? services.threads : nil) { [self] in
            let job = await runner.run(claim, ticket, asked: asked)
            board.ended(claim.job.id)
            state.withLock { $0.running[lane, default: 1] -= 1 }
            if let job, claim.job.crashes == 0 {
                if job.state == .waiting { board.mayHaveWork([WorkerLane(job.step)]) }
            } else {
                // A job that has ended a process before kept others waiting.
                board.mayHaveWork()
            }
            board.wake.signal()
        }
    }

    /// Waits for a signal, for the next job that is due, or for the time of the regular look.
    private func pause() async {
        let now = LedgerInstant.now
        let (isDue, next) = board.dueRetries(at: now)
        if isDue {
            board.mayHaveWork()
            return
        }
        var wait = interval
        if let next { wait = min(wait, .milliseconds(max(1, next.milliseconds - now.milliseconds))) }
        _ = await board.wake.wait(for: wait)
        let isTime = state.withLock { state in
            guard ContinuousClock.now - state.lastLook >= interval else { return false }
            state.lastLook = .now
            return true
        }
        if isTime { board.mayHaveWork() }
    }
}
