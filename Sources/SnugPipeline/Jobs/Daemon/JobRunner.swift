// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugGeneration
import SnugLedger
import SnugSystem
import Synchronization
import SystemPackage

/// Carries out claimed steps: keeps the lease, does the work, records how it ended, and puts sources away.
struct JobRunner: Sendable {
    let services: StageServices
    let setup: DaemonSetup
    let board: JobBoard

    private var ledger: any LedgerStore { services.ledger }

    /// Carries out one step, to its recorded end.
    ///
    /// When the task is cancelled, the job is handed back at no cost to it.
    /// - Returns: The job as it is then; `nil` when it is not known, or somebody else's.
    /// - Parameters:
    ///   - claim: The job.
    ///   - ticket: The turn of a fit.
    ///   - asked: When the job was asked for.
    func run(_ claim: ClaimedJob, _ ticket: FitGate.Ticket?, asked: ContinuousClock.Instant = .now) async -> Job? {
        services.leases.note(claim.lease, for: services.leaseTime, asked: asked)
        var isAtWork = true
        let job = await finish(claim, ticket, &isAtWork)
        services.leases.forget(claim.lease)
        if isAtWork { await ledger.endWork(under: claim.lease) }
        if services.storage != nil {
            let files = services.files.ofClaim(claim.lease.fence)
            await services.threads.runUncancelled { files.remove(claim.job.id) }
        }
        if let ticket { services.gate.leave(ticket) }
        return job
    }

    /// - Parameter isAtWork: False once the ledger knows that the work is over.
    private func finish(
        _ claim: ClaimedJob, _ ticket: FitGate.Ticket?, _ isAtWork: inout Bool
    ) async -> Job? {
        services.passed(.claimed)
        let subject = DaemonEvent.Subject(claim.job)
        do {
            let task = try JobTask(claim, services, setup, ticket) { board.report($0, subject) }
            let success = try await keepingLease(of: claim) { try await work(task, claim, ticket) }
            if ticket != nil, isShort(claim) {
                // The work is done and durable: a process that ends now is not ended by it.
                await ledger.endWork(under: claim.lease)
                isAtWork = false
                await services.ends.wait(others: services.gate.count - 1)
            }
            return await end(claim, task, success, subject)
        } catch is CancellationError {
            return await handBack(claim)
        } catch is LostLease {
            services.logger.debug("job was taken away", metadata: ["job": "\(claim.job.id)"])
            return nil
        } catch {
            return await fail(claim, error, subject)
        }
    }

    /// Does the step when its turn comes. Until then nothing is begun that could end the process.
    private func work(
        _ task: JobTask, _ claim: ClaimedJob, _ ticket: FitGate.Ticket?
    ) async throws -> JobTask.Success {
        if let ticket { try await services.gate.enter(ticket) }
        await ledger.beginWork(under: claim.lease)
        services.passed(.begun)
        board.began(claim.job)
        board.report(.began(claim.job.step), DaemonEvent.Subject(claim.job))
        return try await task.run()
    }

    // MARK: Lease

    /// Does the work while the lease is renewed; it ends early when the job is somebody else's, or to be cancelled.
    private func keepingLease(
        of claim: ClaimedJob, _ work: @escaping @Sendable () async throws -> JobTask.Success
    ) async throws -> JobTask.Success {
        // A fit stays on the threads that this task runs on.
        let task = Task(executorPreference: claim.job.step == .fit ? services.threads : nil) { try await work() }
        let kept = services.keeper.keep(claim.lease) { task.cancel() }
        defer { services.keeper.release(kept) }
        do {
            return try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
        } catch is CancellationError {
            throw services.keeper.isLost(kept) ? LostLease() : CancellationError()
        }
    }

    private func handBack(_ claim: ClaimedJob) async -> Job? {
        // A submission that the provider has accepted is certain: the job resumes with its results.
        if claim.job.step == .submit, await isAccepted(claim.job) {
            return await record(.advanced(to: .collect), payload: nil, claim)?.job
        }
        do { return try await ledger.release(claim.lease) } catch {
            // The lease ends with the process.
            services.logger.debug("job is not handed back", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    private func isAccepted(_ job: Job) async -> Bool {
        let state = try? await services.generationStores.journal.record(job.id.description)?.state
        return state == .accepted || state == .completed
    }

    // MARK: Ends

    /// True for a fit whose end may wait a moment for those of others.
    private func isShort(_ claim: ClaimedJob) -> Bool {
        guard claim.job.crashes == 0, let time = services.fitTime else { return false }
        return time <= Self.shortFit
    }

    /// So many short fits are in hand that the engine does not run dry while their ends wait.
    private static let shortFit = Duration.milliseconds(50)

    private func end(
        _ claim: ClaimedJob, _ task: JobTask, _ success: JobTask.Success, _ subject: DaemonEvent.Subject
    ) async -> Job? {
        guard let recorded = await record(success.outcome, payload: success.payload, claim) else { return nil }
        services.passed(.recorded)
        board.succeeded(in: claim.job.folder)
        for event in success.events {
            board.report(event, subject, fileCount: claim.fileCount)
        }
        guard case .delivered(let names) = success.outcome else { return recorded.job }
        await SourceCleaner(services: services, setup: setup, board: board).finish(names, of: claim.job)
        services.passed(.disposed)
        guard recorded.job.state == .delivered else { return recorded.job }
        await task.forgetGeneration()
        if services.storage != nil || task.options.stages != [.fit], task.options.generation == nil {
            let (files, id) = (services.files, claim.job.id)
            await services.threads.runUncancelled { files.remove(id) }
        }
        return recorded.job
    }

    private func fail(_ claim: ClaimedJob, _ error: any Error, _ subject: DaemonEvent.Subject) async -> Job? {
        let fault = StepFault(error, account: claim.job.account)
        // Every job meets it: it is told once, and work resumes by itself.
        if let error = error as? StorageError, [.unavailable, .refused].contains(error.code) {
            services.noteStorageDown(for: error.retryAfter)
            board.paused(fault.reason)
        }
        let context = setup.context(named: claim.job.folder)
        let isPaid = await isAccepted(claim.job) || JobPayload(text: claim.job.payload).images != nil
        let policy = FaultPolicy(maximumAttempts: context?.settings.maximumAttempts ?? 5)
        let decision = policy.decide(
            fault,
            FaultPolicy.Situation(
                step: claim.job.step, attempt: claim.job.attempt, isPaid: isPaid,
                faultsInARow: board.failed(in: claim.job.folder), now: LedgerInstant.now,
                random: Double.random(in: 0...1)))
        if let account = decision.parkedAccount, let until = decision.until {
            await attempt("account cannot be parked") {
                let client = try await client(of: account)
                try await ParkedAccount(account, in: ledger).park(until: until, reason: fault.reason, client: client)
            }
            board.report(.parked(account: account, fault.reason, until: until), nil)
        }
        // A full disk of this host holds up no other.
        if decision.pausesFolder, let until = decision.until, setup.owns(claim.job.folder) {
            await pause(claim.job.folder, fault.reason, until)
        }
        guard let recorded = await record(decision.outcome, payload: nil, claim) else { return nil }
        services.passed(.recorded)
        switch recorded.job.state {
        case .failed:
            board.noteFailure(of: recorded.job)
            let cleaner = SourceCleaner(services: services, setup: setup, board: board)
            let report = await cleaner.fail(recorded.job, recorded.job.reason ?? fault.reason)
            services.passed(.disposed)
            board.report(
                .failed(recorded.job.reason ?? fault.reason, report: report), subject, fileCount: claim.fileCount)
        case .held: board.report(.held(recorded.job.reason ?? fault.reason), subject, fileCount: claim.fileCount)
        default:
            // What was accepted is paid for: a run that ends by itself waits for it, as for an attempt.
            let isAwaited = decision.consumesAttempt || fault.kind == .pending
            board.retryLater(decision.until ?? .now, consumesAttempt: isAwaited)
            board.report(
                .postponed(
                    fault.reason, until: decision.until ?? .now, consumesAttempt: decision.consumesAttempt), subject)
        }
        return recorded.job
    }

    /// The name by which clients remember an account of the configuration.
    private func client(of account: String) async throws -> String? {
        guard let account = setup.account(named: account) else { return nil }
        let services = services
        return try await services.threads.run { try services.client(for: account) }.account
    }

    /// Holds up a folder, unless a person has paused it already, perhaps for longer.
    private func pause(_ folder: String, _ reason: JobReason, _ until: LedgerInstant) async {
        await attempt("folder cannot be paused") {
            let isPaused = try await ledger.holds().contains { $0.kind == .pause && $0.scope == .folder(folder) }
            if !isPaused { try await ledger.pause(.folder(folder), until: until, reason: reason) }
        }
        board.paused(reason)
    }

    private func attempt(_ what: String, _ body: () async throws -> Void) async {
        do { try await body() } catch {
            services.logger.warning("\(what)", metadata: ["reason": "\(error)"])
        }
    }

    /// Records an outcome, and tries again for as long as the ledger cannot be written.
    /// - Returns: `nil` when the job is somebody else's by now.
    private func record(_ outcome: StepOutcome, payload: JobPayload?, _ claim: ClaimedJob) async -> RecordedOutcome? {
        var delay = Duration.milliseconds(250)
        while true {
            do {
                return try await ledger.recordOutcome(outcome, payload: payload?.text, under: claim.lease)
            } catch let error as LedgerError where [.staleLease, .notFound, .closed].contains(error.code) {
                services.logger.warning("outcome came too late", metadata: ["job": "\(claim.job.id)"])
                return nil
            } catch {
                board.paused(JobReason(code: "ledger_failed", message: "\(error)"))
                services.logger.error("outcome cannot be recorded", metadata: ["reason": "\(error)"])
                // The process is about to end: the next one finds the step unfinished.
                if Task.isCancelled { return nil }
                try? await Task.sleep(for: delay)
                delay = min(delay * 2, .seconds(10))
            }
        }
    }
}

extension ClaimedJob {
    /// The files that wait for the result.
    fileprivate var fileCount: Int { max(1, pendingDeliveries.count) }
}

extension DaemonEvent.Subject {
    init(_ job: Job) { self.init(job: job.id, folder: job.folder, name: job.name) }
}
