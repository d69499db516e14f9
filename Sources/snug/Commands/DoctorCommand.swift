// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugSystem

/// `snug doctor`.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Checks this installation and machine, and names the remedy of each problem.",
        discussion: """
            Exits with 1 when something is broken. Include the output in a bug report.

            Examples:
              snug doctor
              snug doctor --json | jq 'select(.state != "ok")'
            """)

    @OptionGroup var state: StateOptions

    @Flag(help: "Print one JSON object a line for each check.")
    var json = false

    mutating func run() async throws {
        var checks = try await BlockingThreads(count: 1).run { Checkup.all() }
        checks += await Checkup.ledger(at: try state.ledgerPath)
        let output = OutputStream.standardOutput
        if json {
            for check in checks { output.writeLine(check.json.description) }
        } else {
            let paint = Paint(isOn: output.isTerminal && !Terminal.isDumb && !Terminal.refusesColour)
            output.write(Checkup.text(of: checks, paint: paint))
        }
        try output.checkDelivered()
        if checks.contains(where: { $0.state == .fail }) { throw ExitCode(1) }
    }
}
