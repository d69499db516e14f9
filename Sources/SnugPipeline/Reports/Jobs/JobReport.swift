// SPDX-License-Identifier: Apache-2.0
public import SnugLedger
import SnugSystem

/// Everything that is known about a job.
public struct JobReport: Sendable, Hashable {
    /// The job, with the reason that it waits for.
    public var job: Job
    /// Why no process of the fleet begins with its next step; `nil` where one can.
    public var absence: JobReason?
    /// Everything that happened to it, the oldest first.
    public var history: [JobEvent]
    /// Its effects outside, the oldest first.
    public var steps: [StepRecord]
    /// The names that its result is delivered under.
    public var deliveries: [JobDelivery]
    /// The pauses and parked accounts that hold it up.
    public var holds: [LedgerHold]
    /// When it was read.
    public var readAt: LedgerInstant

    /// Reads everything about a job.
    /// - Throws: `job_not_found`.
    public init(of id: JobID, in ledger: any LedgerStore, now: LedgerInstant) async throws {
        let job = try await ledger.job(id)
        history = try await ledger.history(of: id)
        steps = try await ledger.steps(of: id)
        let deliveries = try await ledger.deliveries(of: id)
        let waiting = Set(deliveries.filter { $0.deliveredAt == nil }.map(\.folder))
        absence = try await FleetHosts(from: ledger).absence(for: job, waitingIn: waiting)
        self.job = absence.map { job.waiting(because: $0) } ?? job
        self.deliveries = deliveries
        holds = try await ledger.holds().filter {
            job.state == .waiting && $0.holds(folder: job.folder, account: job.account, step: job.step, now: now)
        }
        readAt = now
    }

    /// The next step, its time, and the command that changes it.
    public var next: String {
        switch job.state {
        case .waiting: waiting
        case .running: "\(job.step.rawValue) is being done by worker \(job.owner ?? "")"
        case .paused:
            "\(job.step.rawValue), "
                + (job.pausedUntil.map { "when the pause ends at \($0.localText)" }
                    ?? "after snug jobs resume \(job.id)")
        case .delivered: "nothing: it is done"
        case .failed: "nothing, until snug jobs retry \(job.id)"
        case .held where job.isOutcomeUnknown && job.step == .reconcile:
            "a person decides: snug jobs retry \(job.id) looks again, and submits nothing; snug jobs resolve \(job.id) "
                + "--pay-again submits again and may pay twice, --drop gives it up"
        case .held where job.isOutcomeUnknown && job.isAboutUpload:
            "a person decides: snug jobs resolve \(job.id) --pay-again sends the file again, which the server may then have "
                + "twice, --drop gives it up"
        case .held where job.isOutcomeUnknown:
            "a person decides: snug jobs resolve \(job.id) --pay-again submits again and may pay twice, --drop gives it up"
        case .held: "a person decides: snug jobs retry \(job.id), or snug jobs resolve \(job.id) --drop"
        case .cancelled: "nothing, until snug jobs retry \(job.id)"
        }
    }

    private var waiting: String {
        if let hold = holds.first {
            return "\(job.step.rawValue), when \(hold.words) is over"
                + (hold.until.map { ", at \($0.localText)" } ?? "")
        }
        if let absence { return "\(job.step.rawValue): \(absence.message)" }
        return job.step.rawValue
            + (job.dueAt > readAt ? ", not before \(job.dueAt.localText)" : ", when a worker is free")
    }

    /// The report as one JSON object: the job's keys, and the lists.
    package var json: JSONValue {
        var value = job.json
        value.append("next", .text(next))
        value.append("holds", .array(holds.map(\.json)))
        value.append("history", .array(history.map(\.json)))
        value.append("steps", .array(steps.map(\.json)))
        value.append("deliveries", .array(deliveries.map(\.json)))
        return value
    }
}

extension LedgerHold {
    /// The hold for a person.
    package var words: String {
        let subject =
            switch scope {
            case .all: "everything"
            case .folder(let name): "folder \(PrintableName.escaped(name))"
            case .account(let name): "account \(PrintableName.escaped(name))"
            case .step(let step): "stage \(step.rawValue)"
            }
        return kind == .pause ? "the pause of \(subject)" : "the provider's limit on \(subject)"
    }
}
