// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugLedger
import SnugPipeline
import SnugSystem

/// `snug jobs status`.
struct JobsStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Counts the jobs of each folder by state, and shows pauses.",
        usage: "snug jobs status [<options>]",
        discussion: """
            seen = delivered + failed + held + cancelled + waiting: a job is never lost. Running and paused jobs are among \
            the waiting; files whose work was already there are joined to its job. Exits with 1 when the counts do not \
            balance.
            """)

    @OptionGroup var state: LedgerOptions

    @OptionGroup var settings: ConfigurationOptions

    @Flag(help: "Print one JSON object a line for each folder, then one for each pause.")
    var json = false

    func run() async throws {
        let output = OutputStream.standardOutput
        let areBalanced = try await LedgerAccess.with(state, json: json) { ledger in
            let books = try await ledger.books().sorted { $0.key < $1.key }
            let holds = try await ledger.holds()
            if json {
                for (folder, books) in books { output.writeLine(books.json(folder: folder).description) }
                for hold in holds { output.writeLine(hold.json.description) }
            } else {
                output.write(JobTable().text(of: books.map { ($0.key, $0.value) }))
                for hold in holds { output.writeLine(hold.sentence) }
            }
            return books.allSatisfy { $0.value.areBalanced }
        }
        guard areBalanced else {
            OutputStream.standardError.writeLine(
                "Error: the counts do not balance; keep a copy of the ledger, and report it")
            throw ExitCode(1)
        }
    }
}
