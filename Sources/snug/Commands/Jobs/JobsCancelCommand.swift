// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugLedger
import SnugPipeline
import SnugSystem

/// `snug jobs cancel`.
struct JobsCancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancels jobs that are not over.",
        discussion: """
            A running job ends as soon as its worker notices. What was already paid for stays paid.

            Examples:
              snug jobs cancel 01kfa8 01kfa9
              snug jobs cancel --waiting --folder inbox
            """)

    @OptionGroup var choice: JobChoiceOptions
    @OptionGroup var state: LedgerOptions

    @OptionGroup var settings: ConfigurationOptions

    @Flag(help: "Print one JSON object a line for each job.")
    var json = false

    mutating func validate() throws { try choice.check("cancel") }

    func run() async throws {
        try await LedgerAccess.with(state, json: json) { ledger in
            try await JobDecision(resolution: .cancel, done: "cancelled", json: json)
                .carryOut(choice, among: [.waiting, .running, .paused, .held, .failed], in: ledger)
        }
    }
}
