// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugLedger
import SnugPipeline
import SnugSystem
import SystemPackage

/// The ledger of commands that look at what was recorded.
enum LedgerAccess {
    /// Opens the ledger, which has to be there, carries out the body, and reports failures.
    /// - Throws: `ExitCode`.
    static func with<Result>(
        _ options: LedgerOptions, json: Bool, _ body: (any SharedLedger) async throws -> Result
    ) async throws -> Result {
        do {
            let result = try await options.withLedgerIfThere { ledger in
                let place = try options.location.description
                guard let ledger else {
                    throw JobSelectionError(
                        "no_ledger",
                        "there is no ledger at \(PrintableName.escaped(place)): nothing was recorded yet. "
                            + advice(options))
                }
                return try await body(ledger)
            }
            try OutputStream.standardOutput.checkDelivered()
            return result
        } catch let error as LedgerError {
            throw report(error.message, error.json, json: json)
        } catch let error as JobSelectionError {
            throw report(error.message, error.json, json: json)
        }
    }

    private static func advice(_ options: LedgerOptions) -> String {
        guard let state = options.state.flatMap({ JobState(rawValue: $0.path.string) }) else {
            return "Pass --state DIR for another state directory."
        }
        return "--state names the state directory; for \(state.rawValue) jobs, pass --\(state.rawValue)."
    }

    private static func report(_ message: String, _ value: JSONValue, json: Bool) -> ExitCode {
        if json { OutputStream.standardOutput.writeLine((["error": value] as JSONValue).description) }
        OutputStream.standardError.writeLine("Error: \(PrintableName.escaped(message))")
        return ExitCode(1)
    }
}
