// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import Testing

@testable import SnugGeneration

/// Jobs against a provider that keeps count, over thousands of random lives with losses, failures and kills.
@Suite("Random lives of jobs") struct RandomJobTests {
    private static let contracts: [RepeatContract] = [.none, .history, .join, .replay, .rejectDuplicate]

    /// The provider and the journal after a run of the work, and how the run ended.
    private struct Run {
        var model: ProviderModel
        var ending: ModelEnding
        var seed: UInt64
    }

    /// One piece of work, run again after each kill and each failure that may pass, as a person or a daemon does.
    private func live(_ contract: RepeatContract, count: Int, seed: UInt64) -> [Run] {
        var model = ProviderModel(contract, count: count, seed: seed)
        var runs: [Run] = []
        for round in 0..<12 {
            // Held work waits for a person, who does not come here.
            if model.saved?.state == .held { break }
            let ending = model.run(mayDie: round < 8)
            runs.append(Run(model: model, ending: ending, seed: seed))
            if ending.name == "finished" || ending.name == "endless" { break }
        }
        return runs
    }

    @Test("Nothing is paid for twice, whatever is lost, refused or killed", arguments: contracts)
    func onceOnly(contract: RepeatContract) {
        var endings: [String: Int] = [:]
        for seed in UInt64(1)...300 {
            for run in live(contract, count: 1 + Int(seed % 3), seed: seed) {
                #expect(run.model.charges <= 1, "seed \(seed)")
                endings[run.ending.name, default: 0] += 1
            }
        }
        // The lives are of all kinds, so that the rule was put to the test, and each of them ends.
        #expect(Set(endings.keys) == ["finished", "failed", "in doubt", "killed"])
        #expect(endings.values.allSatisfy { $0 > 4 }, "\(endings)")
    }

    @Test("What was paid for is delivered, or a record says that it may be, and never forgotten", arguments: contracts)
    func neverForgotten(contract: RepeatContract) {
        for seed in UInt64(1)...300 {
            for run in live(contract, count: 1, seed: seed) where run.model.charges > 0 {
                if case .finished(let generation) = run.ending {
                    #expect(generation.images.count == 1)
                    continue
                }
                #expect(run.model.saved != nil, "seed \(seed)")
                guard case .failed(let error) = run.ending else { continue }
                #expect(error.journalKey == "work")
                // Nobody is told that it failed for good.
                let state = run.model.saved?.state
                let isOpen = [.sending, .accepted, .completed, .held].contains(state)
                #expect(isOpen, "seed \(seed): \(state?.rawValue ?? "")")
            }
        }
    }

    @Test("A job that is done has all images that were asked for", arguments: contracts)
    func complete(contract: RepeatContract) {
        for seed in UInt64(1)...100 {
            let count = 1 + Int(seed % 4)
            for run in live(contract, count: count, seed: seed) {
                guard case .finished(let generation) = run.ending else { continue }
                #expect(generation.images.count == count && generation.missingCount == 0, "seed \(seed)")
            }
        }
    }

    @Test("With one attempt, one request leaves this machine in one call, whatever comes back", arguments: contracts)
    func oneAttempt(contract: RepeatContract) {
        let failure = ProviderFailure(code: .noCapacity, message: "")
        let outcomes: [SubmissionOutcome] = [
            .transient(failure.with(.none)), .transient(failure.with(.refit(byteLimit: 5, maximumSide: nil))),
            .transient(failure.with(.reencode)), .transient(failure.with(.useBody)),
            .transient(failure.with(.switchModel)), .transient(failure.with(.lowerConcurrency)),
            .failed(failure.with(.switchModel)), .unknown(failure),
        ]
        for outcome in outcomes {
            var settings = GenerationJob.Settings(contract: contract)
            settings.policy = RetryPolicy(maximumAttempts: 1)
            settings.canRefresh = true
            settings.account = "account"
            var job = GenerationJob(GenerationJobTests.record(), settings)
            _ = job.handle(.started(kept: nil), Conditions())
            _ = job.handle(.prepared(digest: "d", addresses: []), Conditions())
            _ = job.sending()
            let action = job.handle(.submitted(outcome), Conditions()).action
            #expect(action.name.hasPrefix("fail"), "\(outcome): \(action.name)")
        }
    }

    @Test("While an outcome is in doubt, no change of the request is sent", arguments: contracts)
    func unchanged(contract: RepeatContract) {
        let lost = ProviderFailure(code: .outcomeUnknown, message: "")
        let refused = ProviderFailure(code: .payloadTooLarge, message: "")
        let recoveries: [ProviderFailure.RecoveryAction] = [
            .refit(byteLimit: 5, maximumSide: 6), .reencode, .useBody, .switchModel,
        ]
        for recovery in recoveries {
            for outcome in [SubmissionOutcome.transient(refused.with(recovery)), .failed(refused.with(recovery))] {
                var machine = SubmissionMachine(
                    policy: RetryPolicy(), contract: contract, fallbacks: ["other"], canRefresh: true)
                _ = machine.handle(.unknown(lost), Conditions())
                #expect(machine.mayHaveTakenEffect)
                switch machine.handle(outcome, Conditions()) {
                case .retry(let change, _, _):
                    #expect(change == .nothing || change == .refreshToken, "\(recovery)")
                case .payForRetry(let retry): #expect(retry.change == .nothing, "\(recovery)")
                case .hold, .leaveOpen, .search: break
                case .fail, .deliver, .poll: Issue.record("\(recovery): the doubt is gone")
                }
            }
        }
    }
}
