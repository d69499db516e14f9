// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugHTTP

/// One submission, from its record to its images.
///
/// Each step is in the journal before it is taken, so that an operation that was killed anywhere goes on from its record.
final class Operation {
    enum Phase {
        case submit
        /// Look for the job that may have been begun.
        case search(ProviderFailure)
        case poll(id: String, JobResult)
        case deliver(JobResult)
    }

    let parts: ClientContext
    var record: GenerationRecord
    var job: PreparedJob
    var machine: SubmissionMachine
    var preparation: Preparation
    let deadline: ContinuousClock.Instant?
    let begin = ContinuousClock.now
    private let onEvent: @Sendable (GenerationEvent) -> Void

    var attempts: [Attempt] = []
    var polls = 0
    var isRecovered = false
    /// Whether a request may be on the wire of which nothing is known yet.
    var isInFlight = false
    /// What was held before a person sent it again: it stays so when nothing comes of that.
    let held: GenerationRecord?
    /// Whether a result is here that is in the journal nowhere.
    var hasLooseResult = false
    var isPrepared = false
    var paid: Double?
    /// The secret that was sent last.
    var usedSecret: Secret?

    init(
        _ parts: ClientContext, _ record: GenerationRecord, held: GenerationRecord? = nil,
        deadline: ContinuousClock.Instant?, onEvent: @escaping @Sendable (GenerationEvent) -> Void
    ) {
        self.parts = parts
        self.record = record
        self.held = held
        self.deadline = deadline
        self.onEvent = onEvent
        let request = record.request
        job = PreparedJob(
            request: request, model: record.model ?? request.model ?? parts.traits.defaultModel, seed: record.seed,
            images: [], mask: nil, key: record.key,
            usesBody: record.state == .sending && record.form?.usesBody == true, submittedAt: record.submittedAt)
        preparation = Preparation(parts, request, deadline: deadline)
        let isSession: Bool = if case .session = parts.credentials { true } else { false }
        // After a fallback the models before it are not asked again.
        let left =
            record.model.flatMap { request.fallbackModels.firstIndex(of: $0) }
            .map { request.fallbackModels.suffix(from: $0 + 1) } ?? request.fallbackModels[...]
        machine = SubmissionMachine(
            policy: parts.options.retry, contract: parts.traits.contract, fallbacks: Array(left),
            maximumRefits: parts.options.maximumRefits, canRefresh: isSession,
            repeatsLost: parts.options.repeatsLost, mayHaveTakenEffect: record.state == .sending)
    }

    // MARK: From beginning to end

    func run() async throws -> Generation {
        do {
            var phase = try await firstPhase()
            while true {
                switch phase {
                case .submit, .search: phase = try await obtain(phase)
                case .poll(let id, let known): phase = try await poll(id, known)
                case .deliver(let result):
                    do {
                        return try await deliver(result)
                    } catch let lost as LostResult {
                        phase = try await self.phase(after: machine.answered(.unknown(lost.refusal), means()))
                    }
                }
            }
        } catch {
            throw await ended(error)
        }
    }

    private func firstPhase() async throws -> Phase {
        switch record.state {
        case .preparing: return .submit
        case .accepted:
            guard let id = record.jobID else { return .submit }
            _ = await parts.claims.take(id, for: record.key, now: parts.now)
            return .poll(id: id, JobResult(id: id))
        case .completed:
            isRecovered = true
            guard let result = keptResult() else { return try await missing() }
            return .deliver(result)
        case .sending where !parts.traits.contract.givesAgain && !keptImages().isEmpty:
            // The answer was here, and its images; only the record of them is not.
            isRecovered = true
            return .deliver(JobResult(images: keptImages(), id: record.jobID, model: record.model))
        case .sending:
            if record.account != parts.account, parts.traits.contract != .history {
                return try await phase(after: .hold(Self.otherKey))
            }
            return try await phase(
                after: machine.interrupted(
                    ProviderFailure(
                        code: .outcomeUnknown,
                        message: "it was sent before, and nobody was there any more when the answer came")))
        case .delivered: throw GenerationClient.unknown(record.id)
        case .held:
            var error = GenerationError(
                .outcomeUnknown, "it is held, and was not sent again: \(record.note ?? "its outcome is unknown")")
            error.isOutcomeUnknown = true
            throw error
        }
    }

    /// Submits until there is a job or a result.
    private func obtain(_ first: Phase) async throws -> Phase {
        guard parts.traits.contract == .history else { return try await settle(first) }
        // In a listing two with the same prompt look the same, and a fallback may make their models the same.
        return try await parts.twins.alone(job.request.prompt, until: deadline) { try await settle(first) }
    }

    private func settle(_ first: Phase) async throws -> Phase {
        var phase = first
        while true {
            switch phase {
            case .submit: phase = try await submit()
            case .search(let refusal): phase = try await search(refusal)
            case .poll, .deliver: return phase
            }
        }
    }

    // MARK: Decisions

    func means() -> SubmissionMachine.Means {
        SubmissionMachine.Means(
            remaining: remaining, random: parts.environment.random(),
            payBudget: { [self] throttled in
                paid = parts.http.budgets.pay(parts.origin, throttled: throttled)
                parts.instruments.recordBudget(parts.http.budgets.tokens(parts.origin))
                return paid != nil
            })
    }

    /// Does what the machine decided.
    func phase(after step: SubmissionMachine.Step) async throws -> Phase {
        switch step {
        case .deliver(let result, let isRecovered):
            // Also what is finished is somebody's, so that a search does not give it to another.
            if let id = result.id, await !parts.claims.take(id, for: record.key, now: parts.now) {
                return try await phase(after: .hold(Self.foreign(id)))
            }
            if isRecovered || result.isReplayed { recovered() }
            await completed(result)
            return .deliver(result)
        case .poll(let id, let result):
            guard await parts.claims.take(id, for: record.key, now: parts.now) else {
                return try await phase(after: .hold(Self.foreign(id)))
            }
            record.state = .accepted
            record.jobID = id
            record.note = nil
            try await save()
            emit(.accepted(id: id))
            return .poll(id: id, result)
        case .again(let change, let wait, let code):
            if !machine.mayHaveTakenEffect, record.state == .sending {
                // Known to be not acted on, so that a kill before the next attempt leaves nothing in doubt.
                record.state = .preparing
                try await save()
            }
            try await apply(change, code)
            try await self.wait(wait, because: code)
            return .submit
        case .search(let refusal): return .search(refusal)
        case .fail(let refusal, let reason):
            throw await failure(refusal, reason)
        case .leaveOpen(let refusal, let reason):
            var error = await failure(refusal, reason)
            error.isOutcomeUnknown = true
            error.message += "; it may have been made: the same work given again goes on with it"
            record.note = error.message
            try await save()
            throw error
        case .hold(let refusal):
            record.state = .held
            record.note = refusal.message
            try await save()
            var error = GenerationError(refusal, now: parts.now)
            error.code = .outcomeUnknown
            error.isOutcomeUnknown = true
            throw error
        }
    }

    private static let otherKey = ProviderFailure(
        code: .outcomeUnknown,
        message: "it was sent with another key, and with this one the provider may not know it as the same")

    private static func foreign(_ id: String) -> ProviderFailure {
        ProviderFailure(
            code: .outcomeUnknown,
            message: "the provider answered with the job \(id), which belongs to another submission of ours")
    }

    func recovered() {
        if !isRecovered { parts.instruments.recordChargeAvoided() }
        isRecovered = true
    }

    private func wait(_ wait: Duration, because code: GenerationError.Code) async throws {
        guard wait > .zero else { return }
        if !attempts.isEmpty { attempts[attempts.count - 1].wait = wait }
        emit(.waiting(wait, reason: code))
        try await parts.environment.sleep(wait)
    }

    // MARK: Tools

    var remaining: Duration? { deadline.map { $0 - .now } }

    /// - Throws: `deadline_exceeded` when a wait would be over after it.
    func checkTime(for wait: Duration = .zero, _ what: String) throws(GenerationError) {
        guard let remaining, wait >= remaining else { return }
        throw GenerationError(.deadlineExceeded, "the time is over: \(what)")
    }

    func save() async throws {
        do {
            try await parts.journal.save(record)
        } catch let error as GenerationError {
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw GenerationError(.journalFailed, "the journal cannot keep what is done: \(error)", cause: error)
        }
    }

    func emit(_ event: GenerationEvent) {
        parts.instruments.record(event)
        if case .attempt(let attempt) = event { parts.counters.record(attempt) }
        parts.logger.debug("generation", metadata: ["id": "\(record.id)", "event": "\(event)"])
        onEvent(event)
    }

    /// Tells of unfinished images, also from the thread that reads the answer.
    var show: @Sendable (Int, SpooledImage) -> Void {
        let onEvent = onEvent
        let instruments = parts.instruments
        return { index, image in
            let event = GenerationEvent.partialImage(index: index, path: image.path)
            instruments.record(event)
            onEvent(event)
        }
    }

    var progress: @Sendable (Int, Int?) -> Void {
        let onEvent = onEvent
        return { onEvent(.downloading(received: $0, total: $1)) }
    }

    func log(_ what: String, _ error: any Error) {
        parts.logger.warning("\(what)", metadata: ["id": "\(record.id)", "error": "\(error)"])
    }
}
