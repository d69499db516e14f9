// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import SystemPackage
import Testing

@testable import SnugLedger

/// All states that any sequence of verbs can bring a job into, found by trying everything in each of them.
@Suite("Every job that the verbs can make") struct JobReachabilityTests {
    private static let now = LedgerInstant(milliseconds: 1)
    private static let other = JobID(trusted: String(repeating: "9", count: 26))
    private static let effects: [StepIntent.Repetition] = [.safe, .reconcile, .never]

    /// With their names, which take longer to make than all the rest.
    private static let outcomes: [(name: String, outcome: StepOutcome)] = {
        var all: [StepOutcome] = [
            .delivered([]), .retry(at: now, .test), .retry(at: now, .test, consumesAttempt: false), .failed(.test),
            .held(.test), .unknown(.test),
        ]
        for step in JobStep.allCases { all += [.advanced(to: step), .identified(contentHash: "h", next: step)] }
        return all.map { ("\($0)", $0) }
    }()

    private static let decisions: [(name: String, decision: JobResolution)] = [
        ("retry", .retry), ("payAgain", .payAgain), ("drop", .drop), ("cancel", .cancel), ("unpause", .unpause),
        ("pause", .pause(until: nil)), ("pause", .pause(until: LedgerInstant(milliseconds: 9))),
    ]

    /// A change by its name, and the job after it.
    private typealias Change = (name: String, job: Job)

    private static func start(_ step: JobStep, _ hash: String?) -> Job {
        let new = NewJob(JobIdentity(contentHash: hash, pipeline: "p"), name: "n", step: step)
        return Job(new, id: JobID(trusted: String(repeating: "1", count: 26)), key: "first", now: now)
    }

    private static func after(_ job: Job, _ name: String, _ body: (inout Job) -> Void) -> Change {
        var copy = job
        body(&copy)
        return (name, copy)
    }

    /// Nothing where the state does not allow the change.
    private static func allowed(_ job: Job, _ name: String, _ body: (inout Job) -> Bool) -> [Change] {
        var copy = job
        return body(&copy) ? [(name, copy)] : []
    }

    /// All that can happen to a job.
    private static func changes(of job: Job) -> [Change] {
        var found = decisions.flatMap { decision in
            allowed(job, decision.name) { $0.resolve(decision.decision, newKey: "second", now: now) }
        }
        found += allowed(job, "supersede") { $0.supersede(by: other, now: now) }
        found += allowed(job, "join") { $0.join(now: now) }
        if job.isDue(now: now) {
            found.append(after(job, "claim") { $0.claim(by: "w", for: .seconds(1), now: now) })
        }
        guard job.state == .running else { return found }
        for effect in effects {
            found += allowed(job, "open") { (try? $0.open(StepIntent(effect), id: "i")) != nil }
        }
        let nobody: [JobDelivery] = []
        for names in [nobody, [JobDelivery(name: "n", folder: "")]] {
            found += outcomes.map { outcome in
                after(job, outcome.name) { _ = $0.finish(outcome.outcome, pending: names, now: now) }
            }
        }
        let losses: [Job.Loss] = [.leaseExpired, .processEnded(isSuspected: true), .processEnded(isSuspected: false)]
        found += losses.map { loss in
            after(job, "lose") { _ = $0.rescue(loss, maximumCrashes: 2, now: now) }
        }
        return found + [after(job, "release") { _ = $0.release(now: now) }]
    }

    /// The parts that decide what can happen next: counts that only grow are left out.
    private struct Part: Hashable {
        var place: [String]
        var effect: StepIntent.Repetition?
        var flags: [Bool]
        var crashes: Int
        var attempt: Int

        init(_ job: Job) {
            place = [job.stage.rawValue, job.state.rawValue, job.step.rawValue, job.key]
            effect = job.openIntent?.repetition
            flags = [
                job.isOutcomeUnknown, job.isCancelRequested, job.pausedUntil != nil, job.identity.contentHash != nil,
            ]
            (crashes, attempt) = (min(job.crashes, 2), min(job.attempt, 1))
        }
    }

    /// Each job once, with the changes that led to one like it.
    private static func explore(_ visit: (Job, Change) -> Void) -> [Job] {
        var waiting = JobStep.allCases.flatMap { [start($0, nil), start($0, "h")] }
        var known = Set(waiting.map(Part.init))
        var all = waiting
        while let job = waiting.popLast() {
            for change in changes(of: job) {
                visit(job, change)
                guard known.insert(Part(change.job)).inserted else { continue }
                waiting.append(change.job)
                all.append(change.job)
            }
        }
        return all
    }

    @Test("No sequence of verbs submits what may have been paid for, forgets a key, or goes back without a reason")
    func promises() {
        var broken: Set<String> = []
        let all = Self.explore { before, change in
            let after = change.job
            func require(_ condition: Bool, _ what: String) {
                if !condition { broken.insert("\(what): \(change.name) of \(Part(before))") }
            }
            require(!(after.isOutcomeUnknown && after.step == .submit && after.state == .waiting), "in doubt")
            require(after.key == before.key || change.name == "payAgain", "another key")
            require(!before.isOutcomeUnknown || after.openIntent == nil, "an effect beside one in doubt")
            require(after.stage >= before.stage || change.name == "join", "a stage lost")
            require(after.fence == before.fence + (change.name == "claim" ? 1 : 0), "the number of a claim")
            require(before.state != .delivered || change.name == "join", "a delivered job changed")
            require(before.state == .running || after.attempt >= 0, "fewer attempts than none")
            // Who is in doubt stays so until somebody who was asked, or a person, says otherwise.
            let says = ["advanced", "failed", "payAgain"].contains { change.name.hasPrefix($0) }
            require(!before.isOutcomeUnknown || after.isOutcomeUnknown || says, "a doubt that was forgotten")
            require(
                after.state != .running || before.state == .running || change.name == "claim", "a worker from nowhere")
        }
        #expect(broken == [])
        #expect(Set(all.map(\.state)) == Set(JobState.allCases) && Set(all.map(\.stage)) == Set(JobStage.allCases))
        #expect(all.count > 1000)
    }

    @Test("The tables take each of them, and give it back as it was")
    func tables() async throws {
        let folder = try TemporaryFolder()
        let ledger = try await SQLiteLedger.open(folder.path.appending("ledger.sqlite"))
        let all = Self.explore { _, _ in }
        let lost = try await ledger.transact { transaction -> [String] in
            let first = Self.start(.fit, nil)
            try transaction.insert(first, verb: "enqueue")
            var (last, lost) = (first, [String]())
            for job in all {
                try transaction.save(job, replacing: last, verb: nil)
                if try transaction.job(job.id) != job { lost.append("\(Part(job))") }
                last = job
            }
            return lost
        }
        #expect(lost == [])
    }
}
