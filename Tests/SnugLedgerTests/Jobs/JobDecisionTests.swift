// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugLedger

/// What people decide, for every state that a job can be in.
@Suite("Decisions, state by state") struct JobDecisionTests {
    static let now = LedgerInstant(milliseconds: 1_000_000)
    static let later = LedgerInstant(milliseconds: 1_060_000)

    /// A job that has come into a state, with some history behind it.
    static func job(_ state: JobState, isUnknown: Bool = false, step: JobStep = .submit) throws -> Job {
        let id = try #require(JobID(String(repeating: "7", count: 26)))
        var job = Job(.sample("a", account: "acc", step: step), id: id, key: "key 1", now: now)
        (job.attempt, job.crashes, job.fence) = (3, 1, 5)
        if state == .running { job.claim(by: "worker", for: .seconds(60), now: now) }
        if state == .delivered { job.stage = .delivered }
        job.state = state
        job.isOutcomeUnknown = isUnknown
        return job
    }

    /// A resolution, and for each state what becomes of it: `-` refused, `w` waiting, `c` cancelled, `p` paused, `r` running
    /// and to be ended.
    struct Row: Sendable, CustomTestStringConvertible {
        var resolution: JobResolution
        var isUnknown = false
        /// In the order waiting, running, paused, delivered, failed, held, cancelled.
        var results: String
        var testDescription: String { "\(resolution) \(isUnknown ? "with an unknown outcome" : "")" }
    }

    static let rows = [
        Row(resolution: .retry, results: "----www"),
        // Never a second submission while nobody knows about the first.
        Row(resolution: .retry, isUnknown: true, results: "-------"),
        Row(resolution: .payAgain, results: "-------"),
        Row(resolution: .payAgain, isUnknown: true, results: "-----ww"),
        Row(resolution: .drop, results: "----cc-"),
        Row(resolution: .drop, isUnknown: true, results: "----cc-"),
        Row(resolution: .cancel, results: "crc-cc-"),
        Row(resolution: .cancel, isUnknown: true, results: "crc-cc-"),
        Row(resolution: .pause(until: later), results: "p------"),
        Row(resolution: .unpause, results: "--w----"),
    ]

    @Test("A decision is carried out where the state allows it, and changes nothing elsewhere", arguments: rows)
    func table(row: Row) throws {
        let states: [JobState] = [.waiting, .running, .paused, .delivered, .failed, .held, .cancelled]
        for (state, expected) in zip(states, row.results) {
            let before = try Self.job(state, isUnknown: row.isUnknown)
            var job = before
            let done = job.resolve(row.resolution, newKey: "key 2", now: Self.later)
            #expect(done == (expected != "-"), "\(state)")
            switch expected {
            case "w": #expect(job.state == .waiting && job.since == Self.later, "\(state)")
            case "c": #expect(job.state == .cancelled && job.reason?.code == "by_request", "\(state)")
            case "p": #expect(job.state == .paused && job.pausedUntil == Self.later, "\(state)")
            case "r": #expect(job.state == .running && job.isCancelRequested && job.owner == "worker", "\(state)")
            default: #expect(job == before, "\(state)")
            }
            if expected != "p" { #expect(job.pausedUntil == nil, "\(state)") }
        }
    }

    private func resolve(
        _ job: inout Job, _ resolution: JobResolution, expecting expected: Bool = true,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let done = job.resolve(resolution, newKey: "key 2", now: Self.later)
        #expect(done == expected, sourceLocation: sourceLocation)
    }

    @Test("Asking twice for the end of a running job asks once")
    func cancelledTwice() throws {
        var job = try Self.job(.running)
        resolve(&job, .cancel)
        let first = job
        resolve(&job, .cancel, expecting: false)
        #expect(job == first)
    }

    @Test("A retry starts with a clean sheet, at once, and with the same key")
    func retried() throws {
        for state in [JobState.failed, .held, .cancelled] {
            var job = try Self.job(state)
            job.dueAt = LedgerInstant(milliseconds: 9_999_999)
            job.reason = .test
            resolve(&job, .retry)
            #expect(job.attempt == 0 && job.crashes == 0 && job.dueAt == Self.later && job.reason == nil)
            // The number of its claims never starts over: an old worker must not come back.
            #expect(job.key == "key 1" && job.fence == 5 && job.step == .submit)
        }
    }

    @Test(
        "Paying again has a new key and starts with the submission, wherever the job stood", arguments: JobStep.allCases
    )
    func paidAgain(step: JobStep) throws {
        var job = try Self.job(.held, isUnknown: true, step: step)
        resolve(&job, .payAgain)
        #expect(job.key == "key 2" && job.step == .submit && !job.isOutcomeUnknown && job.attempt == 0)
    }

    @Test("A held job that asks the provider may ask again, and is still not submitted anew")
    func reconciled() throws {
        var job = try Self.job(.held, isUnknown: true, step: .reconcile)
        resolve(&job, .retry)
        #expect(job.step == .reconcile && job.isOutcomeUnknown && job.key == "key 1" && job.state == .waiting)
    }

    @Test("A later file takes the place of what has not been paid for and does not run", arguments: JobState.allCases)
    func superseded(state: JobState) throws {
        let other = try #require(JobID(String(repeating: "8", count: 26)))
        var job = try Self.job(state)
        let expected = [.waiting, .paused, .failed, .held].contains(state)
        let wasChanged = job.supersede(by: other, now: Self.later)
        #expect(wasChanged == expected)
        #expect((job.state == .cancelled) == (expected || state == .cancelled))
        if expected {
            #expect(job.reason?.code == "superseded" && job.reason?.message.contains(other.description) == true)
        }
        var unknown = try Self.job(state, isUnknown: true)
        let isLost = unknown.supersede(by: other, now: Self.later)
        #expect(!isLost && unknown.state == state)
    }

    @Test(
        "Another name for a delivered result is one more delivery; before that it just waits along",
        arguments: JobState.allCases)
    func joined(state: JobState) throws {
        let before = try Self.job(state)
        var job = before
        let isChanged = job.join(now: Self.later)
        #expect(isChanged == (state == .delivered))
        if state == .delivered {
            // No second submission: the result is there.
            #expect(job.state == .waiting && job.step == .deliver && job.stage == .completed && job.dueAt == Self.later)
        } else {
            #expect(job == before)
        }
    }

    @Test("A pause without an end lasts until it is lifted, and lifting it leaves the due time")
    func pauses() throws {
        var job = try Self.job(.waiting)
        job.dueAt = Self.later
        resolve(&job, .pause(until: nil))
        #expect(job.state == .paused && job.pausedUntil == nil && !job.isDue(now: Self.later))
        resolve(&job, .unpause)
        #expect(job.state == .waiting && job.dueAt == Self.later && !job.isDue(now: Self.now))
        #expect(job.isDue(now: Self.later))
    }
}
