// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import Testing

@testable import SnugGeneration

@Suite("Decisions after a submission")
struct SubmissionMachineTests {
    private func machine(
        _ contract: RepeatContract = .none, attempts: Int = 4, fallbacks: [String] = [], refresh: Bool = false,
        repeatsLost: Bool = false, doubtful: Bool = false
    ) -> SubmissionMachine {
        SubmissionMachine(
            policy: RetryPolicy(maximumAttempts: attempts), contract: contract, fallbacks: fallbacks,
            canRefresh: refresh, repeatsLost: repeatsLost, mayHaveTakenEffect: doubtful)
    }

    private func failure(
        _ code: GenerationError.Code, _ recovery: ProviderFailure.RecoveryAction = .none, hint: Duration? = nil
    ) -> ProviderFailure {
        ProviderFailure(code: code, message: "", hint: hint, recovery: recovery)
    }

    private let lost = SubmissionOutcome.unknown(ProviderFailure(code: .outcomeUnknown, message: "lost"))
    private let busy = SubmissionOutcome.transient(ProviderFailure(code: .providerFailed, message: "busy"))

    // MARK: Unknown outcomes

    @Test("Nothing promised: held, and not sent again")
    func none() {
        var machine = machine(.none)
        #expect(machine.handle(lost, Conditions()).name == "hold")
    }

    @Test("Joined or replayed: repeated until the attempts are spent, and open even then")
    func joined() {
        for contract in [RepeatContract.join, .replay] {
            var machine = machine(contract, attempts: 3)
            #expect(machine.handle(lost, Conditions()).name == "retry nothing")
            #expect(machine.handle(lost, Conditions()).name == "retry nothing")
            #expect(machine.handle(lost, Conditions()).name == "leaveOpen attemptsSpent")
        }
    }

    @Test("A result that is of no use is not asked for again")
    func useless() {
        let useless = SubmissionOutcome.unknown(failure(.badResponse, .giveUp))
        for (contract, step) in [
            (RepeatContract.join, "leaveOpen refused"), (.replay, "leaveOpen refused"), (.none, "hold"),
        ] {
            var machine = machine(contract)
            #expect(machine.handle(useless, Conditions()).name == step)
        }
    }

    @Test("A result after a lost response counts as recovered")
    func recovered() {
        var machine = machine(.join)
        _ = machine.handle(lost, Conditions())
        guard case .deliver(_, isRecovered: true) = machine.handle(.completed(JobResult()), Conditions()) else {
            Issue.record("not recovered")
            return
        }
    }

    @Test("A key that rejects duplicates is sent once more")
    func rejected() {
        var machine = machine(.rejectDuplicate)
        #expect(machine.handle(lost, Conditions()).name == "retry nothing")
        #expect(machine.handle(lost, Conditions()).name == "hold")
    }

    @Test("A listing is searched; what it does not have is held, unless a repeat is allowed")
    func searched() {
        var careful = machine(.history)
        #expect(careful.handle(lost, Conditions()).name == "search")
        #expect(careful.searchFailed(failure(.outcomeUnknown), Conditions()).name == "hold")
        var bold = machine(.history, repeatsLost: true)
        #expect(bold.handle(lost, Conditions()).name == "search")
        #expect(bold.searchFailed(failure(.outcomeUnknown), Conditions()).name == "retry nothing")
    }

    @Test(
        "A process that ended before it heard",
        arguments: [
            (RepeatContract.join, "retry nothing"), (.replay, "retry nothing"), (.rejectDuplicate, "retry nothing"),
            (.history, "search"), (.none, "hold"),
        ])
    func interrupted(contract: RepeatContract, step: String) {
        var machine = machine(contract, doubtful: true)
        #expect(machine.interrupted(failure(.outcomeUnknown)).name == step)
    }

    @Test(
        "As long as one is in doubt, nothing else is asked for",
        arguments: [
            ProviderFailure.RecoveryAction.refit(byteLimit: nil, maximumSide: nil), .reencode, .useBody, .switchModel,
        ])
    func doubt(recovery: ProviderFailure.RecoveryAction) {
        var machine = machine(.join, fallbacks: ["b"])
        _ = machine.handle(lost, Conditions())
        for _ in 0..<2 {
            let step = machine.handle(.transient(failure(.noCapacity, recovery)), Conditions()).name
            #expect(step == (recovery == .switchModel ? "retry nothing" : "leaveOpen refused"))
        }
        var refused = self.machine(.join, fallbacks: ["b"])
        _ = refused.handle(lost, Conditions())
        #expect(
            refused.handle(.failed(failure(.modelNotFound, .switchModel)), Conditions()).name == "leaveOpen refused")
    }

    @Test("A failure after a lost response leaves the lost one in doubt")
    func refusedLater() {
        var machine = machine(.rejectDuplicate)
        _ = machine.handle(lost, Conditions())
        #expect(machine.handle(.failed(failure(.paymentRequired)), Conditions()).name == "hold")
    }

    // MARK: Certain failures

    @Test(
        "One attempt is one attempt, whatever could be mended",
        arguments: [
            ProviderFailure.RecoveryAction.none, .refreshToken, .refit(byteLimit: 1, maximumSide: nil), .reencode,
            .useBody,
            .switchModel,
            .lowerConcurrency,
        ])
    func once(recovery: ProviderFailure.RecoveryAction) {
        for contract in [RepeatContract.none, .join, .history, .replay, .rejectDuplicate] {
            var machine = machine(contract, attempts: 1, fallbacks: ["b"], refresh: true)
            #expect(!machine.handle(.transient(failure(.noCapacity, recovery)), Conditions()).name.hasPrefix("retry"))
            var doubtful = self.machine(contract, attempts: 1, fallbacks: ["b"], refresh: true)
            let step = doubtful.handle(lost, Conditions()).name
            #expect(step.hasPrefix("hold") || step.hasPrefix("leaveOpen"), "\(contract): \(step)")
        }
    }

    @Test("Attempts are counted")
    func attempts() {
        var machine = machine(attempts: 3)
        #expect(machine.handle(busy, Conditions()).name == "retry nothing")
        #expect(machine.handle(busy, Conditions()).name == "retry nothing")
        #expect(machine.handle(busy, Conditions()).name == "fail attemptsSpent")
    }

    @Test("A hint is a floor, and a longer one than the policy allows ends the attempts")
    func hints() {
        var machine = machine()
        guard
            case .payForRetry(let retry) = machine.handle(
                .transient(failure(.rateLimited, hint: .seconds(20))), Conditions(remaining: .seconds(60), random: 0))
        else {
            Issue.record("no wait")
            return
        }
        #expect(retry.wait == .seconds(20))
        let long = SubmissionOutcome.transient(failure(.rateLimited, hint: .seconds(847)))
        #expect(machine.handle(long, Conditions(remaining: .seconds(60))).name == "fail waitTooLong")
        var patient = self.machine()
        #expect(patient.handle(long, Conditions()).name == "fail waitTooLong")
        let short = SubmissionOutcome.transient(failure(.rateLimited, hint: .seconds(60)))
        #expect(patient.handle(short, Conditions(remaining: .seconds(30))).name == "fail waitTooLong")
    }

    @Test("An empty budget ends it")
    func budget() {
        var machine = machine()
        guard case .payForRetry(let retry) = machine.handle(busy, Conditions()) else {
            Issue.record("no retry")
            return
        }
        #expect(machine.retryUnpaid(retry).name == "fail budgetSpent")
        #expect(machine.retryPaid(retry).name == "retry nothing")
    }

    @Test("After a search, only a paid retry settles the doubt")
    func budgetAfterSearch() {
        var machine = machine(.history, repeatsLost: true)
        _ = machine.handle(lost, Conditions())
        guard case .payForRetry(let retry) = machine.searchFailed(failure(.outcomeUnknown), Conditions()) else {
            Issue.record("no retry")
            return
        }
        #expect(machine.mayHaveTakenEffect && machine.retryUnpaid(retry).name == "hold")
        #expect(machine.retryPaid(retry).name == "retry nothing" && !machine.mayHaveTakenEffect)
    }

    @Test("A token is refreshed once, and only where there is something to refresh with")
    func token() {
        let expired = SubmissionOutcome.transient(failure(.notAuthenticated, .refreshToken))
        var machine = machine(refresh: true)
        #expect(machine.handle(expired, Conditions()).name == "retry refreshToken")
        #expect(machine.handle(expired, Conditions()).name == "fail refused")
        var key = self.machine()
        #expect(key.handle(expired, Conditions()).name == "fail refused")
    }

    @Test("Input is refitted twice, re-encoded once, moved to the body once")
    func repairs() {
        var machine = machine()
        let large = SubmissionOutcome.transient(failure(.payloadTooLarge, .refit(byteLimit: nil, maximumSide: nil)))
        #expect(machine.handle(large, Conditions()).name == "retry refit")
        #expect(machine.handle(large, Conditions()).name == "retry refit")
        #expect(machine.handle(large, Conditions()).name == "fail attemptsSpent")
        let media = SubmissionOutcome.transient(failure(.unsupportedMedia, .reencode))
        #expect(machine.handle(media, Conditions()).name == "retry reencode")
        #expect(machine.handle(media, Conditions()).name == "fail refused")
        let long = SubmissionOutcome.transient(failure(.invalidRequest, .useBody))
        #expect(machine.handle(long, Conditions()).name == "retry useBody")
        #expect(machine.handle(long, Conditions()).name == "fail refused")
    }

    @Test("Another model is asked when this one has no capacity, or is not there, and for no other reason")
    func fallbacks() {
        let full = SubmissionOutcome.transient(failure(.noCapacity, .switchModel))
        var machine = machine(attempts: 9, fallbacks: ["b", "c"])
        let steps = (0..<5).map { _ in machine.handle(full, Conditions()).name }
        #expect(steps == ["retry nothing", "retry b", "retry nothing", "retry c", "retry nothing"])
        var missing = self.machine(fallbacks: ["b"])
        #expect(missing.handle(.failed(failure(.modelNotFound, .switchModel)), Conditions()).name == "retry b")
        for code in [GenerationError.Code.policyRefused, .invalidRequest, .paymentRequired, .forbidden] {
            var refused = self.machine(fallbacks: ["b"])
            #expect(refused.handle(.failed(failure(code)), Conditions()).name == "fail refused")
        }
    }

    @Test("A job that failed for lack of capacity is submitted again; one that was refused is not")
    func jobs() {
        var machine = machine(.history)
        _ = machine.handle(lost, Conditions())
        #expect(machine.jobFailed(failure(.noCapacity, .switchModel), Conditions()).name == "retry nothing")
        #expect(!machine.mayHaveTakenEffect)
        #expect(machine.jobFailed(failure(.policyRefused), Conditions()).name == "fail refused")
    }
}

extension SubmissionMachine.Step {
    /// For comparing.
    fileprivate var name: String {
        switch self {
        case .deliver: "deliver"
        case .poll: "poll"
        case .payForRetry(let retry): "retry \(retry.change)"
        case .retry(.model(let model), _, _): "retry \(model)"
        case .retry(.refit, _, _): "retry refit"
        case .retry(let change, _, _): "retry \(change)"
        case .search: "search"
        case .fail(_, let reason): "fail \(reason)"
        case .leaveOpen(_, let reason): "leaveOpen \(reason)"
        case .hold: "hold"
        }
    }
}
