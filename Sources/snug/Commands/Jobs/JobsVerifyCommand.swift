// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugLedger
import SnugPipeline
import SnugSystem

/// `snug jobs verify`.
struct JobsVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Checks that delivered results are in their place, and whole.",
        discussion: """
            Reads each result to its end, and compares it with the size and the SHA-256 that were recorded when it was \
            delivered. Without ids or conditions it checks all delivered jobs. Exits with 1 when a result is missing or \
            changed.

            Examples:
              snug jobs verify
              snug jobs verify --folder inbox --since 1d --json | jq 'select(.whole | not)'
            """)

    @OptionGroup var choice: JobChoiceOptions
    @OptionGroup var state: LedgerOptions

    @OptionGroup var settings: ConfigurationOptions

    @Flag(help: "Print one JSON object a line for each job.")
    var json = false

    func run() async throws {
        let threads = BlockingThreads(count: 1)
        var (checked, bad) = (0, 0)
        try await LedgerAccess.with(state, json: json) { ledger in
            var filter = choice.conditions.filter(limit: .max)
            filter.states = [.delivered]
            if !choice.ids.isEmpty {
                var ids: [JobID] = []
                for text in choice.ids { ids.append(try await JobSelection.id(text, in: ledger)) }
                filter.ids = ids
            }
            try await JobSelection.forEachPage(of: filter, in: ledger) { page in
                for job in page {
                    let result = try await threads.run { JobVerification(of: job) }
                    checked += 1
                    if !result.isWhole { bad += 1 }
                    show(result)
                }
            }
        }
        if !json {
            OutputStream.standardError.writeLine(
                "\(checked) delivered, " + (bad == 0 ? "all whole" : "\(bad) with missing or changed results"))
        }
        if bad > 0 { throw ExitCode(1) }
    }

    private func show(_ result: JobVerification) {
        let output = OutputStream.standardOutput
        if json { return output.writeLine(result.json.description) }
        for file in result.files where file.finding != .whole {
            output.writeLine("\(file.finding.rawValue)  \(PrintableName.of(file.path))  (job \(result.job))")
        }
    }
}
