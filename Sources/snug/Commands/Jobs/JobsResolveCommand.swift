// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugLedger
import SnugPipeline
import SnugSystem

/// `snug jobs resolve`.
struct JobsResolveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resolve",
        abstract: "Decides about held jobs.",
        usage: "snug jobs resolve <id> ... --pay-again | --drop [<options>]",
        discussion: """
            A job is held when the response to a paid submission was lost and the provider cannot be asked. Look at the \
            provider's own list or invoice first. So is one whose file may have reached a form: --pay-again sends it again, at \
            no cost.

            Examples:
              snug jobs resolve 01kfa8 --pay-again
              snug jobs resolve 01kfa8 01kfa9 --drop
            """)

    @Argument(help: ArgumentHelp("Ids of jobs, or beginnings that no other id has.", valueName: "id"))
    var ids: [String]

    @Flag(help: "Submit again, although the first submission may have been paid for.")
    var payAgain = false

    @Flag(help: "Give the job up.")
    var drop = false

    @OptionGroup var state: LedgerOptions

    @OptionGroup var settings: ConfigurationOptions

    @Flag(help: "Print one JSON object a line for each job.")
    var json = false

    mutating func validate() throws {
        guard payAgain != drop else { throw ValidationError("decide: pass --pay-again or --drop") }
    }

    func run() async throws {
        let decision = JobDecision(
            resolution: payAgain ? .payAgain : .drop,
            done: payAgain ? "will be submitted again" : "given up", json: json)
        try await LedgerAccess.with(state, json: json) { ledger in try await decision.carryOut(ids, in: ledger) }
    }
}
