// SPDX-License-Identifier: Apache-2.0
import SnugLedger

/// Decides how a job goes on after a step that did not succeed. It knows no clock and no ledger.
struct FaultPolicy: Sendable {
    /// Attempts at each step.
    var maximumAttempts: Int

    /// The state of the job that counts.
    struct Situation: Sendable {
        var step: JobStep
        /// The number of this attempt; the first is 1.
        var attempt: Int
        /// True when a provider has accepted the generation: its result is paid for.
        var isPaid: Bool
        /// Faults of the surroundings in a row, this one included.
        var faultsInARow: Int
        var now: LedgerInstant
        /// Between 0 and 1.
        var random: Double
    }

    /// The way on: what to record, and what to hold up beside the job.
    struct Decision: Sendable, Hashable {
        var outcome: StepOutcome
        /// The account whose submissions wait, until then.
        var parkedAccount: String?
        /// True holds up the whole folder.
        var pausesFolder = false
        /// When the job or what is held up is due.
        var until: LedgerInstant?
        var consumesAttempt = false
    }

    func decide(_ fault: StepFault, _ situation: Situation) -> Decision {
        switch fault.kind {
        case .definite: return situation.isPaid ? held(fault) : Decision(outcome: .failed(fault.reason))
        case .held: return held(fault)
        // The ledger has the provider asked first, where that is possible, and then a person.
        case .unknown: return Decision(outcome: .unknown(fault.reason))
        case .unresolved:
            if situation.step == .submit || situation.attempt >= maximumAttempts {
                return Decision(outcome: .unknown(fault.reason))
            }
            return again(fault, situation)
        case .transient: return again(fault, situation)
        case .pending:
            let until = situation.now + wait(fault, after: situation.attempt, situation, first: 5, longest: 120)
            if situation.step == .collect { return again(fault, situation) }
            return Decision(outcome: .advanced(to: .collect, at: until), until: until)
        case .environmental, .folderWide:
            let until =
                situation.now
                + wait(fault, after: situation.faultsInARow, situation, first: 5, longest: fault.longestWait)
            return Decision(
                outcome: .retry(at: until, fault.reason, consumesAttempt: false),
                pausesFolder: fault.kind == .folderWide, until: until)
        case .parked(let account):
            let until = situation.now + (fault.delay ?? StepFault.parkingTime)
            // The park holds up submissions only; other steps wait for themselves.
            let due = situation.step == .submit ? situation.now : until
            return Decision(
                outcome: .retry(at: due, fault.reason, consumesAttempt: false), parkedAccount: account, until: until)
        }
    }

    private func held(_ fault: StepFault) -> Decision { Decision(outcome: .held(fault.reason)) }

    /// Another attempt, as long as there are some.
    private func again(_ fault: StepFault, _ situation: Situation) -> Decision {
        guard situation.attempt < maximumAttempts else {
            // The result of paid work is not given up: a person may still fetch it.
            if situation.isPaid { return held(fault) }
            var reason = fault.reason
            reason.message += " (\(situation.attempt) attempts)"
            return Decision(outcome: .failed(reason))
        }
        let until = situation.now + wait(fault, after: situation.attempt, situation, first: 1, longest: 300)
        return Decision(outcome: .retry(at: until, fault.reason), until: until, consumesAttempt: true)
    }

    /// Twice as long after each failure, with jitter; at least as long as somebody asked for.
    private func wait(
        _ fault: StepFault, after failures: Int, _ situation: Situation, first: Double, longest: Double
    ) -> Duration {
        var seconds = first
        for _ in 0..<min(max(failures - 1, 0), 32) where seconds < longest { seconds *= 2 }
        let own = Duration.seconds(min(seconds, longest) * (0.5 + 0.5 * min(max(situation.random, 0), 1)))
        return max(own, fault.delay ?? .zero)
    }
}
