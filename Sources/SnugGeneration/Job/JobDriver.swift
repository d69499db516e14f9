// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugHTTP
import SnugSystem

/// Carries out the effects and actions of one ``GenerationJob``: submits, searches, polls, delivers, saves, waits.
final class JobDriver {
    let context: ClientContext
    let deadline: ContinuousClock.Instant?
    let begin = ContinuousClock.now
    let onEvent: @Sendable (GenerationEvent) -> Void
    var job: GenerationJob
    var preparation: Preparation
    /// The images as they were last prepared; `nil` when they have to be prepared again.
    var prepared: PreparedJob?
    var submission: Submission?
    /// The budget's payment for the last retry.
    var paid: Double?
    /// The secret of the last request.
    var usedSecret: Secret?

    init(
        _ context: ClientContext, _ record: GenerationRecord, held: GenerationRecord? = nil,
        deadline: ContinuousClock.Instant?, onEvent: @escaping @Sendable (GenerationEvent) -> Void
    ) {
        self.context = context
        self.deadline = deadline
        self.onEvent = onEvent
        job = GenerationJob(record, context.jobSettings, held: held)
        preparation = Preparation(context, record.request, deadline: deadline)
    }

    /// Works on the job until its images are delivered.
    func run() async throws -> Generation {
        do {
            let promised = job.record.state == .sending && !job.record.resultURLs.isEmpty
            var action = try await transition(
                .started(
                    kept: try await keptImages(), promised: promised ? job.record.resultURLs.count : nil))
            while true {
                if case .finish(let completion) = action { return await finish(completion) }
                action = action.needsQueue && needsQueue ? try await settle(action) : try await step(action)
            }
        } catch {
            throw await ended(error)
        }
    }

    // In a listing two jobs with the same prompt look the same, and a fallback may make their models the same.
    private var needsQueue: Bool { context.traits.contract == .history }

    /// Works on until the outcome of the submission is known, alone among the jobs with the same prompt.
    private func settle(_ action: GenerationJob.Action) async throws -> GenerationJob.Action {
        let settled = try await context.submissionQueue.run(job.record.request.prompt, until: deadline) {
            var action = action
            while !action.isSettled { action = try await step(action) }
            return action
        }
        guard let settled else {
            throw GenerationError(
                .deadlineExceeded,
                "the time is over: another submission with the same prompt was still under way, so "
                    + "nothing was sent")
        }
        return settled
    }

    private func step(_ action: GenerationJob.Action) async throws -> GenerationJob.Action {
        try await transition(try await perform(action))
    }

    private func transition(_ event: GenerationJob.Event) async throws -> GenerationJob.Action {
        let transition = job.handle(event, conditions)
        for effect in transition.effects { try await carryOut(effect) }
        if case .fail(let error) = transition.action { throw error }
        return transition.action
    }

    private func perform(_ action: GenerationJob.Action) async throws -> GenerationJob.Event {
        switch action {
        case .prepare: return try await prepare()
        case .send: return .submitted(try await send())
        case .claim(let id, let claim): return .claimed(await self.claim(id), claim)
        case .payForRetry(let retry): return .retryPaid(pay(for: retry), retry)
        case .listModels(let ending): return .modelsListed(await context.modelNames(), ending)
        case .search(let search): return .searched(try await self.search(), search)
        case .readBalance(let search):
            return .balanceRead(try? await context.balance(within: .seconds(10)), search)
        case .poll(let polling): return .polled(try await poll(polling.id), polling)
        case .keep(let delivery): return .kept(await keep(delivery.result), delivery)
        case .recordResult(let record, let delivery): return .resultRecorded(await tryToSave(record), delivery)
        case .fetch(let image, let place, let delivery): return try await fetch(image, to: place, delivery)
        case .rescue(let image, let error, let delivery): return .rescued(await rescue(image), error, delivery)
        case .finish, .fail: preconditionFailure("the end of a job is no step")
        }
    }

    private func carryOut(_ effect: GenerationJob.Effect) async throws {
        switch effect {
        case .save(let record): try await save(record)
        case .notify(let event): emit(event)
        case .sleep(let wait): try await context.environment.sleep(wait)
        case .change(let change): try await apply(change)
        case .spend(let cost): await context.updateAccountState { $0.spend(cost) }
        case .refundRetry:
            context.http.budgets.succeed(context.origin, paid: paid)
            paid = nil
        case .countAvoidedCharge: context.instruments.recordChargeAvoided()
        case .discard(let image): image.discard()
        }
    }

    private func pay(for retry: SubmissionMachine.Retry) -> Bool {
        paid = context.http.budgets.pay(context.origin, throttled: retry.isThrottled)
        context.instruments.recordBudget(context.http.budgets.tokens(context.origin))
        return paid != nil
    }

    private func claim(_ id: String) async -> Bool {
        await context.claim(id, for: job.record.key)
    }

    // MARK: The end

    /// Notes that the job is done. The images are delivered whatever becomes of that.
    private func finish(_ completion: GenerationJob.Completion) async -> Generation {
        do {
            if let record = completion.record {
                try await save(record)
            } else {
                try await context.journal.remove(job.record.id)
            }
            for image in completion.spooled { image.discard() }
        } catch {
            warn("a delivered job could not be recorded as done", error)
        }
        var generation = completion.generation
        generation.duration = ContinuousClock.now - begin
        return generation
    }

    /// Adds everything known to the error, and leaves nothing in the journal that is settled.
    private func ended(_ error: any Error) async -> any Error {
        do {
            switch job.settlement {
            case .keep: break
            case .remove: try await context.journal.remove(job.record.id)
            case .restore(let held): try await context.journal.save(held)
            }
        } catch {
            warn("a settled record stays in the journal", error)
        }
        guard let known = error as? GenerationError else {
            if !(error is CancellationError) { emit(.failed(.badResponse)) }
            return error
        }
        let completed = job.completed(known)
        emit(.failed(completed.code))
        return completed
    }

    // MARK: Tools

    var conditions: Conditions {
        Conditions(now: context.now, remaining: remaining, random: context.environment.random())
    }

    var remaining: Duration? { deadline.map { $0 - .now } }

    func save(_ record: GenerationRecord) async throws {
        do {
            try await context.journal.save(record)
        } catch let error as GenerationError {
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw GenerationError(.journalFailed, "the journal cannot save the job: \(error)", cause: error)
        }
    }

    func emit(_ event: GenerationEvent) {
        context.instruments.record(event)
        if case .attempt(let attempt) = event { context.counters.record(attempt) }
        context.logger.debug("generation", metadata: ["id": "\(job.record.id)", "event": "\(event)"])
        onEvent(event)
    }

    func warn(_ message: String, _ error: any Error) {
        context.logger.warning("\(message)", metadata: ["id": "\(job.record.id)", "error": "\(error)"])
    }
}

extension GenerationJob.Action {
    /// True for the beginning of a submission whose job a listing may have to tell from others.
    fileprivate var needsQueue: Bool {
        switch self {
        case .prepare, .search, .payForRetry: true
        default: false
        }
    }

    /// True when the outcome of the submission is known.
    fileprivate var isSettled: Bool {
        switch self {
        case .poll, .fetch, .rescue, .finish, .fail: true
        default: false
        }
    }
}

extension ClientContext {
    fileprivate var jobSettings: GenerationJob.Settings {
        GenerationJob.Settings(
            contract: traits.contract, policy: options.retry, polling: options.polling, searches: options.searches,
            maximumRefits: options.maximumRefits, repeatsLost: options.repeatsLost, canRefresh: credentials.isSession,
            hasJobs: traits.hasJobs, defaultModel: traits.defaultModel, account: account,
            host: provider.baseURL.authority)
    }
}
