// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SystemPackage
import Testing

@testable import SnugGeneration

extension GenerationJobTests {
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

    @Test(
        "Of several images that a killed process had received, those that are left are delivered and the rest is held")
    func partOfThePromise() throws {
        var job = job(.none, Self.record(.sending))
        let first = job.handle(.started(kept: [url("a"), url("b")], promised: 3), Conditions())
        let second = job.handle(.fetched(image("a.png"), try #require(first.action.delivery)), Conditions())
        let end = job.handle(.fetched(image("b.png"), try #require(second.action.delivery)), Conditions())
        #expect(end.action.name == "fail outcome_unknown" && end.saved.map(\.state) == [.held])
        #expect(end.saved.first?.note?.contains("2 of 3") == true)
        guard case .fail(let error) = end.action else { return }
        #expect(error.delivered.count == 2 && job.settlement == .keep)
    }

    @Test("All of them complete it")
    func wholePromise() throws {
        var job = job(.none, Self.record(.sending))
        let first = job.handle(.started(kept: [url("a"), url("b")], promised: 2), Conditions())
        let second = job.handle(.fetched(image("a.png"), try #require(first.action.delivery)), Conditions())
        let end = job.handle(.fetched(image("b.png"), try #require(second.action.delivery)), Conditions())
        #expect(end.action.name == "finish")
    }

    @Test("Fewer images than asked for are counted, and only the missing ones are asked for the next time")
    func fewer() throws {
        var record = Self.record()
        record.request.count = 3
        record.isKept = true
        var job = job(.none, record)
        let fetch = delivery(&job, [url("a")])
        let end = job.handle(.fetched(image("cat.png"), try #require(fetch.action.delivery)), Conditions())
        guard case .finish(let completion) = end.action, var kept = completion.record else {
            Issue.record("not finished")
            return
        }
        #expect(completion.generation.missingCount == 2 && kept.images?.count == 1)
        kept.earlierImages = kept.images
        #expect(PreparedJob(kept).request.count == 2)
    }

    @Test("Images of a submission that is held are not asked for again, and keep their names")
    func heldInPart() throws {
        var record = Self.record()
        record.request.count = 3
        record.firstNumber = 1
        var job = job(.none, record)
        let fetch = delivery(&job, [url("a"), url("b"), url("c")])
        let second = job.handle(.fetched(image("cat-1.png"), try #require(fetch.action.delivery)), Conditions())
        let error = GenerationError(.badImage, "is no image")
        let third = job.handle(
            .fetchFailed(error, isExpired: true, try #require(second.action.delivery)), Conditions())
        let end = job.handle(.fetched(image("cat-3.png"), try #require(third.action.delivery)), Conditions())
        guard case .fail(let failure) = end.action else {
            Issue.record("not failed")
            return
        }
        #expect(failure.delivered.count == 2 && job.record.state == .held)
        #expect(end.effects.contains { if case .save(let saved) = $0 { saved == job.record } else { false } })
        #expect(PreparedJob(job.record).request.count == 1 && job.record.firstNumber == 2)
    }

    @Test("What a held submission has made is fetched before anything else")
    func heldResult() throws {
        var job = job(.none, Self.record(.held))
        #expect(job.handle(.started(kept: [url("a")]), Conditions()).action.name == "fetch cat")
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
