// SPDX-License-Identifier: Apache-2.0
import SnugHTTP

/// One submission, from its record to its images, as a pure state machine.
///
/// ``handle(_:_:)`` takes an event and returns the effects to carry out and the one action whose end is the next event.
/// The state is the record, which is in the journal before anything leaves the machine, so a job that was killed at any
/// point resumes from its record. Actions carry the state of their own part (a search, polls, a delivery) and their
/// events hand it back.
struct GenerationJob: Sendable {
    /// The fixed properties of a job.
    struct Settings: Sendable {
        var contract: RepeatContract
        var policy = RetryPolicy()
        var polling = PollingPolicy()
        /// Waits before each search for a lost job.
        var searches: [Duration] = []
        var maximumRefits = 2
        var repeatsLost = false
        /// True when an expired token can be replaced.
        var canRefresh = false
        /// True when the provider has jobs that can be polled.
        var hasJobs = false
        var defaultModel: String?
        /// Digest of the key in use.
        var account = ""
        /// The provider's host, for messages.
        var host = ""
    }

    let settings: Settings
    var record: GenerationRecord
    var submissions: SubmissionMachine
    /// The model of the next attempt.
    var model: String?
    /// True when the prompt has to travel in a body.
    var usesBody: Bool
    var attempts: [Attempt] = []
    var polls = 0
    var isRecovered = false
    /// True while a request may have left of which nothing is known yet.
    var isInFlight = false
    /// True while a result exists only in this process.
    var hasUnrecordedResult = false
    /// The held record that a person released: restored when nothing comes of it.
    let held: GenerationRecord?
    /// Those of the event in hand.
    private(set) var conditions = Conditions()

    init(_ record: GenerationRecord, _ settings: Settings, held: GenerationRecord? = nil) {
        self.record = record
        self.settings = settings
        self.held = held
        let request = record.request
        model = record.model ?? request.model ?? settings.defaultModel
        usesBody = record.state == .sending && record.form?.usesBody == true
        // After a fallback the models before it are not tried again.
        let untried =
            record.model.flatMap { request.fallbackModels.firstIndex(of: $0) }
            .map { request.fallbackModels.suffix(from: $0 + 1) } ?? request.fallbackModels[...]
        submissions = SubmissionMachine(
            policy: settings.policy, contract: settings.contract, fallbacks: Array(untried),
            maximumRefits: settings.maximumRefits, canRefresh: settings.canRefresh,
            repeatsLost: settings.repeatsLost, mayHaveTakenEffect: record.state == .sending)
    }

    // MARK: Events

    /// Decides what follows an event.
    mutating func handle(_ event: Event, _ conditions: Conditions) -> Transition {
        self.conditions = conditions
        return switch event {
        case .started(let kept, let promised): start(kept, promised: promised)
        case .prepared(let digest, let addresses): prepared(digest, addresses)
        case .submitted(let outcome): submitted(outcome)
        case .claimed(let isOurs, let claim): claimed(isOurs, claim)
        case .retryPaid(let isPaid, let retry):
            follow(isPaid ? submissions.retryPaid(retry) : submissions.retryUnpaid(retry))
        case .modelsListed(let models, let ending): end(ending, models: models)
        case .searched(let finding, let search): searched(finding, search)
        case .balanceRead(let balance, let search): searchEnded(search, balance)
        case .polled(let poll, let polling): polled(poll, polling)
        case .kept(let addresses, let delivery): kept(addresses, delivery)
        case .resultRecorded(let isRecorded, let delivery): recorded(isRecorded, delivery)
        case .fetched(let image, let delivery): fetched(image, delivery)
        case .fetchFailed(let error, let isExpired, let delivery):
            fetchFailed(error, isExpired: isExpired, delivery)
        case .rescued(let path, let error, let delivery): rescued(path, error, delivery)
        }
    }

    private mutating func start(_ kept: [ImageReference]?, promised: Int?) -> Transition {
        switch record.state {
        case .preparing: return Transition(.prepare)
        case .accepted:
            guard let id = record.jobID else { return Transition(.prepare) }
            return Transition(.claim(id, .resumed(id)))
        case .completed:
            isRecovered = true
            guard let kept else { return resultMissing() }
            return deliver(
                Delivery(JobResult(images: kept, id: record.jobID, model: record.model, cost: record.cost)))
        case .sending:
            if !settings.contract.givesAgain, let kept, !kept.isEmpty {
                // The images were received; only the record of them is missing.
                isRecovered = true
                var delivery = Delivery(JobResult(images: kept, id: record.jobID, model: record.model))
                delivery.promised = promised
                return deliver(delivery)
            }
            if record.account != settings.account, settings.contract != .history {
                return hold(.otherKey)
            }
            return follow(submissions.interrupted(.interrupted))
        case .delivered: return Transition(.fail(GenerationClient.unknown(record.id)))
        case .held where kept?.isEmpty == false:
            // It was made, and could not be fetched before.
            isRecovered = true
            return deliver(
                Delivery(JobResult(images: kept ?? [], id: record.jobID, model: record.model, cost: record.cost)))
        case .held:
            var error = GenerationError(
                .outcomeUnknown, "it is held and was not sent again: \(record.note ?? "its outcome is unknown")")
            error.isOutcomeUnknown = true
            return Transition(.fail(error))
        }
    }

    /// The images were received and are gone: requested again where that costs nothing.
    private mutating func resultMissing() -> Transition {
        guard settings.contract.givesAgain else { return hold(.resultGone) }
        record.resultURLs = []
        return follow(submissions.interrupted(.resultGone))
    }
}

extension ProviderFailure {
    fileprivate static let interrupted = ProviderFailure(
        code: .outcomeUnknown, message: "an earlier process sent it and ended before the response came")
    fileprivate static let otherKey = ProviderFailure(
        code: .outcomeUnknown,
        message: "it was sent with another key, and the provider may not recognise it with this one")
    fileprivate static let resultGone = ProviderFailure(
        code: .outcomeUnknown, message: "the image was made, but the file it was kept in is gone")
}
