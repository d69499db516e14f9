// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugLedger
import SnugPipeline
import SnugSystem

/// `snug jobs list`.
struct JobsListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists jobs, newest first.",
        discussion: """
            Examples:
              snug jobs --failed --since 1d
              snug jobs --folder inbox --text beach
              snug jobs --all --json | jq -r .id
            """)

    @OptionGroup(title: "Conditions") var conditions: JobFilterOptions

    @Option(help: ArgumentHelp("Jobs at most. (default: 50)", valueName: "n"), transform: ArgumentParsing.positive)
    var limit = 50

    @Flag(help: "All jobs that the conditions select, however many.")
    var all = false

    @OptionGroup var state: LedgerOptions

    @OptionGroup var settings: ConfigurationOptions

    @Flag(help: "Print one JSON object a line for each job.")
    var json = false

    func run() async throws {
        let filter = conditions.filter(limit: all ? .max : limit)
        let output = OutputStream.standardOutput
        try await LedgerAccess.with(state, json: json) { ledger in
            var count = 0
            let (table, hosts) = (JobTable(), try await FleetHosts(from: ledger))
            let hasMore = try await JobSelection.forEachPage(of: filter, in: ledger) { jobs in
                let page = hosts.isFleet ? jobs.map(hosts.explained) : jobs
                count += page.count
                if json {
                    output.write(page.reduce(into: "") { $0 += $1.jsonLine + "\n" })
                } else {
                    output.write(table.text(of: page, now: .now, hasHeader: count == page.count))
                }
                if output.readerIsGone { throw ExitCode.success }
            }
            guard !json else { return }
            let messages = OutputStream.standardError
            if count == 0 {
                messages.writeLine(conditions.isEmpty ? "There are no jobs yet." : "No job meets the conditions.")
            }
            if hasMore { messages.writeLine("There are more: pass --limit N, --all, or conditions.") }
            for hold in try await ledger.holds() { messages.writeLine(hold.sentence) }
        }
    }
}

extension LedgerHold {
    /// A line about what stands still, and until when.
    var sentence: String {
        let end = until.map { "until \($0.localText)" } ?? "until snug jobs resume"
        let name = words
        return name.prefix(1).uppercased() + name.dropFirst()
            + " lasts \(end): \(PrintableName.escaped(reason.message))"
    }
}
