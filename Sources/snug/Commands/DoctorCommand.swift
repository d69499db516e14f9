// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugLedger
import SnugPipeline
import SnugSystem
import SystemPackage

/// `snug doctor`.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Checks this installation and machine, and names the remedy of each problem.",
        usage: "snug doctor [<options>]",
        discussion: """
            Exits with 1 when something is broken. Include the output in a bug report.

            Examples:
              snug doctor
              snug doctor --json | jq 'select(.state != "ok")'
              snug doctor --config snug.yaml        how folders would be watched, too
              snug doctor --ledger postgres://snug@db.example/snug \\
                --storage s3://images/snug
            """)

    @OptionGroup var state: LedgerOptions

    @OptionGroup var storage: StorageOptions

    @Option(
        help: ArgumentHelp(
            "A configuration to check, with its folders. (default: snug/config.yaml in $XDG_CONFIG_HOME or ~/.config)",
            valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: PathArgument?

    @Flag(help: "Print one JSON object a line for each check.")
    var json = false

    mutating func run() async throws {
        var checks = try await BlockingThreads(count: 1).run { Checkup.all() }
        var ledger = try state.location
        let usual = ConfigurationOptions.usualFile(Machine.environment)
        if let file = config?.path ?? usual {
            let (found, stateDirectory) = await Checkup.configuration(file, stateDirectory: try state.folder)
            checks += found
            if state.state == nil, case .file = ledger, let stateDirectory {
                ledger = .file(stateDirectory.appending("ledger.sqlite"))
            }
        }
        checks += await Checkup.ledger(at: ledger)
        checks += try await storageChecks()
        let output = OutputStream.standardOutput
        if json {
            for check in checks { output.writeLine(check.json.description) }
        } else {
            let paint = Paint(isOn: output.isTerminal && !Terminal.isDumb && !Terminal.refusesColour)
            output.write(Checkup.text(of: checks, paint: paint, columns: output.layoutColumns))
        }
        try output.checkDelivered()
        if checks.contains(where: { $0.state == .fail }) { throw ExitCode(1) }
    }

    /// The checks of the storage, where one is named.
    private func storageChecks() async throws -> [Checkup] {
        do {
            guard let address = try storage.address else { return [] }
            return try await Checkup.storage(at: address, try await storage.open(address))
        } catch let error as StorageError {
            return [Checkup.storage(error)]
        }
    }
}
