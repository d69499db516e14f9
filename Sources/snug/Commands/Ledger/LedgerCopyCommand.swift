// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugLedger
import SnugSystem

/// `snug ledger copy`.
struct LedgerCopyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy",
        abstract: "Copies a ledger into an empty one, and compares every row.",
        usage: "snug ledger copy <from> <to> [<options>]",
        discussion: """
            Stop every 'snug watch' on the first ledger before. Either the whole is copied, or nothing.

            A ledger is a file, postgres://USER@HOST/DATABASE, or @FILE for a file with such a line. Passwords come from \
            PGPASSFILE or PGPASSWORD.

            Examples:
              snug ledger copy ~/.local/state/snug/ledger.sqlite \\
                postgres://snug@db.example/snug
              snug ledger copy @/etc/snug/ledger ledger.sqlite
            """)

    @Argument(help: "The ledger to read.")
    var from: String

    @Argument(help: "The ledger to write, which has to be empty.")
    var to: String

    @OptionGroup var settings: ConfigurationOptions

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() async throws {
        let (source, target) = (try location(from), try location(to))
        do {
            guard source.mayExist else {
                throw ValidationError(
                    "there is no ledger at \(PrintableName.escaped(source.description)); name the file that 'snug doctor' "
                        + "shows, or postgres://USER@HOST/DATABASE")
            }
            if case (.file, .file) = (source, target) {
                throw ValidationError("both ledgers are files; copy one with 'snug backup'")
            }
            let copy = try await copy(source, target)
            report(copy, source, target)
            try OutputStream.standardOutput.checkDelivered()
        } catch let error as LedgerError {
            if json { OutputStream.standardOutput.writeLine((["error": error.json] as JSONValue).description) }
            OutputStream.standardError.writeLine("Error: \(PrintableName.escaped(error.message))")
            throw ExitCode(1)
        }
    }

    private func location(_ text: String) throws -> LedgerLocation {
        do throws(LedgerError) { return try LedgerOptions.location(text, isPrivate: false) } catch {
            throw ValidationError(error.message)
        }
    }

    private func copy(_ source: LedgerLocation, _ target: LedgerLocation) async throws -> LedgerCopy {
        let first = try await source.open()
        do {
            let second = try await target.open()
            do {
                let copy = try await LedgerCopy(from: first, to: second)
                try await second.close()
                try await first.close()
                return copy
            } catch {
                try? await second.close()
                throw error
            }
        } catch {
            // Where that fails, what the process held is free when it ends.
            try? await first.close()
            throw error
        }
    }

    private func report(_ copy: LedgerCopy, _ source: LedgerLocation, _ target: LedgerLocation) {
        let output = OutputStream.standardOutput
        guard json else {
            return output.writeLine(
                "\(PrintableName.escaped(target.description)): \(copy.jobs) jobs, \(copy.records) records, all compared"
            )
        }
        let object: JSONValue = [
            "input": .text(source.description), "output": .text(target.description), "status": "copied",
            "jobs": .integer(copy.jobs), "records": .integer(copy.records),
        ]
        output.writeLine(object.description)
    }
}
