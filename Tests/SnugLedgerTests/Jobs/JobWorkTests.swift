// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SnugLedger

/// What becomes of a running job, for every way in which its step can end.
@Suite("Ends of steps, one by one") struct JobWorkTests {
    private static let now = JobDecisionTests.now
    private static let later = JobDecisionTests.later

    /// A job at a step whose worker has recorded an effect.
    private func running(
        _ step: JobStep = .submit, effect: StepIntent.Repetition? = nil, isCancelled: Bool = false
    ) throws -> Job {
        let id = try #require(JobID(String(repeating: "7", count: 26)))
        var job = Job(.sample("a", step: step), id: id, key: "key", now: Self.now)
        job.claim(by: "worker", for: .seconds(60), now: Self.now)
        if let effect { try job.open(StepIntent(effect), id: "effect") }
        if isCancelled { _ = job.resolve(.cancel, newKey: "", now: Self.now) }
        return job
    }

    /// What a job is after its worker left it in the middle of an effect.
    struct Interruption: Sendable {
        var effect: StepIntent.Repetition?
        var isCancelled: Bool
        var state: JobState
        var step: JobStep
        var isUnknown: Bool
        var record: StepRecord.State
    }

    static let interruptions = [
        Interruption(
            effect: nil, isCancelled: false, state: .waiting, step: .submit, isUnknown: false, record: .failed),
        Interruption(
            effect: .safe, isCancelled: false, state: .waiting, step: .submit, isUnknown: false, record: .failed),
        Interruption(
            effect: .reconcile, isCancelled: false, state: .waiting, step: .reconcile, isUnknown: true, record: .unknown
        ),
        Interruption(
            effect: .never, isCancelled: false, state: .held, step: .submit, isUnknown: true, record: .unknown),
        Interruption(
            effect: nil, isCancelled: true, state: .cancelled, step: .submit, isUnknown: false, record: .failed),
        Interruption(
            effect: .safe, isCancelled: true, state: .cancelled, step: .submit, isUnknown: false, record: .failed),
        // Cancelled work that may have been paid for is not thrown away unseen.
        Interruption(
            effect: .reconcile, isCancelled: true, state: .held, step: .reconcile, isUnknown: true, record: .unknown),
        Interruption(effect: .never, isCancelled: true, state: .held, step: .submit, isUnknown: true, record: .unknown),
    ]

    private func expect(_ job: Job, _ row: Interruption, _ record: StepRecord.State) {
        #expect(job.state == row.state && job.step == row.step && job.isOutcomeUnknown == row.isUnknown)
        #expect(record == row.record)
        #expect(job.owner == nil && job.leaseUntil == nil && job.openIntent == nil && !job.isCancelRequested)
        #expect(job.since == Self.later && job.key == "key" && job.fence == 1)
        if row.isUnknown { #expect(job.reason?.code == "outcome_unknown") }
    }

    @Test(
        "A job that is handed back costs nothing, and an effect under way is judged by what repeating does",
        arguments: interruptions)
    func released(row: Interruption) throws {
        var job = try running(effect: row.effect, isCancelled: row.isCancelled)
        let record = job.release(now: Self.later)
        expect(job, row, record)
        #expect(job.attempt == 0 && job.crashes == 0)
    }

    @Test("A job whose process ended is treated alike, and remembers the crash", arguments: interruptions)
    func processEnded(row: Interruption) throws {
        var job = try running(effect: row.effect, isCancelled: row.isCancelled)
        let record = job.rescue(.processEnded(isSuspected: true), maximumCrashes: 2, now: Self.later)
        expect(job, row, record)
        #expect(job.attempt == 0 && job.crashes == 1)
    }

    @Test("A job that was merely claimed when its process ended is not blamed", arguments: interruptions)
    func merelyClaimed(row: Interruption) throws {
        var job = try running(effect: row.effect, isCancelled: row.isCancelled)
        let record = job.rescue(.processEnded(isSuspected: false), maximumCrashes: 1, now: Self.later)
        expect(job, row, record)
        #expect(job.attempt == 0 && job.crashes == 0)
        // What it was blamed for before stays in mind until a step of it ends.
        var suspect = try running(.fit)
        suspect.crashes = 1
        _ = suspect.rescue(.processEnded(isSuspected: false), maximumCrashes: 2, now: Self.later)
        #expect(suspect.state == .waiting && suspect.crashes == 1)
    }

    @Test("A lease that ran out costs an attempt", arguments: interruptions)
    func leaseExpired(row: Interruption) throws {
        var job = try running(effect: row.effect, isCancelled: row.isCancelled)
        let record = job.rescue(.leaseExpired, maximumCrashes: 2, now: Self.later)
        expect(job, row, record)
        // Asking the provider is another step, with attempts of its own.
        #expect(job.attempt == (row.step == .reconcile ? 0 : 1) && job.crashes == 1)
    }

    @Test(
        "Quarantine comes with the last allowed crash, names how many there were, and spares what may be paid for",
        arguments: 1...4)
    func quarantine(maximum: Int) throws {
        var job = try running(.fit)
        for crash in 1...maximum {
            if crash > 1 { job.claim(by: "worker", for: .seconds(60), now: Self.now) }
            _ = job.rescue(.processEnded(isSuspected: true), maximumCrashes: maximum, now: Self.later)
            #expect(job.crashes == crash && (job.state == .held) == (crash == maximum))
        }
        #expect(job.reason?.code == "quarantined" && job.reason?.message.contains("\(maximum) times") == true)
        #expect(job.reason?.message.contains("during fit") == true)
        var paid = try running(effect: .reconcile)
        _ = paid.rescue(.processEnded(isSuspected: true), maximumCrashes: 1, now: Self.later)
        #expect(paid.state == .waiting && paid.step == .reconcile && paid.isOutcomeUnknown)
    }

    @Test("A step that ends in any orderly way clears the count of crashes")
    func cleared() throws {
        let outcomes: [StepOutcome] = [
            .advanced(to: .collect), .identified(contentHash: "h", next: .fit), .delivered([]),
            .retry(at: Self.later, .test), .failed(.test), .held(.test), .unknown(.test),
        ]
        for outcome in outcomes {
            var job = try running()
            job.crashes = 2
            _ = job.finish(outcome, pending: [], now: Self.later)
            #expect(job.crashes == 0, "\(outcome)")
        }
    }

    @Test(
        "An outcome that nobody knows depends on whether anybody can be asked",
        arguments: [nil, .safe, .reconcile, .never] as [StepIntent.Repetition?])
    func unknown(effect: StepIntent.Repetition?) throws {
        var job = try running(effect: effect)
        let record = job.finish(.unknown(.test), pending: [], now: Self.later)
        #expect(record == .unknown)
        #expect(job.reason == .test)
        switch effect {
        case .safe: #expect(job.state == .waiting && job.step == .submit && !job.isOutcomeUnknown)
        case .reconcile: #expect(job.state == .waiting && job.step == .reconcile && job.isOutcomeUnknown)
        // Without a record nobody knows what was sent.
        case .never, nil: #expect(job.state == .held && job.step == .submit && job.isOutcomeUnknown)
        }
    }

    @Test("Reconciling ends the doubt, whether the submission arrived or not")
    func reconciled() throws {
        for (next, stage) in [(JobStep.collect, JobStage.submitted), (.submit, .settled)] {
            var job = try running(effect: .reconcile)
            _ = job.release(now: Self.now)
            job.claim(by: "worker", for: .seconds(60), now: Self.now)
            #expect(job.step == .reconcile)
            let record = job.finish(.advanced(to: next), pending: [], now: Self.later)
            #expect(record == .done)
            #expect(job.state == .waiting && job.step == next && !job.isOutcomeUnknown && job.stage == stage)
        }
    }

    @Test("Each step that is done raises the stage, and none lowers it", arguments: JobStep.allCases)
    func stages(step: JobStep) throws {
        let expected: [JobStep: JobStage] = [
            .settle: .settled, .fit: .fitted, .upload: .uploaded, .submit: .submitted, .reconcile: .submitted,
            .collect: .completed,
            // Only a delivery delivers.
            .deliver: .settled,
        ]
        var job = try running(step)
        _ = job.finish(.advanced(to: .fit), pending: [], now: Self.later)
        #expect(job.stage == expected[step])
        var far = try running(step)
        far.stage = .completed
        _ = far.finish(.advanced(to: .fit), pending: [], now: Self.later)
        #expect(far.stage == .completed)
    }

    @Test("A retry waits for its time, and the surroundings' faults are not the job's")
    func retries() throws {
        for (counts, attempt) in [(true, 1), (false, 0)] {
            var job = try running(effect: .reconcile)
            let outcome = StepOutcome.retry(at: Self.later, .test, consumesAttempt: counts)
            let record = job.finish(outcome, pending: [], now: Self.now)
            #expect(record == .failed)
            #expect(job.attempt == attempt && job.state == .waiting && job.step == .submit && job.reason == .test)
            #expect(!job.isDue(now: Self.now) && job.isDue(now: Self.later))
        }
    }

    @Test("A cancelled job ends with its step, unless the step has already ended it or it is delivered")
    func cancelled() throws {
        let rows: [(StepOutcome, JobState)] = [
            (.advanced(to: .collect), .cancelled), (.retry(at: Self.later, .test), .cancelled),
            (.identified(contentHash: "h", next: .fit), .cancelled), (.failed(.test), .failed), (.held(.test), .held),
            (.delivered([]), .delivered), (.unknown(.test), .held),
        ]
        for (outcome, state) in rows {
            var job = try running(isCancelled: true)
            _ = job.finish(outcome, pending: [], now: Self.later)
            #expect(job.state == state, "\(outcome)")
        }
    }

    @Test("A job is delivered when every name has its result, by bytes and folder")
    func deliveries() throws {
        func name(_ name: String, _ folder: String = "in") -> JobDelivery { JobDelivery(name: name, folder: folder) }
        let rows: [(pending: [JobDelivery], delivered: [JobDelivery], isOver: Bool)] = [
            ([], [], true), ([name("a")], [name("a")], true), ([name("a")], [], false),
            ([name("a"), name("b")], [name("a")], false), ([name("a"), name("b")], [name("b"), name("a")], true),
            ([name("a")], [name("a", "other")], false), ([name("a")], [name("a"), name("extra")], true),
            // Two files to the system, although the letters look alike.
            ([name("caf\u{E9}"), name("cafe\u{301}")], [name("caf\u{E9}")], false),
        ]
        for row in rows {
            var job = try running(.deliver)
            let record = job.finish(.delivered(row.delivered), pending: row.pending, now: Self.later)
            #expect(record == .done)
            #expect((job.state == .delivered) == row.isOver, "\(row)")
            #expect((job.stage == .delivered) == row.isOver && (job.step == .deliver))
        }
    }

    @Test("One effect at a time, and none while the last one's outcome is unknown")
    func effects() throws {
        var job = try running(effect: .safe)
        #expect {
            try job.open(StepIntent(.safe), id: "second")
        } throws: {
            ($0 as? LedgerError)?.code == .notAllowed
        }
        #expect(job.openIntent?.id == "effect")
        var unknown = try running(effect: .reconcile)
        _ = unknown.release(now: Self.now)
        unknown.claim(by: "worker", for: .seconds(60), now: Self.now)
        #expect {
            try unknown.open(StepIntent(.safe), id: "second")
        } throws: {
            ($0 as? LedgerError)?.message.contains("reconcile before") == true
        }
    }

    @Test("A lease holds the job of its claim only: worker, number and attempt must all agree")
    func leases() throws {
        let job = try running()
        let lease = try #require(JobLease(job))
        #expect(lease.holds(job) && lease.until == Self.now + .seconds(60) && lease.attempt == 1)
        var changed = job
        changed.owner = "other"
        #expect(!lease.holds(changed))
        changed = job
        changed.fence += 1
        #expect(!lease.holds(changed))
        changed = job
        changed.attempt += 1
        #expect(!lease.holds(changed))
        changed = job
        _ = changed.release(now: Self.later)
        #expect(!lease.holds(changed) && JobLease(changed) == nil)
        // Renewing changes neither.
        changed = job
        changed.leaseUntil = Self.later
        #expect(lease.holds(changed))
    }
}
