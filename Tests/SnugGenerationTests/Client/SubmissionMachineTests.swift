// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import Testing

@testable import SnugGeneration

@Suite("What follows an answer")
struct SubmissionMachineTests {
    private func machine(
        _ contract: RepeatContract = .none, attempts: Int = 4, fallbacks: [String] = [], refresh: Bool = false,
        repeatsLost: Bool = false, doubtful: Bool = false
    ) -> SubmissionMachine {
        SubmissionMachine(
            policy: RetryPolicy(maximumAttempts: attempts), contract: contract, fallbacks: fallbacks,
            canRefresh: refresh, repeatsLost: repeatsLost, mayHaveTakenEffect: doubtful)
    }

    private func means(
        _ remaining: Duration? = nil, random: Double = 1, budget: Bool = true
    ) -> SubmissionMachine.Means {
        SubmissionMachine.Means(remaining: remaining, random: random, payBudget: { _ in budget })
    }

    private func refusal(
        _ code: GenerationError.Code, _ remedy: ProviderFailure.RecoveryAction = .none, hint: Duration? = nil
    ) -> ProviderFailure {
        ProviderFailure(code: code, message: "", hint: hint, remedy: remedy)
    }

    private let lost = SubmissionOutcome.unknown(ProviderFailure(code: .outcomeUnknown, message: "lost"))
    private let busy = SubmissionOutcome.transient(ProviderFailure(code: .providerFailed, message: "busy"))

    // MARK: Unknown outcomes

    @Test("Nothing promised: held, and not sent again")
    func none() {
        var machine = machine(.none)
        #expect(machine.answered(lost, means()).name == "hold")
    }

    @Test("Joined or replayed: the same again, until the attempts are spent, and open even then")
    func joined() {
        for contract in [RepeatContract.join, .replay] {
            var machine = machine(contract, attempts: 3)
            #expect(machine.answered(lost, means()).name == "again nothing")
            #expect(machine.answered(lost, means()).name == "again nothing")
            #expect(machine.answered(lost, means()).name == "leaveOpen attemptsSpent")
        }
    }

    @Test("A result after a lost answer was there before")
    func recovered() {
        var machine = machine(.join)
        _ = machine.answered(lost, means())
        guard case .deliver(_, isRecovered: true) = machine.answered(.completed(JobResult()), means()) else {
            Issue.record("not recovered")
            return
        }
    }

    @Test("A key that is used up is asked with once more")
    func rejected() {
        var machine = machine(.rejectDuplicate)
        #expect(machine.answered(lost, means()).name == "again nothing")
        #expect(machine.answered(lost, means()).name == "hold")
    }

    @Test("A listing is searched; what it does not have is held, unless a repeat is allowed")
    func searched() {
        var careful = machine(.history)
        #expect(careful.answered(lost, means()).name == "search")
        #expect(careful.searched(refusal(.outcomeUnknown), means()).name == "hold")
        var bold = machine(.history, repeatsLost: true)
        #expect(bold.answered(lost, means()).name == "search")
        #expect(bold.searched(refusal(.outcomeUnknown), means()).name == "again nothing")
    }

    @Test(
        "A process that ended before it heard",
        arguments: [
            (RepeatContract.join, "again nothing"), (.replay, "again nothing"), (.rejectDuplicate, "again nothing"),
            (.history, "search"), (.none, "hold"),
        ])
    func interrupted(contract: RepeatContract, step: String) {
        var machine = machine(contract, doubtful: true)
        #expect(machine.interrupted(refusal(.outcomeUnknown)).name == step)
    }

    @Test(
        "As long as one is in doubt, nothing else is asked for",
        arguments: [
            ProviderFailure.RecoveryAction.refit(byteLimit: nil, maximumSide: nil), .reencode, .useBody, .switchModel,
        ])
    func doubt(remedy: ProviderFailure.RecoveryAction) {
        var machine = machine(.join, fallbacks: ["b"])
        _ = machine.answered(lost, means())
        for _ in 0..<2 {
            let step = machine.answered(.transient(refusal(.noCapacity, remedy)), means()).name
            #expect(step == (remedy == .switchModel ? "again nothing" : "leaveOpen refused"))
        }
        var refused = self.machine(.join, fallbacks: ["b"])
        _ = refused.answered(lost, means())
        #expect(refused.answered(.failed(refusal(.modelNotFound, .switchModel)), means()).name == "leaveOpen refused")
    }

    @Test("A refusal after a lost answer leaves the lost one in doubt")
    func refusedLater() {
        var machine = machine(.rejectDuplicate)
        _ = machine.answered(lost, means())
        #expect(machine.answered(.failed(refusal(.paymentRequired)), means()).name == "hold")
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
    func once(remedy: ProviderFailure.RecoveryAction) {
        for contract in [RepeatContract.none, .join, .history, .replay, .rejectDuplicate] {
            var machine = machine(contract, attempts: 1, fallbacks: ["b"], refresh: true)
            #expect(!machine.answered(.transient(refusal(.noCapacity, remedy)), means()).name.hasPrefix("again"))
            var doubtful = self.machine(contract, attempts: 1, fallbacks: ["b"], refresh: true)
            let step = doubtful.answered(lost, means()).name
            #expect(step.hasPrefix("hold") || step.hasPrefix("leaveOpen"), "\(contract): \(step)")
        }
    }

    @Test("Attempts are counted")
    func attempts() {
        var machine = machine(attempts: 3)
        #expect(machine.answered(busy, means()).name == "again nothing")
        #expect(machine.answered(busy, means()).name == "again nothing")
        #expect(machine.answered(busy, means()).name == "fail attemptsSpent")
    }

    @Test("A hint is a floor, obeyed only as far as it may be waited")
    func hints() {
        var machine = machine()
        guard
            case .again(_, let wait, _) = machine.answered(
                .transient(refusal(.rateLimited, hint: .seconds(20))), means(.seconds(60), random: 0))
        else {
            Issue.record("no wait")
            return
        }
        #expect(wait == .seconds(20))
        let long = SubmissionOutcome.transient(refusal(.rateLimited, hint: .seconds(847)))
        #expect(machine.answered(long, means(.seconds(60))).name == "fail waitTooLong")
        var patient = self.machine()
        #expect(patient.answered(long, means()).name == "fail waitTooLong")
        let short = SubmissionOutcome.transient(refusal(.rateLimited, hint: .seconds(60)))
        #expect(patient.answered(short, means(.seconds(30))).name == "fail waitTooLong")
    }

    @Test("An empty budget ends it")
    func budget() {
        var machine = machine()
        #expect(machine.answered(busy, means(budget: false)).name == "fail budgetSpent")
    }

    @Test("A token is refreshed once, and only where there is something to refresh with")
    func token() {
        let expired = SubmissionOutcome.transient(refusal(.notAuthenticated, .refreshToken))
        var machine = machine(refresh: true)
        #expect(machine.answered(expired, means()).name == "again refreshToken")
        #expect(machine.answered(expired, means()).name == "fail refused")
        var key = self.machine()
        #expect(key.answered(expired, means()).name == "fail refused")
    }

    @Test("Input is refitted twice, re-encoded once, moved to the body once")
    func repairs() {
        var machine = machine()
        let large = SubmissionOutcome.transient(refusal(.payloadTooLarge, .refit(byteLimit: nil, maximumSide: nil)))
        #expect(machine.answered(large, means()).name == "again refit")
        #expect(machine.answered(large, means()).name == "again refit")
        #expect(machine.answered(large, means()).name == "fail attemptsSpent")
        let media = SubmissionOutcome.transient(refusal(.unsupportedMedia, .reencode))
        #expect(machine.answered(media, means()).name == "again reencode")
        #expect(machine.answered(media, means()).name == "fail refused")
        let long = SubmissionOutcome.transient(refusal(.invalidRequest, .useBody))
        #expect(machine.answered(long, means()).name == "again useBody")
        #expect(machine.answered(long, means()).name == "fail refused")
    }

    @Test("Another model is asked when this one has no capacity, or is not there, and for no other reason")
    func fallbacks() {
        let full = SubmissionOutcome.transient(refusal(.noCapacity, .switchModel))
        var machine = machine(attempts: 9, fallbacks: ["b", "c"])
        let steps = (0..<5).map { _ in machine.answered(full, means()).name }
        #expect(steps == ["again nothing", "again b", "again nothing", "again c", "again nothing"])
        var missing = self.machine(fallbacks: ["b"])
        #expect(missing.answered(.failed(refusal(.modelNotFound, .switchModel)), means()).name == "again b")
        for code in [GenerationError.Code.policyRefused, .invalidRequest, .paymentRequired, .forbidden] {
            var refused = self.machine(fallbacks: ["b"])
            #expect(refused.answered(.failed(refusal(code)), means()).name == "fail refused")
        }
    }

    @Test("A job that failed for want of capacity is begun anew; one that was refused is not")
    func jobs() {
        var machine = machine(.history)
        _ = machine.answered(lost, means())
        #expect(machine.jobFailed(refusal(.noCapacity, .switchModel), means()).name == "again nothing")
        #expect(!machine.mayHaveTakenEffect)
        #expect(machine.jobFailed(refusal(.policyRefused), means()).name == "fail refused")
    }
}

extension SubmissionMachine.Step {
    /// For comparing.
    fileprivate var name: String {
        switch self {
        case .deliver: "deliver"
        case .poll: "poll"
        case .again(.nothing, _, _): "again nothing"
        case .again(.model(let model), _, _): "again \(model)"
        case .again(.refit, _, _): "again refit"
        case .again(let change, _, _): "again \(change)"
        case .search: "search"
        case .fail(_, let reason): "fail \(reason)"
        case .leaveOpen(_, let reason): "leaveOpen \(reason)"
        case .hold: "hold"
        }
    }
}
