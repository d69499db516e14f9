// SPDX-License-Identifier: Apache-2.0

// The changes that workers make. They know no store, so that all stores make them alike.
extension Job {
    /// Makes a job of what was put in.
    init(_ new: NewJob, id: JobID, key: String, now: LedgerInstant) {
        self.id = id
        name = new.name
        folder = new.folder
        account = new.account
        priority = new.priority
        identity = new.identity
        stage = new.identity.contentHash == nil ? .discovered : .settled
        state = .waiting
        step = new.step
        since = now
        dueAt = Self.due(new.dueAt ?? now)
        attempt = 0
        crashes = 0
        fence = 0
        isOutcomeUnknown = false
        isCancelRequested = false
        self.key = key
        supersedes = new.supersedes
        payload = new.payload
        createdAt = now
    }

    /// True when it can be handed out, pauses apart.
    func isDue(now: LedgerInstant) -> Bool { state == .waiting && dueAt <= now }

    /// Gives it to a worker.
    mutating func claim(by worker: String, for lease: Duration, now: LedgerInstant) {
        move(to: .running, nil, now: now)
        owner = worker
        leaseUntil = now + lease
        fence += 1
        attempt += 1
    }

    /// Notes an effect that is about to be attempted.
    mutating func open(_ intent: StepIntent, id: String) throws(LedgerError) {
        guard openIntent == nil else {
            throw LedgerError(.notAllowed, "\(self.id): an effect is recorded already; record its outcome first")
        }
        guard !isOutcomeUnknown else {
            throw LedgerError(
                .notAllowed, "\(self.id): the outcome of its submission is unknown; reconcile before submitting again")
        }
        openIntent = OpenIntent(id: id, repetition: intent.repetition)
    }

    /// Ends the running step.
    /// - Parameter names: The names that wait for the result.
    /// - Returns: How the open effect ended.
    mutating func finish(
        _ outcome: StepOutcome, pending names: [JobDelivery], now: LedgerInstant
    ) -> StepRecord.State {
        let effect = openIntent
        let wasCancelled = isCancelRequested
        leave()
        defer { if wasCancelled { cancelIfWaiting(now: now) } }
        switch outcome {
        case .advanced(let next, let date):
            // A submission that never arrived has reached nothing, nor has a step that needs other work first.
            let isSetBack =
                step == .deliver || (step == .reconcile && next == .submit) || (step != .settle && next == .settle)
            if !isSetBack { stage = max(stage, step.stage) }
            isOutcomeUnknown = false
            proceed(to: next, at: date ?? now, now: now)
        case .identified(let hash, let next):
            identity.contentHash = hash
            stage = max(stage, .settled)
            // A submission whose outcome is unknown is asked about, and never sent again.
            proceed(to: isOutcomeUnknown && next == .submit ? .reconcile : next, at: now, now: now)
        case .delivered(let delivered):
            if names.allSatisfy({ name in delivered.contains { $0.isSameName(as: name) } }) {
                stage = .delivered
                move(to: .delivered, nil, now: now)
            } else {
                proceed(to: .deliver, at: now, now: now)
            }
        case .retry(let date, let reason, let consumesAttempt):
            if !consumesAttempt { attempt -= 1 }
            dueAt = Self.due(date)
            move(to: .waiting, reason, now: now)
            return .failed
        case .failed(let reason):
            isOutcomeUnknown = false
            move(to: .failed, reason, now: now)
            return .failed
        case .held(let reason):
            move(to: .held, reason, now: now)
            return .failed
        case .unknown(let reason):
            becomeUnknown(effect, reason, now: now)
            return .unknown
        }
        return .done
    }

    /// Takes it back from a worker that hands it back.
    /// - Returns: How the open effect ended.
    mutating func release(now: LedgerInstant) -> StepRecord.State {
        let effect = openIntent
        let wasCancelled = isCancelRequested
        leave()
        attempt -= 1
        defer { if wasCancelled { cancelIfWaiting(now: now) } }
        if let effect, effect.repetition != .safe {
            becomeUnknown(
                effect, unknownReason("the worker was stopped while the \(submissionWord) was under way"), now: now)
            return .unknown
        }
        dueAt = now
        move(to: .waiting, JobReason(code: JobReason.released, message: "handed back unfinished"), now: now)
        return .failed
    }

    /// Why a worker no longer has a job.
    enum Loss: Sendable {
        /// - Parameter isSuspected: The process was at work on it, and had not merely claimed it.
        case processEnded(isSuspected: Bool)
        case leaseExpired

        /// True when the job may be the cause.
        var isSuspected: Bool { if case .processEnded(false) = self { false } else { true } }
    }

    /// Takes it back from a worker that is gone.
    /// - Returns: How the open effect ended.
    mutating func rescue(_ loss: Loss, maximumCrashes: Int, now: LedgerInstant) -> StepRecord.State {
        let effect = openIntent
        let (earlier, wasCancelled) = (crashes, isCancelRequested)
        leave()
        // What ended a process ends the next one, too, until something succeeds.
        crashes = earlier + (loss.isSuspected ? 1 : 0)
        let what: String
        switch loss {
        case .processEnded:
            attempt -= 1
            what = "the worker's process ended"
        case .leaseExpired: what = "the worker did not renew its lease"
        }
        defer { if wasCancelled { cancelIfWaiting(now: now) } }
        if let effect, effect.repetition != .safe {
            becomeUnknown(effect, unknownReason("\(what) while the \(submissionWord) was under way"), now: now)
            return .unknown
        }
        if loss.isSuspected, crashes >= maximumCrashes {
            let message = "\(what) \(crashes) times in a row during \(step.rawValue); look at the input, then retry it"
            move(to: .held, JobReason(code: JobReason.quarantined, message: message), now: now)
        } else {
            dueAt = now
            move(to: .waiting, JobReason(code: JobReason.workerLost, message: what), now: now)
        }
        return .failed
    }

    // MARK: Parts

    private func unknownReason(_ what: String) -> JobReason {
        let doubt = isAboutUpload ? "the server may have the file" : "it may have been paid for"
        return JobReason(code: JobReason.outcomeUnknown, message: "\(what); \(doubt)")
    }

    private var submissionWord: String { isAboutUpload ? "upload" : "submission" }

    mutating func move(to state: JobState, _ reason: JobReason?, now: LedgerInstant) {
        self.state = state
        self.reason = reason
        since = now
    }

    private mutating func leave() {
        owner = nil
        leaseUntil = nil
        openIntent = nil
        isCancelRequested = false
        crashes = 0
    }

    private mutating func proceed(to next: JobStep, at date: LedgerInstant, now: LedgerInstant) {
        step = next
        attempt = 0
        dueAt = Self.due(date)
        move(to: .waiting, nil, now: now)
    }

    /// A moment that delays can be reckoned from: before 1970, everything is due.
    private static func due(_ date: LedgerInstant) -> LedgerInstant { max(date, LedgerInstant(milliseconds: 0)) }

    private mutating func becomeUnknown(_ effect: OpenIntent?, _ reason: JobReason, now: LedgerInstant) {
        switch effect?.repetition {
        case .safe:
            dueAt = now
            move(to: .waiting, reason, now: now)
        case .reconcile:
            isOutcomeUnknown = true
            step = .reconcile
            attempt = 0
            dueAt = now
            move(to: .waiting, reason, now: now)
        case .never, nil:
            isOutcomeUnknown = true
            // Nothing is sent by a retry then: what is there is looked for again.
            if step == .collect { step = .reconcile }
            move(to: .held, reason, now: now)
        }
    }

    private mutating func cancelIfWaiting(now: LedgerInstant) {
        guard state == .waiting else { return }
        if isOutcomeUnknown {
            move(
                to: .held, unknownReason("cancelled while the \(submissionWord) was under way"), now: now)
        } else {
            move(to: .cancelled, JobReason(code: JobReason.byRequest, message: "cancelled"), now: now)
        }
    }
}

extension JobStage: Comparable {
    /// Orders stages by progress.
    public static func < (left: JobStage, right: JobStage) -> Bool { left.position < right.position }

    private var position: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
