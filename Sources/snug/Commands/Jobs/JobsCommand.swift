// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// `snug jobs`.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "Shows and steers the jobs of watched folders.",
        discussion: """
            Every file of a watched folder is a job in the ledger. The commands work while 'snug watch' runs, and without it.

            A held job waits for a person: its paid submission or its upload may or may not have taken effect, or it ended its \
            process twice.

            Examples:
              snug jobs                                   the newest jobs
              snug jobs --failed --since 1d
              snug jobs show 01kfa8
              snug jobs retry --failed --folder inbox
              snug jobs resolve 01kfa8 --pay-again
              snug jobs pause --account main --until 18:00
              snug jobs --all --json | jq -r 'select(.state == "held") | .id'
            """,
        subcommands: [
            JobsListCommand.self, JobsShowCommand.self, JobsStatusCommand.self, JobsHostsCommand.self,
            JobsRetryCommand.self,
            JobsCancelCommand.self, JobsResolveCommand.self, JobsPauseCommand.self, JobsResumeCommand.self,
            JobsPruneCommand.self, JobsVerifyCommand.self,
        ],
        defaultSubcommand: JobsListCommand.self)
}
