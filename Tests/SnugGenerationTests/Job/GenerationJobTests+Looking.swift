// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SystemPackage
import Testing

@testable import SnugGeneration

extension GenerationJobTests {
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

    func poll(_ outcome: PollOutcome, stale: Bool = false) -> GenerationJob.Poll {
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
}
