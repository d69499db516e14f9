// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugLedger
import SnugPipeline
import SnugSystem

/// `snug jobs hosts`.
struct JobsHostsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hosts",
        abstract: "Lists the hosts and workers that share the ledger.",
        usage: "snug jobs hosts [<options>]",
        discussion: """
            Each host or worker that shares a ledger in PostgreSQL tells the others every 15 seconds that it runs. One that \
            has not been seen for a minute counts as lost. Times are the ledger's.

            Examples:
              snug jobs hosts --ledger postgres://snug@db.example/snug
              snug jobs hosts --json | jq -r 'select(.state == "lost") | .name'
            """)

    @OptionGroup var state: LedgerOptions

    @OptionGroup var settings: ConfigurationOptions

    @Flag(help: "Print one JSON object a line for each host.")
    var json = false

    func run() async throws {
        let output = OutputStream.standardOutput
        try await LedgerAccess.with(state, json: json) { ledger in
            let fleet = try await FleetHosts(from: ledger)
            if json { return fleet.hosts.forEach { output.writeLine($0.json.description) } }
            guard !fleet.hosts.isEmpty else {
                OutputStream.standardError.writeLine(
                    fleet.isFleet
                        ? "No host has been seen yet." : "This ledger is one machine's; hosts share one in PostgreSQL.")
                return
            }
            output.write(HostTable().text(of: fleet))
        }
    }
}
