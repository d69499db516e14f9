// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugLedger
import SnugPipeline
import SnugSystem
import SystemPackage

/// The ledger that a command works on.
struct LedgerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The state directory, which holds the ledger. (default: SNUG_STATE_DIR, or snug in XDG_STATE_HOME)",
            valueName: "dir"),
        completion: .directory)
    var state: PathArgument?

    /// The ledger's file.
    var path: FilePath { StateDirectory.ledger(state) }

    /// Opens the ledger, which has to be there.
    /// - Throws: ``LedgerError``; ``JobSelectionError`` with `no_ledger`.
    func open() async throws -> SQLiteLedger {
        guard (try? FileIdentity(of: path, followsLinks: true)) != nil else {
            throw JobSelectionError(
                "no_ledger",
                "there is no ledger at \(PrintableName.of(path)): nothing was recorded yet. Pass --state DIR for another "
                    + "state directory.")
        }
        return try await SQLiteLedger.open(path)
    }

    /// Opens the ledger, carries out the body and closes the ledger; reports failures.
    /// - Throws: `ExitCode`.
    func withLedger<Result>(json: Bool, _ body: (SQLiteLedger) async throws -> Result) async throws -> Result {
        do {
            let ledger = try await open()
            let result: Result
            do { result = try await body(ledger) } catch {
                try? await ledger.close()
                throw error
            }
            try await ledger.close()
            try OutputStream.standardOutput.checkDelivered()
            return result
        } catch let error as LedgerError {
            throw Self.report(error.message, error.json, json: json)
        } catch let error as JobSelectionError {
            throw Self.report(error.message, error.json, json: json)
        }
    }

    private static func report(_ message: String, _ value: JSONValue, json: Bool) -> ExitCode {
        if json { OutputStream.standardOutput.writeLine((["error": value] as JSONValue).description) }
        OutputStream.standardError.writeLine("Error: \(PrintableName.escaped(message))")
        return ExitCode(1)
    }
}
