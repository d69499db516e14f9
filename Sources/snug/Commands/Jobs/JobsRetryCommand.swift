// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugLedger
import SnugPipeline
import SnugSystem

/// `snug jobs retry`.
struct JobsRetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Tries failed, held or cancelled jobs again, never paying twice.",
        discussion: """
            A job whose paid submission or upload may have taken effect stays held: decide with 'snug jobs resolve'.

            Examples:
              snug jobs retry 01kfa8
              snug jobs retry --failed --folder inbox --since 1h
            """)

    @OptionGroup var choice: JobChoiceOptions
    @OptionGroup var state: LedgerOptions

    @OptionGroup var settings: ConfigurationOptions

    @Flag(help: "Print one JSON object a line for each job.")
    var json = false

    mutating func validate() throws { try choice.check("retry") }

    func run() async throws {
        try await LedgerAccess.with(state, json: json) { ledger in
            try await JobDecision(resolution: .retry, done: "will be tried again", json: json)
                .carryOut(choice, among: [.failed, .held, .cancelled], in: ledger)
        }
    }
}
