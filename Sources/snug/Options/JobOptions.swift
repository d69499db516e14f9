// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugLedger
import SnugPipeline
import SnugSystem

/// Conditions on jobs.
struct JobFilterOptions: ParsableArguments {
    @Flag(help: "Jobs of this state; several states may be given.")
    var states: [StateFlag] = []

    @Option(help: ArgumentHelp("Jobs of this watched folder.", valueName: "name"))
    var folder: String?

    @Option(help: ArgumentHelp("Jobs of this account.", valueName: "name"))
    var account: String?

    @Option(
        help: ArgumentHelp("Jobs first seen since then: \(JobMoment.examples).", valueName: "time"),
        transform: JobArguments.past)
    var since: LedgerInstant?

    @Option(help: "Jobs with this text in their name or reason.")
    var text: String?

    /// True when nothing narrows the selection.
    var isEmpty: Bool { states.isEmpty && folder == nil && account == nil && since == nil && text == nil }

    /// The filter that the options make.
    func filter(limit: Int) -> JobFilter {
        JobFilter(
            states: Set(states.map(\.state)), folder: folder, account: account, since: since, text: text, limit: limit)
    }
}

/// A flag for each state.
enum StateFlag: String, EnumerableFlag {
    case waiting, running, paused, delivered, failed, held, cancelled

    var state: JobState {
        switch self {
        case .waiting: .waiting
        case .running: .running
        case .paused: .paused
        case .delivered: .delivered
        case .failed: .failed
        case .held: .held
        case .cancelled: .cancelled
        }
    }

    static func help(for value: StateFlag) -> ArgumentHelp? { "Jobs that are \(value.rawValue)." }
}

/// Jobs that are named by id, or by conditions.
struct JobChoiceOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("Ids of jobs, or beginnings that no other id has.", valueName: "id"))
    var ids: [String] = []

    @OptionGroup(title: "Conditions") var conditions: JobFilterOptions

    func check(_ verb: String) throws {
        if ids.isEmpty, conditions.isEmpty {
            throw ValidationError("no job is named: pass ids, or conditions such as --failed or --folder NAME")
        }
        if !ids.isEmpty, !conditions.isEmpty {
            throw ValidationError("pass ids or conditions, not both; \(verb) names the jobs one way")
        }
    }
}

/// Turns arguments about jobs into values.
enum JobArguments {
    @Sendable static func past(_ text: String) throws -> LedgerInstant {
        guard let moment = JobMoment.past(text, now: .now) else {
            throw ValidationError("'\(PrintableName.escaped(text))' is no time; write \(JobMoment.examples)")
        }
        return moment
    }

    @Sendable static func future(_ text: String) throws -> LedgerInstant {
        guard let moment = JobMoment.future(text, now: .now) else {
            throw ValidationError("'\(PrintableName.escaped(text))' is no time to come; write \(JobMoment.examples)")
        }
        return moment
    }

    /// An age after which jobs are forgotten.
    @Sendable static func age(_ text: String) throws -> PruningAge {
        if text == "never" { return .never }
        guard let age = DurationText.parse(text) else {
            throw ValidationError(
                "'\(PrintableName.escaped(text))' is no age; write \(DurationText.examples), or never")
        }
        return .after(age)
    }
}

/// How long jobs that are over are remembered.
enum PruningAge: Hashable, Sendable {
    case never
    case after(Duration)

    var duration: Duration? {
        switch self {
        case .never: nil
        case .after(let age): age
        }
    }
}
