// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugLedger
import SnugPipeline
import SnugSystem
import SystemPackage

/// The folder of what outlives a command, and the ledger in it.
struct StateOptions: ParsableArguments {
    @Option(
        name: [.customLong("state"), .customLong("state-directory")],
        help: ArgumentHelp(
            "The folder of pending work and receipts. (default: $SNUG_STATE_DIR, or snug in $XDG_STATE_HOME or "
                + "~/.local/state)", valueName: "dir"))
    var state: PathArgument?

    /// The folder, absolute.
    var folder: FilePath {
        get throws { try WorkingFolder.absolute(state?.path ?? Self.usual(Machine.environment)) }
    }

    /// The folder unless one is named: as the XDG Base Directory Specification says, which ignores relative paths.
    static func usual(_ environment: (String) -> String?) -> FilePath {
        if let named = environment("SNUG_STATE_DIR"), !named.isEmpty { return FilePath(named) }
        if let state = environment("XDG_STATE_HOME"), FilePath(state).isAbsolute {
            return FilePath(state).appending("snug")
        }
        return FilePath(environment("HOME") ?? "/").appending(".local/state/snug")
    }

    /// The ledger's file.
    var ledgerPath: FilePath { get throws { try folder.appending("ledger.sqlite") } }
    /// The folder of receipts.
    var receipts: FilePath { get throws { try folder.appending("receipts") } }
    /// The folder of files on their way.
    var spool: FilePath { get throws { try folder.appending("spool") } }

    /// Opens the ledger, takes over the state of an earlier version, and closes the ledger afterwards.
    /// - Throws: `LedgerError`; what `body` throws.
    func withLedger<Result>(_ body: (SQLiteLedger) async throws -> Result) async throws -> Result {
        let ledger = try await SQLiteLedger.open(ledgerPath)
        do {
            for problem in try await ledger.takeOver(from: folder).problems {
                OutputStream.standardError.writeLine(
                    "warning: \(PrintableName.of(problem.path)): \(PrintableName.escaped(problem.message))")
            }
            let result = try await body(ledger)
            await close(ledger)
            return result
        } catch {
            await close(ledger)
            throw error
        }
    }

    /// Opens the ledger only where there is one, for what changes nothing.
    func withLedgerIfThere<Result>(_ body: (SQLiteLedger?) async throws -> Result) async throws -> Result {
        guard FileSystem.isFile(try ledgerPath) else { return try await body(nil) }
        return try await withLedger { try await body($0) }
    }

    private func close(_ ledger: SQLiteLedger) async {
        // Where that fails, what the process held is free when it ends.
        try? await ledger.close()
    }
}
