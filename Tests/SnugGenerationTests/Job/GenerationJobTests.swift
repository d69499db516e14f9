// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SystemPackage
import Testing

@testable import SnugGeneration

@Suite struct GenerationJobTests {
    static func record(
        _ state: GenerationRecord.State = .preparing, jobID: String? = nil, account: String = "account"
    ) -> GenerationRecord {
        GenerationRecord(
            id: "work", key: "key", provider: "p", baseURL: "https://p.test", account: account,
            request: GenerationRequest(prompt: "a cat", fallbackModels: ["b"]),
            destination: ImageDestination(folder: "out", name: "cat"), firstNumber: nil, model: nil, seed: 7,
            bodyDigest: nil, state: state, jobID: jobID, resultURLs: [], cost: nil, createdAt: 1, submittedAt: nil,
            balanceBefore: nil, imageURLs: [], note: nil)
    }

    func job(
        _ contract: RepeatContract = .history, _ record: GenerationRecord = record(),
        _ change: (inout GenerationJob.Settings) -> Void = { _ in }
    ) -> GenerationJob {
        var settings = GenerationJob.Settings(contract: contract)
        settings.searches = [.seconds(2), .seconds(10)]
        settings.hasJobs = true
        settings.account = "account"
        change(&settings)
        return GenerationJob(record, settings)
    }

    func url(_ name: String) -> ImageReference { .url("https://p.test/\(name)", revisedPrompt: nil) }

    func image(_ name: String) -> Generation.Image {
        Generation.Image(
            path: FilePath("out").appending(name), mediaType: "image/png", size: ImageSize(width: 1, height: 1),
            byteCount: 1)
    }

    let lost = ProviderFailure(code: .outcomeUnknown, message: "lost")

    // MARK: Starting

    @Test(
        "A record decides where the job starts",
        arguments: [
            (GenerationRecord.State.preparing, RepeatContract.none, "prepare"), (.accepted, .history, "claim 5"),
            (.sending, .join, "prepare"), (.sending, .replay, "prepare"), (.sending, .rejectDuplicate, "prepare"),
            (.sending, .history, "search"), (.sending, .none, "fail outcome_unknown"),
            (.completed, .history, "finish"), (.held, .join, "fail outcome_unknown"),
            (.delivered, .join, "fail invalid_request"),
        ])
    func start(state: GenerationRecord.State, contract: RepeatContract, action: String) {
        var job = job(contract, Self.record(state, jobID: "5"))
        #expect(job.handle(.started(kept: []), Conditions()).action.name == action)
    }

    @Test("Images that a killed process kept are delivered, unless the provider gives them again")
    func keptImages() {
        for contract in [RepeatContract.none, .history, .rejectDuplicate] {
            var job = job(contract, Self.record(.sending))
            #expect(job.handle(.started(kept: [url("a")]), Conditions()).action.name == "fetch cat")
            #expect(job.isRecovered)
        }
        var job = job(.join, Self.record(.sending))
        #expect(job.handle(.started(kept: [url("a")]), Conditions()).action.name == "prepare")
    }

    @Test("A recorded result whose file is gone is requested again only where that is free")
    func resultGone() {
        var free = job(.join, Self.record(.completed))
        #expect(free.handle(.started(kept: nil), Conditions()).action.name == "prepare")
        var paid = job(.none, Self.record(.completed))
        let transition = paid.handle(.started(kept: nil), Conditions())
        #expect(transition.action.name == "fail outcome_unknown" && transition.saved.map(\.state) == [.held])
    }

    @Test("A submission of another key is held where the provider could not recognise it")
    func otherKey() {
        var job = job(.join, Self.record(.sending, account: "other"))
        #expect(job.handle(.started(kept: []), Conditions()).action.name == "fail outcome_unknown")
        var listed = self.job(.history, Self.record(.sending, account: "other"))
        #expect(listed.handle(.started(kept: []), Conditions()).action.name == "search")
    }

    // MARK: Submitting

    func send(_ job: inout GenerationJob, digest: String = "d") {
        _ = job.handle(.prepared(digest: digest, addresses: []), Conditions())
        let form = GenerationRecord.Form(usesBody: false, byteLimit: 1, maximumSide: nil, mediaTypes: [])
        let record = job.permitted(digest: digest, form: form, balance: 9, now: 50)
        #expect(record.state == .sending && record.submittedAt != nil && record.balanceBefore == 9)
        #expect(job.settlement == .remove)
        _ = job.sending()
        #expect(job.settlement == .keep)
    }

    @Test("A definite failure settles the job")
    func definite() {
        var job = job()
        send(&job)
        let failure = ProviderFailure(code: .policyRefused, message: "no")
        #expect(job.handle(.submitted(.failed(failure)), Conditions()).action.name == "fail policy_refused")
        #expect(job.settlement == .remove)
    }

    @Test("A transient failure is recorded before the next attempt")
    func transient() {
        var job = job()
        send(&job)
        let busy = ProviderFailure(code: .providerFailed, message: "busy")
        let first = job.handle(.submitted(.transient(busy)), Conditions(random: 1))
        guard case .payForRetry(let retry) = first.action else {
            Issue.record("no retry")
            return
        }
        let paid = job.handle(.retryPaid(true, retry), Conditions())
        #expect(paid.action.name == "prepare" && paid.saved.map(\.state) == [.preparing])
        #expect(paid.waits == [.milliseconds(500)])
        var poor = job
        #expect(poor.handle(.retryPaid(false, retry), Conditions()).action.name == "fail retries_spent")
    }

    @Test("A request that changed is not sent in place of one that may have taken effect")
    func changed() {
        var record = Self.record(.sending)
        record.bodyDigest = "before"
        var job = job(.join, record)
        _ = job.handle(.started(kept: []), Conditions())
        let transition = job.handle(.prepared(digest: "after", addresses: []), Conditions())
        #expect(transition.action.name == "fail outcome_unknown" && transition.saved.map(\.state) == [.held])
        #expect(job.settlement == .keep)
    }

    @Test("A fallback changes the model of the next attempt only")
    func fallback() {
        var job = job()
        send(&job)
        let missing = ProviderFailure(code: .modelNotFound, message: "no", recovery: .switchModel)
        let transition = job.handle(.submitted(.failed(missing)), Conditions())
        #expect(transition.action.name == "prepare" && job.model == "b")
    }

    @Test("A job whose last poll failed when the time was over says why")
    func failedPolls() {
        func message(_ outcome: PollOutcome) -> String? {
            var job = job(.history, Self.record(.accepted, jobID: "5"))
            let poll = GenerationJob.Poll(outcome: outcome)
            let ended = job.handle(.polled(poll, GenerationJob.Polling(id: "5")), Conditions(remaining: .zero))
            guard case .fail(let error) = ended.action else { return nil }
            return error.message
        }
        let failure = ProviderFailure(code: .badResponse, message: "an HTML page")
        #expect(message(.pollFailed(failure))?.hasSuffix(" (asked for it last: an HTML page)") == true)
        #expect(message(.pending)?.hasSuffix("run the same work again to resume it") == true)
    }

    @Test("A job of another submission is held")
    func foreign() {
        var job = job()
        send(&job)
        let accepted = job.handle(.submitted(.accepted(id: "5", JobResult(id: "5"))), Conditions())
        guard case .claim("5", let claim) = accepted.action else {
            Issue.record("no claim")
            return
        }
        var ours = job
        let poll = ours.handle(.claimed(true, claim), Conditions())
        #expect(poll.action.name == "poll" && poll.saved.map(\.state) == [.accepted] && ours.record.jobID == "5")
        let held = job.handle(.claimed(false, claim), Conditions())
        #expect(held.action.name == "fail outcome_unknown" && held.saved.map(\.state) == [.held])
    }
}
