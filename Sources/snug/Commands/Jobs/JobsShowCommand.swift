// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugLedger
import SnugPipeline
import SnugSystem

/// `snug jobs show`.
struct JobsShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a job: its state and why, what happens next, and everything that happened.",
        usage: "snug jobs show <id> ... [<options>]",
        discussion: """
            Examples:
              snug jobs show 01kfa8
              snug jobs show 01kfa8 --json | jq '.history[] | .verb'
            """)

    @Argument(help: ArgumentHelp("The job's id, or a beginning that no other id has.", valueName: "id"))
    var id: [String]

    @OptionGroup var state: LedgerOptions

    @OptionGroup var settings: ConfigurationOptions

    @Flag(help: "Print one JSON object a line for each job.")
    var json = false

    func run() async throws {
        let output = OutputStream.standardOutput
        try await LedgerAccess.with(state, json: json) { ledger in
            for (index, text) in id.enumerated() {
                let job = try await JobSelection.id(text, in: ledger)
                let report = try await JobReport(of: job, in: ledger, now: .now)
                if json {
                    output.writeLine(report.json.description)
                } else {
                    if index > 0 { output.writeLine("") }
                    output.write(JobTable().text(of: report))
                }
            }
        }
    }
}
