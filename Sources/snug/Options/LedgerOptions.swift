// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import SnugLedger
import SnugPipeline
import SnugSystem
import SystemPackage

/// The folder of what outlives a command, and the ledger: a file in it, or a service that several hosts share.
struct LedgerOptions: ParsableArguments {
    @OptionGroup var place: StateOptions

    @Option(
        help: ArgumentHelp(
            "The ledger: postgres://USER@HOST/DATABASE for a service that several hosts share, or @FILE for a file with "
                + "such a line. The password comes from PGPASSFILE, PGPASSWORD or the file. (default: $SNUG_LEDGER, or "
                + "ledger.sqlite in the state folder)", valueName: "address"))
    var ledger: String?

    mutating func validate() throws {
        do throws(LedgerError) { _ = try named } catch { throw ValidationError(error.message) }
    }

    /// The state folder, where one is named.
    var state: PathArgument? { place.state }
    /// The state folder, absolute.
    var folder: FilePath { get throws { try place.folder } }
    /// The folder of receipts.
    var receipts: FilePath { get throws { try place.receipts } }
    /// The folder of files on their way.
    var spool: FilePath { get throws { try place.spool } }

    /// The ledger that the option or the environment names.
    private var named: LedgerLocation? {
        get throws(LedgerError) {
            if let ledger { return try Self.location(ledger, isPrivate: false) }
            guard let variable = Machine.environment("SNUG_LEDGER"), !variable.isEmpty else { return nil }
            return try Self.location(variable, isPrivate: true)
        }
    }

    /// A ledger by its address. Paths are from the working folder.
    static func location(_ text: String, isPrivate: Bool) throws(LedgerError) -> LedgerLocation {
        let location = try LedgerLocation(text, isPrivate: isPrivate)
        guard case .file(let path) = location, let absolute = try? WorkingFolder.absolute(path) else { return location }
        return .file(absolute)
    }

    /// The ledger's place.
    var location: LedgerLocation { get throws { try named ?? .file(try place.ledgerPath) } }

    /// Opens the ledger, takes over the state of an earlier version, and closes the ledger afterwards.
    /// - Throws: `LedgerError`; what `body` throws.
    func withLedger<Result>(_ body: (any SharedLedger) async throws -> Result) async throws -> Result {
        let ledger = try await location.open()
        do {
            if let file = ledger as? SQLiteLedger { try await takeOver(into: file) }
            let result = try await body(ledger)
            await close(ledger)
            return result
        } catch {
            await close(ledger)
            throw error
        }
    }

    /// Opens the ledger only where there is one, for what changes nothing.
    func withLedgerIfThere<Result>(_ body: ((any SharedLedger)?) async throws -> Result) async throws -> Result {
        guard try location.mayExist else { return try await body(nil) }
        return try await withLedger { try await body($0) }
    }

    private func takeOver(into ledger: SQLiteLedger) async throws {
        for problem in try await ledger.takeOver(from: folder).problems {
            OutputStream.standardError.writeLine(
                "warning: \(PrintableName.of(problem.path)): \(PrintableName.escaped(problem.message))")
        }
    }

    private func close(_ ledger: any SharedLedger) async {
        // Where that fails, what the process held is free when it ends.
        try? await ledger.close()
    }
}
