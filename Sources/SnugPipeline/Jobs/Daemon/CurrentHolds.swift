// SPDX-License-Identifier: Apache-2.0
import SnugLedger
import Synchronization

/// The pauses in force, as the ledger told them a moment ago.
final class CurrentHolds: Sendable {
    /// Time for which an answer holds.
    private static let age = Duration.milliseconds(500)

    private let ledger: any LedgerStore
    private let last = Mutex<(at: ContinuousClock.Instant, holds: [LedgerHold])?>(nil)

    init(_ ledger: any LedgerStore) { self.ledger = ledger }

    /// True while something holds up a step of a job.
    /// - Throws: What the ledger throws when it cannot be read.
    func holdUp(_ step: JobStep, of job: Job) async throws -> Bool {
        let now = LedgerInstant.now
        return try await current().contains {
            $0.holds(folder: job.folder, account: job.account, step: step, now: now)
        }
    }

    /// The pause of a whole step; `nil` for none.
    /// - Throws: What the ledger throws when it cannot be read.
    func pause(of step: JobStep) async throws -> LedgerHold? {
        let now = LedgerInstant.now
        return try await current().first { $0.scope == .step(step) && ($0.until ?? now) >= now }
    }

    private func current() async throws -> [LedgerHold] {
        if let last = last.withLock({ $0 }), ContinuousClock.now - last.at < Self.age { return last.holds }
        let holds = try await ledger.holds()
        last.withLock { $0 = (.now, holds) }
        return holds
    }
}

extension StageServices {
    /// The reason why files stay in their inboxes at present.
    ///
    /// Among several hosts, a file is taken and its job waits in the step `settle`. Alone, there is no such step for it.
    func holdOfNewFiles() async -> String? {
        guard storage == nil else { return nil }
        do {
            guard let pause = try await holds.pause(of: .settle) else { return nil }
            let end = pause.until.map { "until \($0.timestamp)" } ?? "until snug jobs resume --stage settle"
            return "is not taken, because the stage settle is paused \(end)"
        } catch {
            return "cannot be put into the ledger: \(StepFault(error).reason.message)"
        }
    }
}

extension Daemon {
    /// Tells what stands still from the start: a pause that somebody forgot looks like a daemon that does nothing.
    func tellHolds() async {
        do {
            for hold in try await services.ledger.holds() {
                let end = hold.until.map { " until \($0.timestamp)" } ?? ""
                board.report(.notice("\(hold.words) is in force\(end): \(hold.reason.message)"), nil)
            }
        } catch {
            board.report(.notice("pauses cannot be read: \(StepFault(error).reason.message)"), nil)
        }
    }
}
