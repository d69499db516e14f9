// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugImage
import SnugLedger
import SnugUpload
import SystemPackage
import Testing

@testable import SnugPipeline
@testable import SnugSystem

@Suite struct FaultPolicyTests {
    private let policy = FaultPolicy(maximumAttempts: 3)

    private func situation(
        _ step: JobStep = .fit, attempt: Int = 1, isPaid: Bool = false, faults: Int = 1,
        random: Double = 1
    ) -> FaultPolicy.Situation {
        FaultPolicy.Situation(
            step: step, attempt: attempt, isPaid: isPaid, faultsInARow: faults,
            now: LedgerInstant(milliseconds: 1_000_000), random: random)
    }

    private func fault(_ kind: StepFault.Kind, delay: Duration? = nil) -> StepFault {
        StepFault(kind, "code", "message", delay: delay)
    }

    @Test("A definite failure ends the job at once, but never one that is paid for")
    func definite() {
        let failed = policy.decide(fault(.definite), situation())
        #expect(failed.outcome == .failed(fault(.definite).reason))
        #expect(
            policy.decide(fault(.definite), situation(.collect, isPaid: true)).outcome
                == .held(fault(.held).reason))
    }

    @Test(
        "A transient failure is tried again, later and later, until the attempts are spent",
        arguments: 1...3)
    func transient(attempt: Int) {
        let decision = policy.decide(fault(.transient), situation(attempt: attempt))
        guard attempt < 3 else {
            guard case .failed = decision.outcome else {
                Issue.record("\(decision)")
                return
            }
            return
        }
        #expect(decision.until == LedgerInstant(milliseconds: 1_000_000 + 1000 << (attempt - 1)))
        #expect(decision.consumesAttempt)
    }

    @Test(
        "A fault of the surroundings costs no attempt, however often it comes", arguments: [1, 5, 100])
    func environmental(faults: Int) {
        let decision = policy.decide(fault(.environmental), situation(attempt: 3, faults: faults))
        guard case .retry(let date, _, consumesAttempt: false) = decision.outcome else {
            Issue.record("\(decision)")
            return
        }
        #expect(date.milliseconds - 1_000_000 <= 300_000 && !decision.pausesFolder)
        #expect(policy.decide(fault(.folderWide), situation(faults: faults)).pausesFolder)
    }

    @Test("The wait that somebody asked for is the least")
    func delay() {
        let decision = policy.decide(fault(.transient, delay: .seconds(77)), situation(random: 0))
        #expect(decision.until == LedgerInstant(milliseconds: 1_077_000))
    }

    @Test("A refused account is parked, and its job waits without a loss of attempts")
    func parked() {
        let decision = policy.decide(
            fault(.parked(account: "a"), delay: .seconds(60)), situation(.submit, attempt: 3))
        #expect(
            decision.parkedAccount == "a" && decision.until == LedgerInstant(milliseconds: 1_060_000))
        #expect(
            decision.outcome
                == .retry(
                    at: LedgerInstant(milliseconds: 1_000_000), fault(.held).reason, consumesAttempt: false))
    }

    @Test("What may have been paid for is never sent again by itself: it is asked about, then held")
    func unknown() {
        #expect(
            policy.decide(fault(.unknown), situation(.submit)).outcome == .unknown(fault(.held).reason))
        #expect(
            policy.decide(fault(.unresolved), situation(.submit)).outcome == .unknown(fault(.held).reason)
        )
        guard case .retry = policy.decide(fault(.unresolved), situation(.reconcile)).outcome else {
            Issue.record("no such outcome")
            return
        }
        let last = policy.decide(fault(.unresolved), situation(.reconcile, attempt: 3))
        #expect(last.outcome == .unknown(fault(.held).reason))
    }

    @Test("An accepted generation is collected later, and held once nobody can fetch it")
    func pending() {
        guard
            case .advanced(to: .collect, at: _) = policy.decide(fault(.pending), situation(.submit))
                .outcome
        else {
            Issue.record("no such outcome")
            return
        }
        let last = policy.decide(fault(.pending), situation(.collect, attempt: 3, isPaid: true))
        #expect(last.outcome == .held(fault(.held).reason))
    }

    @Test("Errors have the kind that fits their class")
    func kinds() {
        func kind(_ error: any Error) -> StepFault.Kind { StepFault(error, account: "a").kind }
        let full = SystemFailure(doing: "write", reason: .noSpace)
        #expect(kind(full) == .folderWide && kind(ImageError(full)) == .folderWide)
        #expect(kind(SystemFailure(doing: "write", reason: .readOnlyFileSystem)) == .folderWide)
        #expect(kind(SystemFailure(doing: "write", reason: .permissionDenied)) == .environmental)
        #expect(kind(SystemFailure(doing: "write", reason: .fileNameTooLong)) == .transient)
        #expect(kind(ImageError(.corruptInput, "")) == .definite)
        #expect(kind(GenerationError(.paymentRequired, "")) == .parked(account: "a"))
        #expect(kind(GenerationError(.notSent, "")) == .environmental)
        #expect(kind(GenerationError(.policyRefused, "")) == .definite)
        #expect(kind(UploadError(.refused, "")) == .definite)
        #expect(kind(UploadError(.retriesSpent, "")) == .transient)
        var unclear = GenerationError(.deadlineExceeded, "")
        unclear.isOutcomeUnknown = true
        #expect(kind(unclear) == .unknown)
    }
}
