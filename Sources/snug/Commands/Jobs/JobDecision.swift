// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugLedger
import SnugPipeline
import SnugSystem

/// A decision about jobs, and its report.
struct JobDecision {
    var resolution: JobResolution
    /// The result, as the end of a sentence about a job.
    var done: String
    var json: Bool

    /// Carries it out for the jobs that were chosen.
    /// - Parameter states: States that conditions without a state mean.
    func carryOut(_ choice: JobChoiceOptions, among states: Set<JobState>, in ledger: any LedgerStore) async throws {
        guard choice.ids.isEmpty else { return try await carryOut(choice.ids, in: ledger) }
        var filter = choice.conditions.filter(limit: .max)
        if filter.states.isEmpty { filter.states = states }
        var count = 0
        try await JobSelection.resolve(filter, resolution, in: ledger) { jobs in
            count += jobs.count
            jobs.forEach(show)
        }
        if !json { OutputStream.standardError.writeLine("\(count) \(count == 1 ? "job" : "jobs") \(done)") }
    }

    /// Carries it out for named jobs; all of them are found before the first one changes.
    /// - Throws: `ExitCode` 1 when the state of one does not allow it.
    func carryOut(_ texts: [String], in ledger: any LedgerStore) async throws {
        var ids: [JobID] = []
        for text in texts { ids.append(try await JobSelection.id(text, in: ledger)) }
        let changed = Set(try await ledger.resolve(ids, resolution).map(\.id))
        var allChanged = true
        for id in ids {
            let job = try await ledger.job(id)
            if changed.contains(id) {
                show(job)
            } else {
                allChanged = false
                refuse(job)
            }
        }
        guard allChanged else { throw ExitCode(1) }
    }

    private func show(_ job: Job) {
        let output = OutputStream.standardOutput
        if json { return output.writeLine(job.jsonLine) }
        let result = job.isCancelRequested ? "is being stopped" : done
        output.writeLine("\(job.id)  \(PrintableName.escaped(job.name)): \(result)")
    }

    private func refuse(_ job: Job) {
        let error = JobSelectionError("not_allowed", "\(job.id): \(advice(job))")
        if json {
            let line: JSONValue = ["id": .text(job.id.description), "error": error.json]
            OutputStream.standardOutput.writeLine(line.description)
        }
        OutputStream.standardError.writeLine("Error: \(error.message)")
    }

    /// Why the job's state does not allow it, and what to do instead.
    private func advice(_ job: Job) -> String {
        let state = "it is \(job.state.rawValue)"
        switch resolution {
        case .retry where job.isOutcomeUnknown && job.isAboutUpload:
            return "its upload may have reached the server; decide with snug jobs resolve --pay-again, which sends the "
                + "file again, or --drop"
        case .retry where job.isOutcomeUnknown:
            return "its paid submission may have taken effect; decide with snug jobs resolve --pay-again or --drop"
        case .retry: return "\(state); only failed, held and cancelled jobs are tried again"
        case .payAgain where job.state == .held:
            return "\(state), but no submission is in doubt; pass it to snug jobs retry"
        case .payAgain: return "\(state); only held jobs with a submission in doubt are submitted again"
        case .drop: return "\(state); only held and failed jobs are given up, snug jobs cancel ends others"
        case .cancel where job.isCancelRequested: return "it is being stopped already"
        case .cancel: return "\(state), and so it is over"
        case .pause: return "\(state); only waiting jobs can be paused"
        case .unpause: return "\(state); only paused jobs can be resumed"
        }
    }
}
