// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugLedger
import SnugPipeline
import SnugSystem

/// `snug jobs prune`.
struct JobsPruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Forgets jobs that have been over for long enough.",
        usage: "snug jobs prune [<options>]",
        discussion: """
            Held jobs are never forgotten, nor those whose idempotency key a provider may still honour. The results stay; \
            only their records go, so that the same file is processed again when it comes again.

            Examples:
              snug jobs prune
              snug jobs prune --delivered 7d --failed 90d
            """)

    @Option(
        help: ArgumentHelp("Age of delivered jobs, or never. (default: 30d)", valueName: "age"),
        transform: JobArguments.age)
    var delivered = PruningAge.after(.seconds(30 * 86_400))

    @Option(
        help: ArgumentHelp("Age of cancelled jobs, or never. (default: 30d)", valueName: "age"),
        transform: JobArguments.age)
    var cancelled = PruningAge.after(.seconds(30 * 86_400))

    @Option(
        help: ArgumentHelp("Age of failed jobs, or never. (default: never)", valueName: "age"),
        transform: JobArguments.age)
    var failed = PruningAge.never

    @OptionGroup var state: LedgerOptions

    @OptionGroup var settings: ConfigurationOptions

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() async throws {
        let policy = PruningPolicy(
            delivered: delivered.duration, cancelled: cancelled.duration, failed: failed.duration)
        try await LedgerAccess.with(state, json: json) { ledger in
            let count = try await ledger.prune(policy)
            let output = OutputStream.standardOutput
            if json {
                output.writeLine((["pruned": .integer(count)] as JSONValue).description)
            } else {
                output.writeLine("\(count) \(count == 1 ? "job" : "jobs") forgotten")
            }
        }
    }
}
