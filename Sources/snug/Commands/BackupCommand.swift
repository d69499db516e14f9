// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugImage
import SnugLedger
import SnugPipeline
import SnugSystem
import SystemPackage

/// `snug backup`.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copies the ledger of pending work to a file, while commands and the daemon go on.",
        usage: "snug backup <file> [<options>]",
        discussion: """
            The copy is checked before it gets its name. To restore it, stop Snug, and put it in place of ledger.sqlite in \
            the state folder. The copy of a ledger in PostgreSQL is such a file, too; 'snug ledger copy' takes it back.

            Examples:
              snug backup /mnt/backup/snug.sqlite
              snug backup snug.sqlite --overwrite --json
            """)

    @Argument(help: "The file to write.")
    var file: PathArgument

    @Flag(help: "Replace the file when it is already there.")
    var overwrite = false

    @OptionGroup var state: LedgerOptions

    @OptionGroup var settings: ConfigurationOptions

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() async throws {
        try await CommandFailure.told {
            let path = try WorkingFolder.absolute(file.path)
            let source = try state.location
            do {
                guard source.mayExist else {
                    let message =
                        "there is no ledger at \(PrintableName.escaped(source.description)); name its folder with --state"
                    if json { printFailure(.error(code: "no_ledger", message: message, details: [:]), source, path) }
                    throw ValidationError(message)
                }
                let facts = try await state.withLedger { ledger in
                    try await ledger.backUp(to: path, replacing: overwrite)
                    return try await ledger.facts()
                }
                report(path, facts)
            } catch let error as LedgerError where json {
                printFailure(error.json, source, path)
                throw ExitCode(1)
            }
            try OutputStream.standardOutput.checkDelivered()
        }
    }

    private func printFailure(_ error: JSONValue, _ source: LedgerLocation, _ path: FilePath) {
        let object: JSONValue = [
            "input": .text(source.description), "output": .text(path.string), "status": "failed",
            "output_bytes": .null, "schema_version": .null, "error": error,
        ]
        OutputStream.standardOutput.writeLine(object.description)
    }

    private func report(_ path: FilePath, _ facts: LedgerFacts) {
        let bytes = (try? FileIdentity(of: path, followsLinks: true).byteCount) ?? 0
        let output = OutputStream.standardOutput
        guard json else {
            return output.writeLine("\(PrintableName.of(file.path)): \(ByteCount(bytes)), checked")
        }
        let object: JSONValue = [
            "input": .text(facts.place), "output": .text(path.string), "status": "copied",
            "output_bytes": .integer(bytes), "schema_version": .integer(facts.schemaVersion), "error": .null,
        ]
        output.writeLine(object.description)
    }
}
