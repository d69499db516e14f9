// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugTestSupport
import SystemPackage

@testable import SnugGeneration

/// A provider that keeps count, a journal, and a network that loses things: what a job is driven against, without a socket.
///
/// What it answers is chance; what it charges is not: an image that is made is charged, except where its contract joins it
/// to one that was made before, or its job ends without an image.
struct ProviderModel {
    let contract: RepeatContract
    let count: Int
    var random: SeededGenerator
    /// Submissions that made something, and that the provider has not written off.
    private(set) var charges = 0
    /// Requests that left.
    private(set) var submissions = 0
    private(set) var isMade = false
    /// The journal's record of the work; `nil` when there is none.
    var saved: GenerationRecord?
    /// Images in their places.
    private(set) var delivered = 0

    init(_ contract: RepeatContract, count: Int, seed: UInt64) {
        self.contract = contract
        self.count = count
        random = SeededGenerator(seed: seed)
    }

    mutating func chance(_ one: Int, in all: Int) -> Bool { Int.random(in: 0..<all, using: &random) < one }

    private func failure(_ code: GenerationError.Code) -> ProviderFailure {
        ProviderFailure(code: code, message: "by the model")
    }

    private var result: JobResult {
        JobResult(images: (0..<count).map { .url("https://p.test/\($0)", revisedPrompt: nil) }, id: "job")
    }

    // MARK: The provider

    /// A request arrives, or does not.
    mutating func submit() -> SubmissionOutcome {
        submissions += 1
        switch Int.random(in: 0..<10, using: &random) {
        case 0: return .transient(failure(.rateLimited))
        case 1: return .transient(failure(.notSent))
        case 2: return .failed(failure(.policyRefused))
        case 3: return .unknown(failure(.outcomeUnknown))
        default: break
        }
        // A key that was used up, or that rejects duplicates: the response says nothing about the first.
        if isMade, contract == .rejectDuplicate { return .unknown(failure(.outcomeUnknown)) }
        if !isMade || !contract.givesAgain { charges += 1 }
        isMade = true
        switch Int.random(in: 0..<3, using: &random) {
        case 0: return .unknown(failure(.outcomeUnknown))
        case 1: return .accepted(id: "job", JobResult(id: "job"))
        default: return .completed(result)
        }
    }

    mutating func poll() -> PollOutcome {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return .pollFailed(failure(.providerFailed))
        case 1:
            // Written off by the provider: nothing is charged for it.
            (isMade, charges) = (false, charges - 1)
            return .failed(failure(.generationFailed))
        case 2, 3: return .pending
        default: return .completed(result)
        }
    }

    /// A listing lags behind, and is not always there.
    mutating func search() -> GenerationJob.SearchResult {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: .failed("not now")
        case 1: .listed(.unreadable)
        case 2: .listed(.notFound(hasMore: false))
        default: .listed(isMade ? .found(id: "job") : .notFound(hasMore: false))
        }
    }

    mutating func fetch(_ place: ImageDestination) -> Result<Generation.Image, GenerationError> {
        if chance(1, in: 12) { return .failure(GenerationError(.providerFailed, "cannot be fetched")) }
        delivered += 1
        return .success(
            Generation.Image(
                path: FilePath("out").appending("\(place.name).png"), mediaType: "image/png",
                size: ImageSize(width: 1, height: 1), byteCount: 1))
    }
}

/// The end of one run of a job.
enum ModelEnding {
    case finished(Generation)
    case failed(GenerationError)
    /// The process was killed.
    case killed
    /// More steps than any job can need.
    case endless

    var name: String {
        switch self {
        case .finished: "finished"
        case .failed(let error): error.isOutcomeUnknown ? "in doubt" : "failed"
        case .killed: "killed"
        case .endless: "endless"
        }
    }
}

extension ProviderModel {
    static func record(count: Int) -> GenerationRecord {
        var record = GenerationJobTests.record()
        record.request.count = count
        return record
    }

    /// Drives a job as the driver does, until it ends or is killed.
    mutating func run(mayDie: Bool) -> ModelEnding {
        var settings = GenerationJob.Settings(contract: contract)
        (settings.searches, settings.hasJobs, settings.account) = ([.seconds(2), .seconds(10)], true, "account")
        let record = saved ?? Self.record(count: count)
        var job = GenerationJob(record, settings)
        let kept: [ImageReference]? = record.resultURLs.map { .url($0, revisedPrompt: nil) }
        var transition = job.handle(.started(kept: kept), Conditions())
        for _ in 0..<500 {
            for case .save(let record) in transition.effects {
                saved = record
                if mayDie, chance(1, in: 12) { return .killed }
            }
            if mayDie, chance(1, in: 20) { return .killed }
            switch transition.action {
            case .finish(let completion):
                saved = completion.record
                return .finished(completion.generation)
            case .fail(let error):
                switch job.settlement {
                case .keep: break
                case .remove: saved = nil
                case .restore(let record): saved = record
                }
                return .failed(job.completed(error))
            case let action:
                guard let event = carryOut(action, of: &job, mayDie: mayDie) else { return .killed }
                transition = job.handle(event, Conditions())
            }
        }
        return .endless
    }

    /// - Returns: `nil` when the process is killed on the way.
    private mutating func carryOut(
        _ action: GenerationJob.Action, of job: inout GenerationJob, mayDie: Bool
    ) -> GenerationJob.Event? {
        switch action {
        case .prepare: return .prepared(digest: "same bytes", addresses: [])
        case .send:
            let form = GenerationRecord.Form(usesBody: job.usesBody, byteLimit: 1, maximumSide: nil, mediaTypes: [])
            saved = job.permitted(digest: "same bytes", form: form, balance: nil, now: 5)
            if mayDie, chance(1, in: 12) { return nil }
            _ = job.sending()
            let outcome = submit()
            return mayDie && chance(1, in: 12) ? nil : .submitted(outcome)
        case .claim(_, let claim): return .claimed(true, claim)
        case .payForRetry(let retry): return .retryPaid(chance(5, in: 6), retry)
        case .listModels(let ending): return .modelsListed([], ending)
        case .search(let search): return .searched(self.search(), search)
        case .readBalance(let search): return .balanceRead(nil, search)
        case .poll(let polling): return .polled(GenerationJob.Poll(outcome: poll()), polling)
        case .keep(let delivery): return .kept((0..<count).map { "https://p.test/\($0)" }, delivery)
        case .recordResult(let record, let delivery):
            let isRecorded = chance(9, in: 10)
            if isRecorded { saved = record }
            return .resultRecorded(isRecorded, delivery)
        case .fetch(_, let place, let delivery):
            switch fetch(place) {
            case .success(let image): return .fetched(image, delivery)
            case .failure(let error): return .fetchFailed(error, isExpired: chance(1, in: 3), delivery)
            }
        case .rescue(_, let error, let delivery): return .rescued(nil, error, delivery)
        case .finish, .fail: return nil
        }
    }
}
