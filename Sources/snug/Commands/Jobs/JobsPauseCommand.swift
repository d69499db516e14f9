// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugLedger
import SnugPipeline
import SnugSystem

/// `snug jobs pause`.
struct JobsPauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Pauses a folder, an account, a stage, single jobs, or everything.",
        usage: "snug jobs pause [<id> ...] [<options>]",
        discussion: """
            Nothing new is started; what runs is finished. A pause survives restarts, and lasts until its time or until \
            'snug jobs resume'.

            Examples:
              snug jobs pause --folder inbox
              snug jobs pause --stage submit --until 18:00
              snug jobs pause --until 2h                  everything
            """)

    @OptionGroup var scope: PauseScopeOptions

    @Option(
        help: ArgumentHelp("The end of the pause: \(JobMoment.examples).", valueName: "time"),
        transform: JobArguments.future)
    var until: LedgerInstant?

    @OptionGroup var state: LedgerOptions

    @OptionGroup var settings: ConfigurationOptions

    @Flag(help: "Print one JSON object a line for the pause, or for each job.")
    var json = false

    func run() async throws {
        try await LedgerAccess.with(state, json: json) { ledger in
            guard scope.ids.isEmpty else {
                return try await JobDecision(resolution: .pause(until: until), done: "paused", json: json)
                    .carryOut(scope.ids, in: ledger)
            }
            let reason = JobReason(code: JobReason.byRequest, message: "paused by snug jobs pause")
            let scope = scope.scope
            try await ledger.pause(scope, until: until, reason: reason)
            if case .folder(let name) = scope, let note = Self.note(name, among: try await ledger.books().keys.sorted())
            {
                OutputStream.standardError.writeLine(note)
            }
            for hold in try await ledger.holds() where hold.kind == .pause && hold.scope == scope {
                OutputStream.standardOutput.writeLine(json ? hold.json.description : hold.sentence)
            }
        }
    }

    /// A note about a folder that has no job, which may be a wrong name or a new one; `nil` for others.
    private static func note(_ name: String, among known: [String]) -> String? {
        guard !known.isEmpty, !known.contains(name) else { return nil }
        let near = NearestName.of(name, among: known).map { "did you mean \($0)?" }
        return "The folder \(PrintableName.escaped(name)) has no jobs; "
            + (near ?? "folders with jobs are \(known.map(PrintableName.escaped).joined(separator: ", "))")
    }
}
