// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SystemPackage
import Testing

@testable import SnugGeneration

@Suite struct GenerationJobTests {
    private static func record(
        _ state: GenerationRecord.State = .preparing, jobID: String? = nil, account: String = "account"
    ) -> GenerationRecord {
        GenerationRecord(
            id: "work", key: "key", provider: "p", baseURL: "https://p.test", account: account,
            request: GenerationRequest(prompt: "a cat", fallbackModels: ["b"]),
            destination: ImageDestination(folder: "out", name: "cat"), firstNumber: nil, model: nil, seed: 7,
            bodyDigest: nil, state: state, jobID: jobID, resultURLs: [], cost: nil, createdAt: 1, submittedAt: nil,
            balanceBefore: nil, imageURLs: [], note: nil)
    }

    private func job(
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

    private func url(_ name: String) -> ImageReference { .url("https://p.test/\(name)", revisedPrompt: nil) }

    private func image(_ name: String) -> Generation.Image {
        Generation.Image(
            path: FilePath("out").appending(name), mediaType: "image/png", size: ImageSize(width: 1, height: 1),
            byteCount: 1)
    }

    private let lost = ProviderFailure(code: .outcomeUnknown, message: "lost")

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

    private func send(_ job: inout GenerationJob, digest: String = "d") {
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

    // MARK: Searching

    private func searching(_ job: inout GenerationJob) -> GenerationJob.Transition {
        send(&job)
        return job.handle(.submitted(.unknown(lost)), Conditions())
    }

    @Test("A lost job is searched for as often as the options say, then held")
    func search() throws {
        var job = job()
        var transition = searching(&job)
        for wait in [Duration.seconds(2), .seconds(10)] {
            let search = try #require(transition.action.search)
            #expect(transition.waits == [wait])
            transition = job.handle(.searched(.listed(.notFound(hasMore: false)), search), Conditions())
        }
        guard case .readBalance(let search) = transition.action else {
            Issue.record("the balance is not read")
            return
        }
        let balance = AccountBalance(amount: 5, unit: "tokens")
        guard case .fail(let error) = job.handle(.balanceRead(balance, search), Conditions()).action else {
            Issue.record("not held")
            return
        }
        #expect(error.isOutcomeUnknown && error.message.contains("9 tokens") && job.record.state == .held)
    }

    @Test("A job that is found is claimed and polled at once")
    func found() throws {
        var job = job()
        let search = try #require(searching(&job).action.search)
        let found = job.handle(.searched(.found("5", isAmbiguous: false), search), Conditions())
        guard case .claim("5", let claim) = found.action else {
            Issue.record("no claim")
            return
        }
        var other = job
        #expect(other.handle(.claimed(false, claim), Conditions()).action.name == "search")
        let poll = job.handle(.claimed(true, claim), Conditions())
        #expect(poll.action.name == "poll" && poll.waits == [.zero] && job.isRecovered)
    }

    @Test("A listing that cannot be read leaves the job open")
    func unreadable() throws {
        var job = job()
        var transition = searching(&job)
        for result in [GenerationJob.SearchResult.failed("down"), .listed(.unreadable)] {
            let search = try #require(transition.action.search)
            transition = job.handle(.searched(result, search), Conditions())
        }
        guard case .fail(let error) = transition.action else {
            Issue.record("not failed")
            return
        }
        #expect(error.isOutcomeUnknown && job.record.state == .sending && job.settlement == .keep)
    }

    @Test("No search begins that would outlast the time")
    func searchTime() {
        var job = job()
        send(&job)
        let transition = job.handle(.submitted(.unknown(lost)), Conditions(remaining: .seconds(1)))
        #expect(transition.action.name == "fail provider_failed" || transition.action.name == "fail outcome_unknown")
        #expect(job.settlement == .keep)
    }

    // MARK: Polling

    private func poll(_ outcome: PollOutcome, stale: Bool = false) -> GenerationJob.Poll {
        GenerationJob.Poll(outcome: outcome, isTokenStale: stale)
    }

    @Test("A job that the provider no longer knows is held at the third time")
    func gone() throws {
        var job = job(.history, Self.record(.accepted, jobID: "5"))
        var polling = GenerationJob.Polling(id: "5")
        let failure = ProviderFailure(code: .jobNotFound, message: "gone")
        for _ in 0..<2 {
            polling = try #require(job.handle(.polled(poll(.gone(failure)), polling), Conditions()).action.polling)
        }
        let last = job.handle(.polled(poll(.gone(failure)), polling), Conditions())
        #expect(last.action.name == "fail job_not_found" && last.saved.map(\.state) == [.held])
    }

    @Test("A poll that fails says nothing about the job, until there are too many")
    func pollFailures() throws {
        var job = job(.history, Self.record(.accepted, jobID: "5")) { $0.polling.maximumFailures = 3 }
        var polling = GenerationJob.Polling(id: "5")
        let failure = ProviderFailure(code: .providerFailed, message: "down")
        for _ in 0..<2 {
            polling = try #require(
                job.handle(.polled(poll(.pollFailed(failure)), polling), Conditions()).action.polling)
        }
        polling = try #require(job.handle(.polled(poll(.pending), polling), Conditions()).action.polling)
        for _ in 0..<2 {
            polling = try #require(
                job.handle(.polled(poll(.pollFailed(failure)), polling), Conditions()).action.polling)
        }
        let last = job.handle(.polled(poll(.pollFailed(failure)), polling), Conditions())
        #expect(last.action.name == "fail provider_failed" && job.settlement == .keep && job.polls == 6)
    }

    @Test("A stale token is refreshed once between two polls that work")
    func staleToken() throws {
        var job = job(.history, Self.record(.accepted, jobID: "5"))
        let failure = ProviderFailure(code: .notAuthenticated, message: "expired", status: 401)
        let first = job.handle(
            .polled(poll(.pollFailed(failure), stale: true), GenerationJob.Polling(id: "5")), Conditions())
        #expect(first.changes == [.refreshToken])
        let polling = try #require(first.action.polling)
        let second = job.handle(.polled(poll(.pollFailed(failure), stale: true), polling), Conditions())
        #expect(second.action.name == "fail not_authenticated")
    }

    @Test("A job that failed at the provider is submitted again when the failure may pass")
    func jobFailed() {
        var job = job(.history, Self.record(.accepted, jobID: "5"))
        let full = ProviderFailure(code: .noCapacity, message: "full")
        let transition = job.handle(.polled(poll(.failed(full)), GenerationJob.Polling(id: "5")), Conditions())
        #expect(transition.action.name == "payForRetry" && transition.saved.map(\.state) == [.preparing])
        #expect(job.record.jobID == nil)
    }

    @Test("A poll that would come too late is not begun")
    func pollTime() {
        var job = job(.history, Self.record(.accepted, jobID: "5"))
        let transition = job.handle(
            .polled(poll(.pending), GenerationJob.Polling(id: "5")), Conditions(remaining: .seconds(1)))
        #expect(transition.action.name == "fail deadline_exceeded" && job.settlement == .keep)
    }

    // MARK: Delivering

    private func delivery(_ job: inout GenerationJob, _ images: [ImageReference]) -> GenerationJob.Transition {
        send(&job)
        let keep = job.handle(.submitted(.completed(JobResult(images: images, cost: 2))), Conditions())
        guard case .keep(let delivery) = keep.action else { return keep }
        let note = job.handle(.kept(["https://p.test/a"], delivery), Conditions())
        guard case .recordResult(let record, let noted) = note.action else { return note }
        #expect(record.state == .completed && record.cost == 2)
        return job.handle(.resultRecorded(true, noted), Conditions())
    }

    @Test("A result is recorded, fetched, and forgotten")
    func delivered() throws {
        var job = job(.none)
        let fetch = delivery(&job, [url("a")])
        #expect(fetch.action.name == "fetch cat")
        let done = job.handle(.fetched(image("cat.png"), try #require(fetch.action.delivery)), Conditions())
        guard case .finish(let completion) = done.action else {
            Issue.record("not finished")
            return
        }
        #expect(completion.record == nil && completion.generation.cost == 2 && completion.generation.images.count == 1)
    }

    @Test("Several images get numbers, and those that are there are named when one fails")
    func partial() throws {
        var job = job(.none)
        let first = delivery(&job, [url("a"), url("b")])
        #expect(first.action.name == "fetch cat-1")
        let second = job.handle(.fetched(image("cat-1.png"), try #require(first.action.delivery)), Conditions())
        #expect(second.action.name == "fetch cat-2")
        let error = GenerationError(.downloadFailed, "broken")
        let end = job.handle(
            .fetchFailed(error, isExpired: false, try #require(second.action.delivery)), Conditions())
        guard case .fail(let failure) = end.action else {
            Issue.record("not failed")
            return
        }
        #expect(failure.delivered.count == 1 && failure.message.contains("1 of 2") && job.settlement == .keep)
    }

    @Test("An expired address is renewed twice, then the job stays open")
    func expired() throws {
        var job = job(.history, Self.record(.accepted, jobID: "5"))
        var next = job.handle(
            .polled(poll(.completed(JobResult(images: [url("0")]))), GenerationJob.Polling(id: "5")), Conditions())
        let error = GenerationError(.downloadFailed, "expired", status: 404)
        for number in 1...2 {
            guard case .keep(let delivery) = next.action else {
                Issue.record("no result")
                return
            }
            let fetch = job.handle(.kept(nil, delivery), Conditions())
            let renewal = job.handle(
                .fetchFailed(error, isExpired: true, try #require(fetch.action.delivery)), Conditions())
            #expect(renewal.waits == [.zero])
            let polling = try #require(renewal.action.polling)
            next = job.handle(
                .polled(poll(.completed(JobResult(images: [url("\(number)")]))), polling), Conditions())
        }
        guard case .keep(let delivery) = next.action else {
            Issue.record("no result")
            return
        }
        let fetch = job.handle(.kept(nil, delivery), Conditions())
        let last = job.handle(
            .fetchFailed(error, isExpired: true, try #require(fetch.action.delivery)), Conditions())
        #expect(last.action.name == "fail download_failed")
    }

    @Test(
        "A result that is gone is requested again, kept open or held, by the provider's promise",
        arguments: [
            (RepeatContract.join, "payForRetry", GenerationRecord.State.sending), (.replay, "payForRetry", .sending),
            (.none, "fail download_failed", .held), (.rejectDuplicate, "fail download_failed", .held),
        ])
    func lostResult(contract: RepeatContract, action: String, state: GenerationRecord.State) throws {
        var job = job(contract) { $0.hasJobs = false }
        let fetch = delivery(&job, [url("a")])
        let error = GenerationError(.downloadFailed, "expired", status: 404)
        let next = job.handle(
            .fetchFailed(error, isExpired: true, try #require(fetch.action.delivery)), Conditions())
        #expect(next.action.name == action && job.record.state == state && job.settlement == .keep)
    }

    @Test("A held job that a person released is held again when nothing comes of it")
    func restored() {
        let held = Self.record(.held)
        let settings = GenerationJob.Settings(contract: .none)
        var job = GenerationJob(Self.record(), settings, held: held)
        send2(&job)
        let failure = ProviderFailure(code: .policyRefused, message: "no")
        _ = job.handle(.submitted(.failed(failure)), Conditions())
        #expect(job.settlement == .restore(held))
    }

    private func send2(_ job: inout GenerationJob) {
        _ = job.handle(.prepared(digest: "d", addresses: []), Conditions())
        _ = job.sending()
    }
}

extension GenerationJob.Transition {
    fileprivate var saved: [GenerationRecord] {
        effects.compactMap { if case .save(let record) = $0 { record } else { nil } }
    }
    fileprivate var waits: [Duration] {
        effects.compactMap { if case .sleep(let wait) = $0 { wait } else { nil } }
    }
    fileprivate var changes: [SubmissionMachine.Change] {
        effects.compactMap { if case .change(let change) = $0 { change } else { nil } }
    }
}

extension GenerationJob.Action {
    fileprivate var search: GenerationJob.Search? { if case .search(let search) = self { search } else { nil } }
    fileprivate var polling: GenerationJob.Polling? { if case .poll(let polling) = self { polling } else { nil } }
    fileprivate var delivery: GenerationJob.Delivery? {
        if case .fetch(_, _, let delivery) = self { delivery } else { nil }
    }

    fileprivate var name: String {
        switch self {
        case .prepare: "prepare"
        case .send: "send"
        case .claim(let id, _): "claim \(id)"
        case .payForRetry: "payForRetry"
        case .listModels: "listModels"
        case .search: "search"
        case .readBalance: "readBalance"
        case .poll: "poll"
        case .keep: "keep"
        case .recordResult: "recordResult"
        case .fetch(_, let place, _): "fetch \(place.name)"
        case .rescue: "rescue"
        case .finish: "finish"
        case .fail(let error): "fail \(error.code)"
        }
    }
}
