// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import Testing

@testable import SnugPipeline

/// The way on from every kind of fault, at every step, for paid and unpaid work, at the first and the last attempt.
@Suite struct FaultPolicyTableTests {
    private static let now = LedgerInstant(milliseconds: 5_000_000)

    private func decide(
        _ kind: StepFault.Kind, _ step: JobStep = .fit, attempt: Int = 1, isPaid: Bool = false,
        faults: Int = 1,
        random: Double = 1, delay: Duration? = nil, maximum: Int = 5
    ) -> FaultPolicy.Decision {
        FaultPolicy(maximumAttempts: maximum).decide(
            StepFault(kind, "code", "message", delay: delay),
            FaultPolicy.Situation(
                step: step, attempt: attempt, isPaid: isPaid, faultsInARow: faults, now: Self.now,
                random: random))
    }

    /// A word for what becomes of the job.
    private func fate(_ decision: FaultPolicy.Decision) -> String {
        switch decision.outcome {
        case .advanced(to: let step, at: _): "to \(step.rawValue)"
        case .retry(at: _, _, consumesAttempt: true): "attempt"
        case .retry(at: _, _, consumesAttempt: false): "wait"
        case .failed: "failed"
        case .held: "held"
        case .unknown: "unknown"
        case .delivered, .identified: "done"
        }
    }

    private static let all = "every step"

    /// A fault, the step or all of them, and the fates: unpaid at the first attempt and the last, paid at both.
    private static let rows: [(kind: StepFault.Kind, step: String, fates: [String])] = [
        (.definite, all, ["failed", "failed", "held", "held"]),
        (.held, all, ["held", "held", "held", "held"]),
        (.transient, all, ["attempt", "failed", "attempt", "held"]),
        (.environmental, all, ["wait", "wait", "wait", "wait"]),
        (.folderWide, all, ["wait", "wait", "wait", "wait"]),
        (.parked(account: "a"), all, ["wait", "wait", "wait", "wait"]),
        (.unknown, all, ["unknown", "unknown", "unknown", "unknown"]),
        (.unresolved, "submit", ["unknown", "unknown", "unknown", "unknown"]),
        (.unresolved, "reconcile", ["attempt", "unknown", "attempt", "unknown"]),
        (.pending, "submit", ["to collect", "to collect", "to collect", "to collect"]),
        (.pending, "reconcile", ["to collect", "to collect", "to collect", "to collect"]),
        (.pending, "collect", ["attempt", "failed", "attempt", "held"]),
    ]

    @Test(
        "Each kind of fault has its fate; nothing paid for fails, nothing in doubt is sent again",
        arguments: rows)
    func fates(kind: StepFault.Kind, step: String, fates: [String]) {
        for known in JobStep.allCases where step == Self.all || step == known.rawValue {
            let found = [false, true].flatMap { isPaid in
                [1, 5].map { fate(decide(kind, known, attempt: $0, isPaid: isPaid)) }
            }
            #expect(found == fates, "\(known.rawValue)")
        }
    }

    @Test(
        "Only a fault that every file of the folder would meet holds up the folder, and only an account its own jobs"
    )
    func scopes() {
        for (kind, _, _) in Self.rows {
            let decision = decide(kind, .submit)
            #expect(decision.pausesFolder == (kind == .folderWide))
            #expect(decision.parkedAccount == (kind == .parked(account: "a") ? "a" : nil))
            let counts = decision.consumesAttempt
            if case .retry(at: _, _, consumesAttempt: let recorded) = decision.outcome {
                #expect(recorded == counts)
            }
        }
    }

    /// Seconds of the longest wait after so many failures, by hand: doubled from the first one up to the bound.
    @Test(
        "Waits double up to their bound, and jitter takes away half of them at the most",
        arguments: [
            (StepFault.Kind.transient, JobStep.fit, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]),
            (.environmental, .fit, [5, 10, 20, 40, 80, 160, 300, 300, 300, 300, 300]),
            (.folderWide, .deliver, [5, 10, 20, 40, 80, 160, 300, 300, 300, 300, 300]),
            (.pending, .submit, [5, 10, 20, 40, 80, 120, 120, 120, 120, 120, 120]),
        ] as [(StepFault.Kind, JobStep, [Int])])
    func waits(kind: StepFault.Kind, step: JobStep, seconds: [Int]) {
        for (index, longest) in seconds.enumerated() {
            for random in [0, 0.5, 1] {
                let decision = decide(
                    kind, step, attempt: index + 1, faults: index + 1, random: random, maximum: 1000)
                let expected = Double(longest) * (0.5 + random / 2) * 1000
                let wait = (decision.until ?? Self.now).milliseconds - Self.now.milliseconds
                #expect(abs(Double(wait) - expected) <= 1, "after \(index + 1), \(random)")
            }
        }
    }

    @Test("A wait that somebody asked for is never shortened, nor added to")
    func asked() {
        let kinds: [(StepFault.Kind, Int)] = [
            (.transient, 256), (.environmental, 300), (.folderWide, 300),
        ]
        for (kind, own) in kinds {
            for (asked, expected) in [(3600, 3600), (2, own)] {
                let decision = decide(kind, attempt: 9, faults: 9, delay: .seconds(asked), maximum: 100)
                #expect(decision.until == Self.now + .seconds(expected), "\(kind), \(asked)")
            }
        }
    }

    @Test("A job that fails says how often it was tried, and keeps its code")
    func spent() {
        guard case .failed(let reason) = decide(.transient, attempt: 5).outcome else {
            Issue.record("it did not fail")
            return
        }
        #expect(reason.code == "code" && reason.message == "message (5 attempts)")
        guard case .failed(let once) = decide(.definite, attempt: 4).outcome else {
            Issue.record("it did not fail")
            return
        }
        #expect(once.message == "message")
    }
}
